"""The best input of a cycle in floats: a seed that points to an amount and decides nothing.

A hop is a Moebius map of its input, so a chain of them is one, ``a x / (b + c x)``; profit peaks at
``(sqrt(a / b) - 1) b / c``. Where a hop would leave its range first, the walk goes on range by range from there.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.state.layout import (
    ABOVE,
    BELOW,
    BOUNDS,
    END0,
    FLAGS,
    FLOATS,
    KEPT,
    RECORD,
    STALE_ABOVE,
    STALE_BELOW,
    STOP_FLOATS,
)

Words = Any
Reals = Any
Index = Any
Real = Any

PIECE = 5
"""Scratch per hop: reserve in, reserve out, room (net of the fee), share kept, next stop."""
_MOST_PIECES = 256
_FAR = 1e300


@kernel
def size(
    hops: Index, legs: Words, records: Words, floats: Reals, bounds: Words, stop_floats: Reals, scratch: Reals
) -> Any:
    """``(input, profit)`` in the start token's smallest unit, 0 and 0 where nothing pays. ``legs`` are edges."""
    a, b, c = 1.0, 1.0, 0.0
    for i in range(hops):
        edge = legs[i]
        f, side = (edge >> 1) * FLOATS, edge & 1
        into, out, kept = floats[f + side], floats[f + 1 - side], floats[f + KEPT]
        c = into * c + kept * a
        a = kept * out * a
        b = into * b
    if not a > b:
        return 0.0, 0.0
    gain = np.sqrt(a / b) - 1.0
    amount = gain * b / c
    inside = True
    a, b, c = 1.0, 1.0, 0.0
    for i in range(hops):
        edge = legs[i]
        f, side = (edge >> 1) * FLOATS, edge & 1
        into, out, kept = floats[f + side], floats[f + 1 - side], floats[f + KEPT]
        before = b + c * amount
        c = into * c + kept * a
        a = kept * out * a
        b = into * b
        inside = inside and b + c * amount < floats[f + END0 + side] * before
    if inside:
        return amount, amount * gain
    return _walk(hops, legs, records, floats, bounds, stop_floats, scratch)


@kernel
def _walk(
    hops: Index, legs: Words, records: Words, floats: Reals, bounds: Words, stop_floats: Reals, scratch: Reals
) -> Any:
    for i in range(hops):
        edge = legs[i]
        pool, side = edge >> 1, edge & 1
        f, s = pool * FLOATS, i * PIECE
        scratch[s] = floats[f + side]
        scratch[s + 1] = floats[f + 1 - side]
        scratch[s + 2] = floats[f + END0 + side] - floats[f + side]
        scratch[s + 3] = floats[f + KEPT]
        scratch[s + 4] = np.float64(records[pool * RECORD + (ABOVE if side else BELOW)])
    spent, earned = 0.0, 0.0
    for _ in range(_MOST_PIECES):
        a, b, c = 1.0, 1.0, 0.0
        most, full = _FAR, np.int64(-1)
        for i in range(hops):
            s = i * PIECE
            into, out, kept = scratch[s], scratch[s + 1], scratch[s + 3]
            if scratch[s + 2] < _FAR:  # no end on v2
                room = scratch[s + 2] / kept
                slack = a - c * room
                if slack > 0.0 and room * b < most * slack:
                    most, full = room * b / slack, np.int64(i)
            c = into * c + kept * a
            a = kept * out * a
            b = into * b
            scale = 1.0 / b
            a, b, c = a * scale, 1.0, c * scale
        if not a > 1.0:
            break
        best = (np.sqrt(a) - 1.0) / c
        moved = min(best, most)
        spent += moved
        for i in range(hops):
            s = i * PIECE
            net = moved * scratch[s + 3]
            into, out = scratch[s], scratch[s + 1]
            moved = out * net / (into + net)
            scratch[s] = into + net
            scratch[s + 1] = out - moved
            scratch[s + 2] -= net
        earned += moved
        if best <= most or not _next_piece(legs[full], full * PIECE, records, bounds, stop_floats, scratch):
            break
    return spent, earned - spent


@kernel
def _next_piece(edge: Index, s: Index, records: Words, bounds: Words, stop_floats: Reals, scratch: Reals) -> bool:
    """The range beyond the stop that a hop has reached becomes its piece; false where none is known."""
    pool, side = edge >> 1, edge & 1
    if records[pool * RECORD + FLAGS] & np.uint64(STALE_ABOVE if side else STALE_BELOW) != np.uint64(0):
        return False
    at = np.int64(scratch[s + 4])
    end = bounds[pool * BOUNDS + 2 * side + 1]
    while at + 1 < end and stop_floats[at * STOP_FLOATS + 1] == 0.0:
        at += 1
    if at + 1 >= end:
        return False
    root, liquidity = stop_floats[at * STOP_FLOATS], stop_floats[at * STOP_FLOATS + 1]
    beyond = stop_floats[(at + 1) * STOP_FLOATS]
    if side:
        scratch[s], scratch[s + 1] = liquidity * root, liquidity / root
        scratch[s + 2] = liquidity * (beyond - root)
    else:
        scratch[s], scratch[s + 1] = liquidity / root, liquidity * root
        scratch[s + 2] = liquidity / beyond - liquidity / root
    scratch[s + 4] = np.float64(at + 1)
    return True
