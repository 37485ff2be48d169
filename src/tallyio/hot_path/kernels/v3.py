"""A whole swap on a Uniswap v3 pool, from stop to stop as ``UniswapV3Pool.swap`` walks it.

The twin is ``hot_path.amm.v3``; the stops are ``state.stops``: every tick that the contract's steps may end on.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.amm.tick_math import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.swap_math import swap_step
from tallyio.hot_path.kernels.tick_math import sqrt_ratio_at_tick, tick_at_sqrt_ratio
from tallyio.hot_path.state.layout import STOP, STOP_LIQUIDITY, STOP_PRICE
from tallyio.hot_path.uint256 import constant, fits, load, load128, store, store128, u256

Words = Any
Word = Any
Index = Any

DONE, REVERTS, STALE = 0, 1, 2
"""What became of a swap. Stale: the stops contradict the pool's liquidity, so a position changed unseen."""
PRICE, LIQUIDITY, TICK = 0, 4, 6
STATE_WORDS = 7
"""A pool's state as ``state.layout`` has it from ``AMOUNTS`` on: price (Q64.96), liquidity, tick."""

_LEAST = constant(MIN_SQRT_RATIO)
_GREATEST = constant(MAX_SQRT_RATIO)
_FIRST = constant(MIN_SQRT_RATIO + 1)
_LAST = constant(MAX_SQRT_RATIO - 1)
_ZERO = np.uint64(0)
_AMOUNT_BITS = np.uint64(255)
_TOP = np.int64(MAX_TICK)
_WORD = np.int64(256)


@kernel
def swap(
    state: Words,
    at: Index,
    begin: Index,
    end: Index,
    stops: Words,
    stop_ticks: Words,
    spacing: Word,
    fee_pips: Word,
    zero_for_one: bool,
    amount: Word,
    limit: Word,
    exact_in: bool,
) -> tuple[Word, Word, Word]:
    """Runs ``amount`` (input, or output when not ``exact_in``) through the pool whose state lies at ``state[at]``,
    which is its state after the swap then.

    ``begin`` to ``end`` are the pool's stops in the swap's direction; ``limit`` is a square-root price, 0 for none.
    Gives the input taken with its fee, the output paid, and what became of it; the state changes only when done. What
    the limit or the end of all liquidity leaves of the amount is no error of the pool.
    """
    none = u256(_ZERO)
    price = load(state, at + PRICE)
    liquidity = load128(state, at + LIQUIDITY)
    tick = np.int64(state[at + TICK])
    if amount == none or not fits(amount, _AMOUNT_BITS):
        return none, none, REVERTS
    if limit == none:
        limit = _FIRST() if zero_for_one else _LAST()
    ahead = limit < price if zero_for_one else limit > price
    if not ahead or limit <= _LEAST() or limit >= _GREATEST() or price == none:
        return none, none, REVERTS
    stop = _next(stop_ticks, begin, end, tick, zero_for_one)
    expected = none if stop == begin else load128(stops, (stop - 1) * STOP + STOP_LIQUIDITY)
    if expected != liquidity:
        return none, none, STALE
    remaining, other, known_tick = amount, none, True
    while remaining != none and price != limit:
        target, stops_here = limit, False
        if stop < end and np.abs(stop_ticks[stop]) < _TOP:
            stop_price = load(stops, stop * STOP + STOP_PRICE)
            stops_here = stop_price >= limit if zero_for_one else stop_price <= limit
            if stops_here:
                target = stop_price
        elif stop == end and liquidity != none:
            return none, none, STALE
        before = price
        price, taken, out, fee, ok = swap_step(before, target, liquidity, remaining, fee_pips, exact_in)
        if not ok:
            return none, none, REVERTS
        taken = taken + fee
        remaining = remaining - (taken if exact_in else out)
        other = other + (out if exact_in else taken)
        if not fits(other, _AMOUNT_BITS):
            return none, none, REVERTS
        if stops_here and price == target:
            liquidity = load128(stops, stop * STOP + STOP_LIQUIDITY)
            tick = stop_ticks[stop] - (1 if zero_for_one else 0)
            stop += 1
            known_tick = True
        elif price != before:
            known_tick = False
    if not known_tick:
        tick = _tick_off_stops(price, liquidity == none and zero_for_one, spacing)
    store(state, at + PRICE, price)
    store128(state, at + LIQUIDITY, liquidity)
    state[at + TICK] = np.uint64(tick)
    moved = amount - remaining
    if exact_in:
        return moved, other, DONE
    return other, moved, DONE


@kernel
def _next(ticks: Words, begin: Index, end: Index, tick: Word, zero_for_one: bool) -> Index:
    """The first of the stops in their order of travel that lies ahead of ``tick``."""
    low, high = np.int64(begin), np.int64(end)
    while low < high:
        middle = (low + high) >> 1
        if (ticks[middle] <= tick) if zero_for_one else (ticks[middle] > tick):
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def _tick_off_stops(price: Word, through_nothing: bool, spacing: Word) -> Word:
    """Where there is no liquidity the ends of the bitmap's words are no stops of ours: the contract's they are, and a
    limit on one leaves the pool below it."""
    tick, _ = tick_at_sqrt_ratio(price)
    if through_nothing and tick % (_WORD * spacing) == 0:
        edge, _ = sqrt_ratio_at_tick(tick)
        if edge == price:
            tick -= 1
    return tick
