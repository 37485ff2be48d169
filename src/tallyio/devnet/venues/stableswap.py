"""Curve's StableSwap-NG stand-in: dollars, and ether beside staked ether, which counts by its rate."""

from tallyio.chains.addresses import created_by
from tallyio.core.pools import CURVE_NG
from tallyio.devnet import abi
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.standins import ODD, standins
from tallyio.devnet.deploy.tokens import approve, own_contracts
from tallyio.devnet.venues.venue import DEPTH_USD, GAS, Builder, Order, Sale
from tallyio.devnet.world import Token, Venue, VenuePool

POOLS = (("USDC", "USDT", "DAI"), ("WETH", "STETH"), ("USDC", "DAI"))
RATED = "STETH"
BY_ORACLE, GET_RATE = 1, bytes.fromhex("679aefce")
"""The kind of a coin whose rate a contract tells, and the selector of ``getRate()``."""
DEPLOY = "deploy_plain_pool(string,string,address[],uint256,uint256,uint256,uint256,uint256,uint8[],bytes4[],address[])"
_ONE = 10**18
_NO_ADDRESS = "0x" + "00" * 20


def deploy_stableswap(builder: Builder) -> tuple[Venue, ...]:
    session, provider = builder.session, builder.provider
    factory, pools = session.create(standins("stableswap")["StableFactory"]), list[VenuePool]()
    for number, symbols in enumerate(POOLS):
        coins = [builder.tokens[symbol] for symbol in symbols]
        order = ([coin.address for coin in coins], 200, 4 * 10**6, 2 * 10**10, 866, 0)
        oracles = [_oracle(builder, coin, coins[0]) for coin in coins]
        kinds = [BY_ORACLE if oracle != _NO_ADDRESS else 0 for oracle in oracles]
        selectors = [GET_RATE if kind else bytes(4) for kind in kinds]
        data = abi.call(DEPLOY, "", "", *order, kinds, selectors, oracles)
        session.send(session.deployer, factory, data, f"create a pool of {symbols}", gas=GAS)
        pool = created_by(factory, 2 + number)  # the factory made its views contract first
        for coin in coins:
            approve(session, coin, provider, pool)
        amounts = [coin.amount(DEPTH_USD * USD) for coin in coins]
        data = abi.call("add_liquidity(uint256[],uint256)", amounts, 0)
        session.send(provider, pool, data, f"fill the pool of {symbols}")
        pools.append(VenuePool(pool, tuple(coin.address for coin in coins)))
    return (Venue(CURVE_NG, CURVE_NG, factory, tuple(pools), ODD),)


def sell(order: Order) -> Sale:
    call = "exchange(int128,int128,uint256,uint256)"
    return Sale(order.pool.address, abi.call(call, *order.places, order.amount, 0))


def _oracle(builder: Builder, coin: Token, base: Token) -> str:
    if coin.symbol != RATED:
        return _NO_ADDRESS
    rate = coin.price_e8 * _ONE // base.price_e8
    return builder.session.create(own_contracts()["RateProvider"], abi.pack("(uint256)", rate))
