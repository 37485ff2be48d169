"""Uniswap v4's published pool manager, its pools filled and traded through the package's own test routers."""

from tallyio.chains.keccak import keccak256
from tallyio.core.pools import V4
from tallyio.core.units import ZERO_ADDRESS, Address
from tallyio.devnet import abi
from tallyio.devnet.artifacts import from_package
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.tokens import approve
from tallyio.devnet.venues.concentrated import positions
from tallyio.devnet.venues.venue import DEPTH_USD, GAS, Builder, Order, Sale, sqrt_price_x96
from tallyio.devnet.world import Token, Venue, VenuePool
from tallyio.hot_path.amm.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO

KEY = "(address,address,uint24,int24,address)"
POOLS = (("ETH", "USDC", 500, 10), ("ETH", "WBTC", 3000, 60), ("USDC", "DAI", 100, 1), ("WETH", "DAI", 3000, 60))
"""``ETH`` is the native currency. The test routers refuse tokens that return nothing."""


def deploy_uniswap_v4(builder: Builder) -> tuple[Venue, ...]:
    session = builder.session
    manager = _create(builder, "PoolManager", session.deployer.address)
    router, provides = (_create(builder, name, manager) for name in ("PoolSwapTest", "PoolModifyLiquidityTest"))
    for token in builder.tokens.values():
        approve(session, token, builder.provider, provides)
    pools = tuple(_filled(builder, manager, provides, *plan) for plan in POOLS)
    return (Venue(V4, V4, manager, pools, router=router),)


def sell(order: Order) -> Sale:
    first = order.places[0] == 0
    limit = MIN_SQRT_RATIO + 1 if first else MAX_SQRT_RATIO - 1
    fee, spacing = order.pool.terms
    ends = [ZERO_ADDRESS if order.pool.native and token == order.weth else token for token in order.pool.tokens]
    call = f"swap({KEY},(bool,int256,uint160),(bool,bool),bytes)"
    key = (*ends, fee, spacing, ZERO_ADDRESS)
    data = abi.call(call, key, (first, -order.amount, limit), (False, False), b"")
    value = order.amount if order.pool.native and order.token_in == order.weth else 0
    return Sale(order.venue.router, data, value_wei=value)


def _create(builder: Builder, name: str, argument: Address) -> Address:
    code = from_package("uniswap-v4-core", f"out/{name}.sol/{name}.json")
    return builder.session.create(code, abi.pack("(address)", argument))


def _filled(builder: Builder, manager: Address, provides: Address, a: str, b: str, fee: int, spacing: int) -> VenuePool:
    session, native = builder.session, a == "ETH"
    ends = [builder.tokens["WETH" if symbol == "ETH" else symbol] for symbol in (a, b)]
    t0, t1 = ends if native else builder.sorted((a, b))
    key = (ZERO_ADDRESS if native else t0.address, t1.address, fee, spacing, ZERO_ADDRESS)
    price = sqrt_price_x96(t0, t1)
    session.send(session.deployer, manager, abi.call(f"initialize({KEY},uint160)", key, price), f"create {a}/{b}")
    for low, high, amount in positions(t0, t1, price, spacing):
        call = f"modifyLiquidity({KEY},(int24,int24,int256,bytes32),bytes)"
        data = abi.call(call, key, (low, high, amount, bytes(32)), b"")
        value = _most(t0) if native else 0
        session.send(builder.provider, provides, data, f"fill {a}/{b}", gas=GAS, value_wei=value)
    pool_id = Address("0x" + keccak256(abi.pack(f"({KEY})", key)).hex())
    return VenuePool(pool_id, (t0.address, t1.address), (fee, spacing), native)


def _most(token: Token) -> int:
    return 2 * token.amount(DEPTH_USD * USD)
