"""Curve's crypto pools: stand-ins of Twocrypto-NG and Tricrypto-NG."""

from collections.abc import Sequence

from tallyio.chains.addresses import created_by
from tallyio.core.pools import TRICRYPTO, TWOCRYPTO
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.standins import ODD, standins
from tallyio.devnet.deploy.tokens import approve
from tallyio.devnet.venues.venue import DEPTH_USD, Builder, Order, Sale
from tallyio.devnet.world import Token, Venue, VenuePool

TWO_COINS = (("USDC", "WETH"), ("WETH", "LINK"), ("USDT", "WBTC"))
THREE_COINS = (("USDC", "WBTC", "WETH"), ("USDT", "WBTC", "WETH"))
TERMS = {
    2: (400_000, 145 * 10**12, 26 * 10**6, 45 * 10**6, 23 * 10**13, 2 * 10**12, 146 * 10**12, 866),
    3: (1_707_629, 11_809_167_828_997, 3 * 10**6, 30 * 10**6, 5 * 10**14, 2 * 10**12, 49 * 10**13, 865),
}
"""By the number of coins: A, gamma, middle, outer fee, its gamma, allowed profit, adjustment step, window."""
_PARAMETERS = "(" + ",".join(["uint256"] * 8) + ")"
DEPLOY = {
    2: f"deploy_pool(string,string,address[2],uint256,{_PARAMETERS},uint256)",
    3: f"deploy_pool(string,string,address[3],address,uint256,{_PARAMETERS},uint256[2])",
}
"""Name, symbol, coins, (ether's wrapper,) implementation, terms, the first prices in coin 0 (1e18)."""
_NO_ADDRESS, _ONE, _GAS = "0x" + "00" * 20, 10**18, 10_000_000
_MAKER_NONCE = 3
"""The factory makes its views, its arithmetic, and then what makes its pools."""


def deploy_crypto(builder: Builder) -> tuple[Venue, ...]:
    """Pools of two and of three coins."""
    contracts, venues = standins("crypto"), list[Venue]()
    for name, family, chosen in (
        ("TwocryptoFactory", TWOCRYPTO, TWO_COINS),
        ("TricryptoFactory", TRICRYPTO, THREE_COINS),
    ):
        factory = builder.session.create(contracts[name])
        maker = created_by(factory, _MAKER_NONCE)
        pools = [
            _deploy(builder, [builder.tokens[symbol] for symbol in symbols], factory, created_by(maker, 1 + number))
            for number, symbols in enumerate(chosen)
        ]
        venues.append(Venue(family, family, factory, tuple(pools), ODD))
    return tuple(venues)


def sell(order: Order) -> Sale:
    call = "exchange(uint256,uint256,uint256,uint256)"
    return Sale(order.pool.address, abi.call(call, *order.places, order.amount, 0))


def _deploy(builder: Builder, coins: Sequence[Token], factory: Address, pool: Address) -> VenuePool:
    session, provider = builder.session, builder.provider
    n, addresses = len(coins), [coin.address for coin in coins]
    prices = [coin.price_e8 * _ONE // coins[0].price_e8 for coin in coins[1:]]
    if n == 2:
        data = abi.call(DEPLOY[2], "", "", addresses, 0, TERMS[2], prices[0])
    else:
        data = abi.call(DEPLOY[3], "", "", addresses, _NO_ADDRESS, 0, TERMS[3], prices)
    names = "/".join(coin.symbol for coin in coins)
    session.send(session.deployer, factory, data, f"create a crypto pool of {names}", gas=_GAS)
    for coin in coins:
        approve(session, coin, provider, pool)
    amounts = [coin.amount(DEPTH_USD * USD) for coin in coins]
    data = abi.call(f"add_liquidity(uint256[{n}],uint256)", amounts, 0)
    session.send(provider, pool, data, f"fill the crypto pool of {names}")
    return VenuePool(pool, tuple(addresses))
