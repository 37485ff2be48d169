"""An event enters a pool's record: exact amounts under the sequence lock, floats and marginal rates beside it."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.memory.atomics import store_relaxed
from tallyio.hot_path.memory.seqlock import write_begin, write_end
from tallyio.hot_path.state.layout import (
    AMOUNTS,
    EVENT_STAMP,
    FEE_SHIFT,
    FLAGS,
    FLOATS,
    HEADER,
    KEPT,
    LIQUIDITY,
    LOCATED,
    RECORD,
    RESERVE0,
    RESERVE1,
    SEQUENCE,
    STAMP,
    TICK,
    V2,
    V3,
)

Words = Any
Reals = Any
Word = Any

ABSORBED, UNKNOWN_POOL, UNKNOWN_FAMILY, IMPOSSIBLE = 0, 1, 2, 3
"""What became of an event. An impossible one has a reserve beyond uint112, a price beyond uint160 or no price."""

_ZERO = np.uint64(0)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_BYTE = np.uint64(0xFF)
_FEE = np.uint64(0xFFFFFF)
_TOP112 = np.uint64(48)
_LIMB = 2.0**64
_SIGN = np.int64(1 << 31)
_WRAP = np.int64(1 << 32)


@kernel
def pool_of(events: Words, at: Word) -> Word:
    """The pool's index that the event names, unchecked."""
    return np.int64(events[at] & _LOW)


@kernel
def real128(p: Words, i: Word) -> Any:
    return np.float64(p[i]) + np.float64(p[i + 1]) * _LIMB


@kernel
def kept_of(header: Word) -> Any:
    return 1.0 - np.float64((header >> np.uint64(FEE_SHIFT)) & _FEE) * 1e-6


@kernel
def absorb(records: Words, floats: Reals, rates: Reals, pools: Word, events: Words, at: Word) -> Word:
    """Writes the event at word ``at``; one of the codes above. What is refused changes nothing.

    ``rates[2 * pool]`` is what an infinitesimal unit of token0 buys after the fee, ``[2 * pool + 1]`` the same of
    token1; both 0 where the pool has no liquidity at its price.
    """
    pool = pool_of(events, at)
    if pool >= pools:
        return UNKNOWN_POOL
    base = pool * RECORD
    header = records[base + HEADER]
    family = np.int64(header & _BYTE)
    e1, e2, e3, e4 = events[at + 1], events[at + 2], events[at + 3], events[at + 4]
    kept = kept_of(header)
    if family == V2:
        if (e2 | e4) >> _TOP112 != _ZERO:
            return IMPOSSIBLE
        reserve0, reserve1 = real128(events, at + 1), real128(events, at + 3)
        price, inverse = 0.0, 0.0
        if reserve0 > 0.0 and reserve1 > 0.0:
            price, inverse = reserve1 / reserve0, reserve0 / reserve1
        write_begin(records, base + SEQUENCE)
        store_relaxed(records, base + AMOUNTS, e1)
        store_relaxed(records, base + AMOUNTS + 1, e2)
        store_relaxed(records, base + AMOUNTS + 2, e3)
        store_relaxed(records, base + AMOUNTS + 3, e4)
    elif family == V3:
        if e3 >> _HALF != _ZERO or (e1 | e2 | e3) == _ZERO:
            return IMPOSSIBLE
        root = np.float64(e1) * 2.0**-96 + np.float64(e2) * 2.0**-32 + np.float64(e3) * 2.0**32
        liquidity = real128(events, at + 4)
        tick = np.int64(events[at] >> _HALF)
        if tick >= _SIGN:
            tick -= _WRAP
        reverse = 1.0 / root
        reserve0, reserve1 = liquidity * reverse, liquidity * root
        price, inverse = 0.0, 0.0
        if liquidity > 0.0:
            price, inverse = root * root, reverse * reverse
        write_begin(records, base + SEQUENCE)
        store_relaxed(records, base + AMOUNTS, e1)
        store_relaxed(records, base + AMOUNTS + 1, e2)
        store_relaxed(records, base + AMOUNTS + 2, e3)
        store_relaxed(records, base + AMOUNTS + 3, _ZERO)
        store_relaxed(records, base + LIQUIDITY, e4)
        store_relaxed(records, base + LIQUIDITY + 1, events[at + 5])
        store_relaxed(records, base + TICK, np.uint64(tick))
    else:
        return UNKNOWN_FAMILY
    store_relaxed(records, base + STAMP, events[at + EVENT_STAMP])
    write_end(records, base + SEQUENCE)
    records[base + FLAGS] = np.uint64(LOCATED) if family == V2 else _ZERO
    floats[pool * FLOATS + RESERVE0] = reserve0
    floats[pool * FLOATS + RESERVE1] = reserve1
    floats[pool * FLOATS + KEPT] = kept
    rates[2 * pool] = price * kept
    rates[2 * pool + 1] = inverse * kept
    return ABSORBED
