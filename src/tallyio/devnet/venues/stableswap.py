"""Curve's StableSwap-NG stand-in: dollars, ether beside staked ether, which counts by its rate, and a meta pool."""

from tallyio.chains.addresses import created_by
from tallyio.core.pools import CURVE_NG, CURVE_NG_META
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.standins import ODD, standins
from tallyio.devnet.deploy.tokens import approve, own_contracts
from tallyio.devnet.venues.venue import DEPTH_USD, GAS, Builder, Order, Sale
from tallyio.devnet.world import Token, Venue, VenuePool

POOLS = (("USDC", "USDT", "DAI"), ("WETH", "STETH"), ("USDC", "DAI"))
META_COIN = "FRAX"
"""Against the shares of the first of ``POOLS``."""
RATED = "STETH"
BY_ORACLE, GET_RATE = 1, bytes.fromhex("679aefce")
"""The kind of a coin whose rate a contract tells, and the selector of ``getRate()``."""
DEPLOY = "deploy_plain_pool(string,string,address[],uint256,uint256,uint256,uint256,uint256,uint8[],bytes4[],address[])"
DEPLOY_META = (
    "deploy_metapool(address,string,string,address,uint256,uint256,uint256,uint256,uint256,uint8,bytes4,address)"
)
TERMS = (200, 4 * 10**6, 2 * 10**10, 866, 0)
"""The amplification, the fee, how much higher it is off the peg, the window of the averages; the implementation."""
_ONE = 10**18
_NO_ADDRESS = "0x" + "00" * 20


def deploy_stableswap(builder: Builder) -> tuple[Venue, ...]:
    session, provider = builder.session, builder.provider
    factory, pools = session.create(standins("stableswap")["StableFactory"]), list[VenuePool]()
    for number, symbols in enumerate(POOLS):
        coins = [builder.tokens[symbol] for symbol in symbols]
        order = ([coin.address for coin in coins], *TERMS)
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
    meta = Venue(CURVE_NG_META, CURVE_NG_META, factory, (_meta_pool(builder, factory, pools[0]),), ODD)
    return Venue(CURVE_NG, CURVE_NG, factory, tuple(pools), ODD), meta


def sell(order: Order) -> Sale:
    return _sale(order, "exchange")


def sell_underlying(order: Order) -> Sale:
    """At a meta pool, whose own coin comes first and then those of the pool below."""
    return _sale(order, "exchange_underlying")


def _sale(order: Order, method: str) -> Sale:
    data = abi.call(f"{method}(int128,int128,uint256,uint256)", *order.places, order.amount, 0)
    return Sale(order.pool.address, data)


def _meta_pool(builder: Builder, factory: Address, base: VenuePool) -> VenuePool:
    session, coin = builder.session, builder.tokens[META_COIN]
    maker = session.create(standins("stableswap")["StableMetaMaker"])
    data = abi.call("set_metapool_implementation(address)", maker)
    session.send(session.deployer, factory, data, "let the factory make meta pools")
    told = (base.address, "", "", coin.address, *TERMS, 0, bytes(4), _NO_ADDRESS)
    session.send(session.deployer, factory, abi.call(DEPLOY_META, *told), f"create a meta pool of {META_COIN}", gas=GAS)
    pool = created_by(maker, 1)
    fill_meta(builder, pool, coin, base.address, "add_liquidity(uint256[],uint256)")
    return VenuePool(pool, (coin.address, *base.tokens))


def fill_meta(builder: Builder, pool: Address, coin: Token, shares: Address, method: str) -> None:
    """With as much of its own ``coin`` as of the ``shares`` of the pool below it."""
    session, provider = builder.session, builder.provider
    for token in (coin.address, shares):
        data = abi.call("approve(address,uint256)", pool, 2**256 - 1)
        session.send(provider, token, data, f"approve what the meta pool of {coin.symbol} holds")
    data = abi.call(method, [coin.amount(DEPTH_USD * USD), DEPTH_USD * _ONE], 0)
    session.send(provider, pool, data, f"fill the meta pool of {coin.symbol}")


def _oracle(builder: Builder, coin: Token, base: Token) -> str:
    if coin.symbol != RATED:
        return _NO_ADDRESS
    rate = coin.price_e8 * _ONE // base.price_e8
    return builder.session.create(own_contracts()["RateProvider"], abi.pack("(uint256)", rate))
