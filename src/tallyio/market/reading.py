"""Pool states read from the contracts at one block: to start a mirror, and to judge it.

Every word of a v3 pool's tick bitmap is read, so no tick can be missing on either side.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from tallyio.core.errors import OutOfReachError
from tallyio.core.pools import V2, Pool, PoolState, V2State, V3State
from tallyio.core.units import Address
from tallyio.hot_path.amm.tick_math import MAX_TICK, MIN_TICK

Calls = Sequence[tuple[Address, bytes]]
Read = Callable[[Calls, int], Awaitable[list[tuple[bool, bytes]]]]
"""Runs calls at a block number: (success, returned bytes) of each, in order."""

_GET_RESERVES = bytes.fromhex("0902f1ac")
_SLOT0 = bytes.fromhex("3850c7bd")
_LIQUIDITY = bytes.fromhex("1a686502")
_TICK_BITMAP = bytes.fromhex("5339c296")
_TICKS = bytes.fromhex("f30dba93")
BATCH = 500
"""Calls in one ``read``: far below any node's gas limit for calls."""


async def read_states(read: Read, pools: Iterable[Pool], block: int) -> dict[Address, PoolState]:
    """The states of ``pools`` at ``block``; pools that are not initialised are absent.

    Raises ``OutOfReachError`` when a contract does not answer as its family does.
    """
    pools = list(pools)
    v2 = [pool for pool in pools if pool.family == V2]
    v3 = [pool for pool in pools if pool.family != V2]
    states: dict[Address, PoolState] = {}
    for pool, answer in zip(v2, await _all(read, [(p.address, _GET_RESERVES) for p in v2], block), strict=True):
        reserve0, reserve1, _ = _words(answer, 3, pool.address)
        states[pool.address] = V2State(reserve0, reserve1)
    slots = await _all(read, [(p.address, _SLOT0) for p in v3], block)
    liquidity = await _all(read, [(p.address, _LIQUIDITY) for p in v3], block)
    ticks = await _read_ticks(read, v3, block)
    for pool, slot, within in zip(v3, slots, liquidity, strict=True):
        price, tick, *_ = _words(slot, 7, pool.address)
        if not price:
            continue
        found = sorted(ticks[pool.address])
        states[pool.address] = V3State(
            sqrt_price_x96=price,
            tick=_signed(tick),
            liquidity=_words(within, 1, pool.address)[0],
            tick_index=tuple(t for t, _, _ in found),
            liquidity_net=tuple(n for _, n, _ in found),
            liquidity_gross=tuple(g for _, _, g in found),
        )
    return states


async def _read_ticks(read: Read, pools: list[Pool], block: int) -> dict[Address, list[tuple[int, int, int]]]:
    """(tick, net, gross) of every initialised tick, by pool."""
    places = [
        (pool, word)
        for pool in pools
        for word in range((MIN_TICK // pool.tick_spacing) >> 8, ((MAX_TICK // pool.tick_spacing) >> 8) + 1)
    ]
    bitmaps = await _all(read, [(p.address, _TICK_BITMAP + _word(word)) for p, word in places], block)
    initialised = [
        (pool, ((word << 8) + bit) * pool.tick_spacing)
        for (pool, word), answer in zip(places, bitmaps, strict=True)
        for bitmap in _words(answer, 1, pool.address)
        for bit in range(bitmap.bit_length())
        if bitmap >> bit & 1
    ]
    answers = await _all(read, [(p.address, _TICKS + _word(tick)) for p, tick in initialised], block)
    found: dict[Address, list[tuple[int, int, int]]] = {pool.address: [] for pool in pools}
    for (pool, tick), answer in zip(initialised, answers, strict=True):
        gross, net, *_ = _words(answer, 8, pool.address)
        found[pool.address].append((tick, _signed(net), gross))
    return found


async def _all(read: Read, calls: list[tuple[Address, bytes]], block: int) -> list[bytes]:
    answers: list[bytes] = []
    for part in [calls[i : i + BATCH] for i in range(0, len(calls), BATCH)]:
        results = await read(part, block)
        for (target, data), (success, answer) in zip(part, results, strict=True):
            if not success:
                raise OutOfReachError(f"the call 0x{data[:4].hex()} of {target} at block {block} failed")
            answers.append(answer)
    return answers


def _words(answer: bytes, count: int, target: Address) -> list[int]:
    if len(answer) < 32 * count:
        raise OutOfReachError(f"expected {32 * count} bytes from {target}, found {len(answer)}")
    return [int.from_bytes(answer[i : i + 32]) for i in range(0, 32 * count, 32)]


def _word(number: int) -> bytes:
    return number.to_bytes(32, signed=True)


def _signed(word: int) -> int:
    return word - (1 << 256) if word >> 255 else word
