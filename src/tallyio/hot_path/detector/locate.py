"""Where a concentrated-liquidity pool stands among its stops; done once an update, walking from where it stood."""

from typing import Any

import numpy as np

from tallyio.hot_path.amm.tick_math import MIN_TICK
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.state.layout import (
    ABOVE,
    AMOUNTS,
    BELOW,
    BOUNDS,
    END0,
    END1,
    FLAGS,
    FLOATS,
    LIQUIDITY,
    LOCATED,
    RECORD,
    RESERVE0,
    RESERVE1,
    STALE_ABOVE,
    STALE_BELOW,
    STOP,
    STOP_FLOATS,
    STOP_LIQUIDITY,
    STOP_PRICE,
    TICK,
)
from tallyio.hot_path.uint256 import load

Words = Any
Reals = Any
Index = Any

_LOWEST = np.int64(MIN_TICK)
_LOCATED = np.uint64(LOCATED)
_STALE_BELOW = np.uint64(STALE_BELOW)
_STALE_ABOVE = np.uint64(STALE_ABOVE)


@kernel
def locate(
    pool: Index, records: Words, floats: Reals, bounds: Words, stops: Words, stop_floats: Reals, stop_ticks: Words
) -> None:
    """Finds the next stops below and above the pool's tick, and the float reserves there."""
    base = pool * RECORD
    flags = records[base + FLAGS]
    if flags & _LOCATED != np.uint64(0):
        return
    tick = np.int64(records[base + TICK])
    begin, end = bounds[pool * BOUNDS], bounds[pool * BOUNDS + 1]
    at = min(max(np.int64(records[base + BELOW]), begin), end)
    while at > begin and stop_ticks[at - 1] <= tick:
        at -= 1
    while at < end and stop_ticks[at] > tick:
        at += 1
    if tick <= _LOWEST and at < end and load(records, base + AMOUNTS) < load(stops, at * STOP + STOP_PRICE):
        at = end  # the least price there is lies below the last that a swap may reach
    records[base + BELOW] = np.uint64(at)
    liquidity = floats[pool * FLOATS + RESERVE0]
    floats[pool * FLOATS + END0] = liquidity
    if at < end:
        root = stop_floats[at * STOP_FLOATS]
        floats[pool * FLOATS + END0] = np.sqrt(liquidity * floats[pool * FLOATS + RESERVE1]) / root
    if not _agrees(records, base, stops, begin, at):
        flags |= _STALE_BELOW
    begin, end = bounds[pool * BOUNDS + 2], bounds[pool * BOUNDS + 3]
    at = min(max(np.int64(records[base + ABOVE]), begin), end)
    while at > begin and stop_ticks[at - 1] > tick:
        at -= 1
    while at < end and stop_ticks[at] <= tick:
        at += 1
    records[base + ABOVE] = np.uint64(at)
    floats[pool * FLOATS + END1] = floats[pool * FLOATS + RESERVE1]
    if at < end:
        root = stop_floats[at * STOP_FLOATS]
        floats[pool * FLOATS + END1] = np.sqrt(liquidity * floats[pool * FLOATS + RESERVE1]) * root
    if not _agrees(records, base, stops, begin, at):
        flags |= _STALE_ABOVE
    records[base + FLAGS] = flags | _LOCATED


@kernel
def _agrees(records: Words, base: Index, stops: Words, begin: Index, at: Index) -> bool:
    """Whether the pool's liquidity is that of the tick table ahead of ``at``: else a position changed unseen."""
    if at == begin:
        return bool((records[base + LIQUIDITY] | records[base + LIQUIDITY + 1]) == np.uint64(0))
    stop = at - 1
    low = records[base + LIQUIDITY] == stops[stop * STOP + STOP_LIQUIDITY]
    return bool(low and records[base + LIQUIDITY + 1] == stops[stop * STOP + STOP_LIQUIDITY + 1])
