"""PancakeSwap v3 and Algebra from their published builds, and Slipstream: Uniswap v3's pools, a stand-in's factory."""

from collections.abc import Iterator

from tallyio.chains.addresses import created2_by
from tallyio.chains.keccak import keccak256
from tallyio.core.pools import ALGEBRA, PANCAKE_V3, SLIPSTREAM
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.artifacts import Artifact, from_package
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.pools import align, tick_near
from tallyio.devnet.deploy.session import Session
from tallyio.devnet.deploy.standins import standins
from tallyio.devnet.venues.venue import DEPTH_USD, GAS, Builder, Order, Sale, sqrt_price_x96
from tallyio.devnet.world import Token, Venue, VenuePool
from tallyio.hot_path.amm.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO

PANCAKE = (("WETH", "USDC", 500, 10), ("WETH", "WBTC", 2500, 50), ("USDC", "DAI", 100, 1), ("WETH", "LINK", 2500, 50))
ALGEBRAIC = (("WETH", "USDC", 60), ("WBTC", "USDC", 60))
SLIP = (("WETH", "USDC", 500, 10), ("WETH", "LINK", 3000, 60))
CREATE = "createPool(address,address,uint24)"
RANGES = ((600, 4), (6000, 2), (60_000, 1))
"""Ticks to both sides of the price, and how many times as deep as a pool of the whole range."""


def pancake_v3_deployer(pool: Artifact) -> tuple[Artifact, bytes]:
    """The stand-in that the factory has its pools made by, and its constructor's arguments."""
    return standins("pancake")["PoolDeployer"], abi.pack("(bytes)", pool.code())


def pancake_v3_artifact(name: str) -> Artifact:
    return from_package("pancakeswap-v3-core", f"artifacts/contracts/{name}.sol/{name}.json")


def algebra_artifact(name: str) -> Artifact:
    return from_package("algebra-v1-core", f"artifacts/contracts/{name}.sol/{name}.json")


def deploy_pancake_v3(builder: Builder) -> tuple[Venue, ...]:
    session, code = builder.session, pancake_v3_artifact("PancakeV3Pool")
    deployer = session.create(*pancake_v3_deployer(code))
    factory = session.create(pancake_v3_artifact("PancakeV3Factory"), abi.pack("(address)", deployer))
    pools = []
    for a, b, fee, spacing in PANCAKE:
        t0, t1 = builder.sorted((a, b))
        session.send(
            session.deployer, factory, abi.call(CREATE, t0.address, t1.address, fee), f"create {a}/{b}", gas=GAS
        )
        pool = _address(deployer, code, t0, t1, fee)
        pools.append(_filled(builder, pool, t0, t1, spacing))
    return (Venue(PANCAKE_V3, PANCAKE_V3, factory, tuple(pools)),)


def deploy_slipstream(builder: Builder) -> tuple[Venue, ...]:
    session = builder.session
    code, core = (
        from_package("uniswap-v3-core", f"artifacts/contracts/{name}.sol/{name}.json")
        for name in ("UniswapV3Pool", "UniswapV3Factory")
    )
    makes, announces = session.create(core), session.create(standins("slipstream")["CLFactory"])
    pools = []
    for a, b, fee, spacing in SLIP:
        t0, t1 = builder.sorted((a, b))
        session.send(session.deployer, makes, abi.call(CREATE, t0.address, t1.address, fee), f"create {a}/{b}", gas=GAS)
        pool = _address(makes, code, t0, t1, fee)
        told = abi.call("announce(address,address,int24,address)", t0.address, t1.address, spacing, pool)
        session.send(session.deployer, announces, told, f"announce {a}/{b}")
        pools.append(_filled(builder, pool, t0, t1, spacing))
    return (Venue(SLIPSTREAM, SLIPSTREAM, announces, tuple(pools), "Uniswap v3's pools behind a stand-in's factory"),)


def deploy_algebra(builder: Builder) -> tuple[Venue, ...]:
    session = builder.session
    deployer = session.create(algebra_artifact("AlgebraPoolDeployer"))
    owner = abi.pack("(address,address)", deployer, session.deployer.address)
    factory = session.create(algebra_artifact("AlgebraFactory"), owner)
    session.send(session.deployer, deployer, abi.call("setFactory(address)", factory), "tell the deployer its factory")
    code, pools = algebra_artifact("AlgebraPool"), []
    for a, b, spacing in ALGEBRAIC:
        t0, t1 = builder.sorted((a, b))
        made = abi.call("createPool(address,address)", t0.address, t1.address)
        session.send(session.deployer, factory, made, f"create {a}/{b}", gas=GAS)
        salt = keccak256(abi.pack("(address,address)", t0.address, t1.address))
        pool = created2_by(deployer, salt, code.init_code_hash)
        pools.append(_filled(builder, pool, t0, t1, spacing, "provideAs"))
    return (Venue(ALGEBRA, ALGEBRA, factory, tuple(pools)),)


def sell(order: Order) -> Sale:
    first = order.places[0] == 0
    limit = MIN_SQRT_RATIO + 1 if first else MAX_SQRT_RATIO - 1
    call = "swap(address,bool,int256,uint160,bytes)"
    return Sale(order.pool.address, abi.call(call, order.swapper, first, order.amount, limit, b""))


def ranges(price: int, spacing: int) -> Iterator[tuple[int, int, int]]:
    """Of the first positions: ticks, and times the depth."""
    tick = tick_near(price)
    for width, times in RANGES:
        low = align(tick - width, spacing)
        yield low, max(align(tick + width, spacing), low + spacing), times


def _address(maker: Address, code: Artifact, t0: Token, t1: Token, fee: int) -> Address:
    salt = keccak256(abi.pack("(address,address,uint24)", t0.address, t1.address, fee))
    return created2_by(maker, salt, code.init_code_hash)


def _filled(builder: Builder, pool: Address, t0: Token, t1: Token, spacing: int, order: str = "provide") -> VenuePool:
    session, provider, price = builder.session, builder.provider, sqrt_price_x96(t0, t1)
    session.send(session.deployer, pool, abi.call("initialize(uint160)", price), "initialize a pool")
    for low, high, amount in positions(t0, t1, price, spacing):
        _lend(session, builder, (t0, t1))
        data = abi.call(f"{order}(address,int24,int24,uint128)", pool, low, high, amount)
        session.send(provider, builder.swapper, data, "fill a pool", gas=GAS)
    return VenuePool(pool, (t0.address, t1.address))


def positions(t0: Token, t1: Token, price: int, spacing: int) -> Iterator[tuple[int, int, int]]:
    """Ticks and liquidity of the first positions."""
    liquidity = t0.amount(DEPTH_USD * USD) * price >> 96
    for low, high, times in ranges(price, spacing):
        yield low, high, liquidity * times


def _lend(session: Session, builder: Builder, tokens: tuple[Token, Token]) -> None:
    """More than a position takes; the swapper gives the rest back."""
    for token in tokens:
        data = abi.call("transfer(address,uint256)", builder.swapper, 2 * token.amount(DEPTH_USD * USD))
        session.send(builder.provider, token.address, data, f"lend {token.symbol} to the swapper")
