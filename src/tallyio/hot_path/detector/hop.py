"""The exact output of one pool for an exact input, as its contract pays it, or a refusal."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.kernels.sqrt_price import amount0_delta, amount1_delta
from tallyio.hot_path.kernels.swap_math import quote_step, swap_step
from tallyio.hot_path.kernels.v2 import amount_out
from tallyio.hot_path.state.layout import (
    ABOVE,
    AMOUNTS,
    BELOW,
    BOUNDS,
    COST_ABOVE,
    COST_BELOW,
    END0,
    FEE_SHIFT,
    FIRST,
    FLAGS,
    FLOATS,
    HEADER,
    KEPT,
    LIQUIDITY,
    RECORD,
    STALE_ABOVE,
    STALE_BELOW,
    STOP,
    STOP_INPUT,
    STOP_LIQUIDITY,
    STOP_OUTPUT,
    STOP_PRICE,
    V2,
)
from tallyio.hot_path.uint256 import div_up, fits, load, load128, store128, to_float, u256

Words = Any
Reals = Any
Word = Any
Index = Any

_ZERO = np.uint64(0)
_BYTE = np.uint64(0xFF)
_FEE = np.uint64(0xFFFFFF)
_AMOUNT_BITS = np.uint64(127)
_PIPS = np.uint64(1_000_000)


@inlined
def exact_out(
    edge: Index, amount: Word, records: Words, bounds: Words, stops: Words, first: Words, floats: Reals
) -> tuple[Word, bool]:
    """What the pool ``edge >> 1`` pays for ``amount`` of token ``edge & 1``, in its other token's smallest unit.

    Not ok: the contract would revert, leave some of the input, pay nothing, or go where the tick table ends.
    """
    pool = edge >> 1
    base = pool * RECORD
    header = records[base + HEADER]
    fee = (header >> np.uint64(FEE_SHIFT)) & _FEE
    if np.int64(header & _BYTE) == V2:
        side = (edge & 1) * 2
        reserve_in = load128(records, base + AMOUNTS + side)
        reserve_out = load128(records, base + AMOUNTS + 2 - side)
        return amount_out(amount, reserve_in, reserve_out, fee)
    if not fits(amount, _AMOUNT_BITS):
        return u256(_ZERO), False
    return _through_ticks(edge, amount, fee, records, bounds, stops, first, floats)


@kernel
def _through_ticks(
    edge: Index, amount: Word, fee: Word, records: Words, bounds: Words, stops: Words, first: Words, floats: Reals
) -> tuple[Word, bool]:
    pool, side = edge >> 1, edge & 1
    base = pool * RECORD
    nothing = u256(_ZERO)
    end = bounds[pool * BOUNDS + 2 * side + 1]
    at = np.int64(records[base + (ABOVE if side else BELOW)])
    if at >= end:
        return nothing, False
    price = load(records, base + AMOUNTS)
    liquidity = load128(records, base + LIQUIDITY)
    target = load(stops, at * STOP + STOP_PRICE)
    flags = records[base + FLAGS]
    known = np.uint64(COST_ABOVE if side else COST_BELOW)
    kept = pool * FIRST + 4 * side
    if flags & known != _ZERO:
        cost, out = load128(first, kept), load128(first, kept + 2)
        if amount < cost:
            _, paid, inside = quote_step(price, target, liquidity, amount, fee)
            if inside:
                return paid, paid != nothing
    else:
        f = pool * FLOATS
        room = floats[f + END0 + side] - floats[f + side]
        if not to_float(amount) * floats[f + KEPT] > room:  # else the quote would be in vain; the floats only order
            _, paid, inside = quote_step(price, target, liquidity, amount, fee)
            if inside:
                return paid, paid != nothing
        cost, out, ok = whole_step(price, target, liquidity, fee)
        if not ok:
            return nothing, False
        store128(first, kept, cost)
        store128(first, kept + 2, out)
        records[base + FLAGS] = flags | known
        if amount < cost:
            _, paid, inside = quote_step(price, target, liquidity, amount, fee)
            if inside:
                return paid, paid != nothing
    if flags & np.uint64(STALE_ABOVE if side else STALE_BELOW) != _ZERO:
        return nothing, False
    if amount < cost:  # rounding ends the step on its target or beside it: only the whole step can tell
        reached, taken, out, charged, ok = swap_step(price, target, liquidity, amount, fee, True)
        cost = taken + charged
        if not ok or (reached != target and cost != amount):
            return nothing, False
    remaining = amount - cost
    while remaining != nothing:
        spent = load(stops, at * STOP + STOP_INPUT)
        further = furthest(stops, at, end, remaining + spent)
        out = out + load(stops, further * STOP + STOP_OUTPUT) - load(stops, at * STOP + STOP_OUTPUT)
        remaining = remaining + spent - load(stops, further * STOP + STOP_INPUT)
        at = further
        if remaining == nothing:
            break
        if at + 1 >= end:
            return nothing, False
        price = load(stops, at * STOP + STOP_PRICE)
        target = load(stops, (at + 1) * STOP + STOP_PRICE)
        liquidity = load128(stops, at * STOP + STOP_LIQUIDITY)
        _, paid, inside = quote_step(price, target, liquidity, remaining, fee)
        if inside:
            out = out + paid
            break
        reached, taken, paid, charged, ok = swap_step(price, target, liquidity, remaining, fee, True)
        out = out + paid
        remaining = remaining - taken - charged
        at += 1
        if not ok or (reached != target and remaining != nothing):
            return nothing, False
    return out, out != nothing


@kernel
def whole_step(price: Word, target: Word, liquidity: Word, fee: Word) -> tuple[Word, Word, bool]:
    """What the step all the way to ``target`` costs, fee included, and pays; not ok beyond 127 bits."""
    if price >= target:
        taken, taken_ok = amount0_delta(target, price, liquidity, True)
        out, out_ok = amount1_delta(target, price, liquidity, False)
    else:
        taken, taken_ok = amount1_delta(target, price, liquidity, True)
        out, out_ok = amount0_delta(target, price, liquidity, False)
    if not taken_ok or not out_ok or fee >= _PIPS or not fits(taken | out, _AMOUNT_BITS):
        return taken, out, False
    charged, _ = div_up(taken * u256(fee), u256(_PIPS - fee))
    cost = taken + charged
    return cost, out, fits(cost, _AMOUNT_BITS)


@kernel
def furthest(stops: Words, at: Index, end: Index, budget: Word) -> Index:
    """The last stop from ``at`` on whose whole steps before it cost at most ``budget``."""
    stride = np.int64(1)
    while at + stride < end and load(stops, (at + stride) * STOP + STOP_INPUT) <= budget:
        at += stride
        stride *= 2
    while stride > 1:
        stride //= 2
        if at + stride < end and load(stops, (at + stride) * STOP + STOP_INPUT) <= budget:
            at += stride
    return at
