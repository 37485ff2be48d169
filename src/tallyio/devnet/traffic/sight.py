"""What the actors see before they act: pools and feeds as of the latest block, in one call."""

from collections.abc import Mapping

import msgspec

from tallyio.chains.multicall import aggregate
from tallyio.chains.rpc import Rpc
from tallyio.core.pools import V2, Pool
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.world import World

Call = tuple[Address, bytes]


class PoolSight(msgspec.Struct, frozen=True):
    """Reserves as a constant-product pool would have them around the current price; ``tick`` is 0 on v2."""

    pool: Pool
    reserve0: int
    reserve1: int
    tick: int


class Sight(msgspec.Struct, frozen=True):
    """``answers_e8`` are the feeds' latest; only pools that can be traded in are listed."""

    pools: tuple[PoolSight, ...]
    answers_e8: Mapping[str, int]


async def ask(rpc: Rpc, world: World, calls: list[Call]) -> list[bytes | None]:
    """The answers of many contracts at the latest block; ``None`` for each that reverts."""
    if not calls:
        return []
    answers = await aggregate(rpc, world.multicall3, calls, "latest")
    return [data if ok else None for ok, data in answers]


async def look(rpc: Rpc, world: World) -> Sight:
    calls: list[Call] = []
    for pool in world.pools:
        if pool.family == V2:
            calls.append((pool.address, abi.call("getReserves()")))
        else:
            calls += [(pool.address, abi.call("slot0()")), (pool.address, abi.call("liquidity()"))]
    calls += [(feed.aggregator, abi.call("latestAnswer()")) for feed in world.feeds.values()]
    answers = iter(await ask(rpc, world, calls))
    seen = []
    for pool in world.pools:
        if pool.family == V2:
            reserve0, reserve1, _ = _words(next(answers), 3)
            tick = 0
        else:
            sqrt_price, tick, *_ = _words(next(answers), 7)
            (liquidity,) = _words(next(answers), 1)
            reserve0 = (liquidity << 96) // sqrt_price if sqrt_price else 0
            reserve1 = liquidity * sqrt_price >> 96
        if reserve0 and reserve1:
            seen.append(PoolSight(pool, reserve0, reserve1, tick))
    return Sight(tuple(seen), {symbol: _words(next(answers), 1)[0] for symbol in world.feeds})


def _words(data: bytes | None, count: int) -> list[int]:
    if data is None:
        return [0] * count
    return [int.from_bytes(data[32 * i : 32 * i + 32], signed=True) for i in range(count)]
