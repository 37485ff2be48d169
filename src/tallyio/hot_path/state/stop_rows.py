"""A pool's stops from its ticks, compiled; the twin is ``stops``. What the former stops hold already is taken over."""

from typing import Any

import numpy as np

from tallyio.hot_path.amm.tick_math import MAX_TICK, MIN_TICK
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.sqrt_price import amount0_delta, amount1_delta
from tallyio.hot_path.kernels.tick_math import sqrt_ratio_at_tick
from tallyio.hot_path.pointer import pointer
from tallyio.hot_path.state.layout import (
    STOP,
    STOP_FLOATS,
    STOP_INPUT,
    STOP_LIQUIDITY,
    STOP_OUTPUT,
    STOP_PRICE,
)
from tallyio.hot_path.uint256 import div_up, fits, from_limbs, load, load128, store, store128, to_float, u256

Array = Any
Words = Any
Reals = Any
Index = Any
Word = Any

NO_POOL = -1
"""The ticks cannot be a pool's: liquidity below zero or beyond uint128, a tick out of the range, a fee above all."""

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_ALL = np.uint64(2**64 - 1)
_SIGN = np.uint64(63)
_PIPS = np.uint64(1_000_000)
_LIQUIDITY_BITS = np.uint64(128)
_LOWEST = np.int64(MIN_TICK)
_HIGHEST = np.int64(MAX_TICK)
_Q96 = 2.0**-96


@kernel
def write_stops(
    ticks: Array,
    nets: Array,
    spacing: Index,
    fee: Word,
    words: Array,
    floats: Array,
    places: Array,
    former: Index,
    former_middle: Index,
    former_end: Index,
    begin: Index,
) -> tuple[Index, Index]:
    """Writes the stops below, then those above, from ``begin`` on: where those above begin and where they end.

    ``ticks`` (count,) ascends, ``nets`` (count, 2) are the limbs of the liquidity nets in two's complement. The former
    stops lie elsewhere in the same table. ``(NO_POOL, NO_POOL)``: see there; what was written means nothing then.
    """
    middle = _side(
        ticks, nets, spacing, fee, pointer(words), pointer(floats), pointer(places), former, former_middle, begin, True
    )
    if middle == NO_POOL:
        return middle, middle
    end = _side(
        ticks, nets, spacing, fee, pointer(words), pointer(floats), pointer(places), former_middle, former_end, middle,
        False,
    )  # fmt: skip
    if end == NO_POOL:
        return end, end
    return middle, end


@kernel
def _side(
    ticks: Array,
    nets: Array,
    spacing: Index,
    fee: Word,
    words: Words,
    floats: Reals,
    places: Words,
    former: Index,
    former_end: Index,
    begin: Index,
    down: bool,
) -> Index:
    count, fee = np.int64(len(ticks)), np.uint64(fee)
    at, word = np.int64(begin), np.int64(256) * np.int64(spacing)
    none = u256(_ZERO)
    if count == 0:
        return at
    if fee >= _PIPS or ticks[0] < _LOWEST or ticks[count - 1] > _HIGHEST:
        return np.int64(NO_POOL)
    i = count - 1 if down else np.int64(0)
    limit = np.int64(-1) if down else count
    ahead = np.int64(-1) if down else np.int64(1)
    offset = np.int64(0) if down else np.int64(255) * np.int64(spacing)
    end = (ticks[i] - offset) // word * word + offset
    if not down and end < ticks[i]:
        end += word
    known, last_known = np.int64(former), np.int64(-1)
    price, liquidity, spent, earned = none, none, none, none
    while i != limit:
        place, net = ticks[i], none
        if (end - place) * ahead < 0:
            place = end
            end += ahead * word
        else:
            net = _signed(nets[i, 0], nets[i, 1])
            if end == place:
                end += ahead * word
            i += ahead
        while known < former_end and (places[known] - place) * ahead < 0:
            known += 1
        found = known < former_end and places[known] == place
        before = price
        price = load(words, known * STOP + STOP_PRICE) if found else _reachable(place)
        if at > begin:
            same = found and last_known >= 0 and known == last_known + 1
            if same and liquidity == load128(words, last_known * STOP + STOP_LIQUIDITY):
                cost = load(words, known * STOP + STOP_INPUT) - load(words, last_known * STOP + STOP_INPUT)
                out = load(words, known * STOP + STOP_OUTPUT) - load(words, last_known * STOP + STOP_OUTPUT)
            else:
                cost, out = _whole(before, price, liquidity, fee, down)
            spent, earned = spent + cost, earned + out
        liquidity = liquidity - net if down else liquidity + net
        if not fits(liquidity, _LIQUIDITY_BITS):
            return np.int64(NO_POOL)
        store(words, at * STOP + STOP_PRICE, price)
        store128(words, at * STOP + STOP_LIQUIDITY, liquidity)
        store(words, at * STOP + STOP_INPUT, spent)
        store(words, at * STOP + STOP_OUTPUT, earned)
        floats[at * STOP_FLOATS] = to_float(price) * _Q96
        floats[at * STOP_FLOATS + 1] = to_float(liquidity)
        places[at] = place
        last_known = known if found else np.int64(-1)
        at += 1
    return at


@kernel
def _signed(low: Word, high: Word) -> Word:
    if high >> _SIGN != _ZERO:
        return from_limbs(low, high, _ALL, _ALL)
    return from_limbs(low, high, _ZERO, _ZERO)


@kernel
def _reachable(tick: Index) -> Word:
    price, _ = sqrt_ratio_at_tick(tick)
    if tick == _LOWEST:
        return price + u256(_ONE)
    if tick == _HIGHEST:
        return price - u256(_ONE)
    return price


@kernel
def _whole(price: Word, target: Word, liquidity: Word, fee: Word, down: bool) -> tuple[Word, Word]:
    """What the step from one stop to the next costs, fee included, and pays; prices of ticks never overflow it."""
    if down:
        taken, _ = amount0_delta(target, price, liquidity, True)
        out, _ = amount1_delta(target, price, liquidity, False)
    else:
        taken, _ = amount1_delta(target, price, liquidity, True)
        out, _ = amount0_delta(target, price, liquidity, False)
    charged, _ = div_up(taken * u256(fee), u256(_PIPS - fee))
    return taken + charged, out
