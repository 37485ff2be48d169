"""The exact input that one pool asks for an exact output, as its contract's swap takes it, or a refusal."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.swap_math import swap_step
from tallyio.hot_path.kernels.v2 import amount_in
from tallyio.hot_path.state.layout import (
    ABOVE,
    AMOUNTS,
    BELOW,
    BOUNDS,
    FEE_SHIFT,
    FLAGS,
    HEADER,
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
from tallyio.hot_path.uint256 import fits, load, load128, u256

Words = Any
Word = Any
Index = Any

_ZERO = np.uint64(0)
_BYTE = np.uint64(0xFF)
_FEE = np.uint64(0xFFFFFF)
_AMOUNT_BITS = np.uint64(127)


@kernel
def exact_in(edge: Index, amount: Word, records: Words, bounds: Words, stops: Words) -> tuple[Word, bool]:
    """What the pool ``edge >> 1``, once located, asks of token ``edge & 1`` for ``amount`` of its other token.

    On v2 what the router asks, at times a unit more than the pair needs. Not ok: the contract would revert, pay less
    than ``amount``, or go where the tick table ends; and from 2**127 on.
    """
    pool, side = edge >> 1, edge & 1
    base = pool * RECORD
    header = records[base + HEADER]
    fee = (header >> np.uint64(FEE_SHIFT)) & _FEE
    nothing = u256(_ZERO)
    if np.int64(header & _BYTE) == V2:
        reserve_in = load128(records, base + AMOUNTS + 2 * side)
        reserve_out = load128(records, base + AMOUNTS + 2 - 2 * side)
        return amount_in(amount, reserve_in, reserve_out, fee)
    end = bounds[pool * BOUNDS + 2 * side + 1]
    at = np.int64(records[base + (ABOVE if side else BELOW)])
    if at >= end or amount == nothing or not fits(amount, _AMOUNT_BITS):
        return nothing, False
    price = load(records, base + AMOUNTS)
    target = load(stops, at * STOP + STOP_PRICE)
    liquidity = load128(records, base + LIQUIDITY)
    reached, taken, paid, charged, ok = swap_step(price, target, liquidity, amount, fee, False)
    asked, remaining = taken + charged, amount - paid
    if not ok or remaining == nothing:
        return asked, ok
    if reached != target or records[base + FLAGS] & np.uint64(STALE_ABOVE if side else STALE_BELOW) != _ZERO:
        return nothing, False
    earned = load(stops, at * STOP + STOP_OUTPUT)
    last = _last_short_of(stops, at, end, remaining + earned)
    if last + 1 >= end:
        return nothing, False
    asked = asked + load(stops, last * STOP + STOP_INPUT) - load(stops, at * STOP + STOP_INPUT)
    remaining = remaining + earned - load(stops, last * STOP + STOP_OUTPUT)
    price = load(stops, last * STOP + STOP_PRICE)
    target = load(stops, (last + 1) * STOP + STOP_PRICE)
    liquidity = load128(stops, last * STOP + STOP_LIQUIDITY)
    reached, taken, paid, charged, ok = swap_step(price, target, liquidity, remaining, fee, False)
    return asked + taken + charged, ok and paid == remaining


@kernel
def _last_short_of(stops: Words, at: Index, end: Index, output: Word) -> Index:
    """The last stop from ``at`` on whose whole steps before it pay less than ``output``: the swap ends beyond it, and
    takes no step for nothing where the output is whole already."""
    stride = np.int64(1)
    while at + stride < end and load(stops, (at + stride) * STOP + STOP_OUTPUT) < output:
        at += stride
        stride *= 2
    while stride > 1:
        stride //= 2
        if at + stride < end and load(stops, (at + stride) * STOP + STOP_OUTPUT) < output:
            at += stride
    return at
