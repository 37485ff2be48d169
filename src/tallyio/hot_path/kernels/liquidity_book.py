"""Trader Joe's Liquidity Book over a row: the bins walked, the fee rising with those crossed.

Row words: 0 family, in byte 2 whether a bin's liquidity has a limit (version 2.2); 1 bin step, 2 base factor, 3 control
of the variable fee, 4 the greatest volatility; 5 and 6 the references as a trade finds them (volatility, id); 7 the
active bin's id, 8 how many bins the row has, 9 where among them the first is whose id is not below the active one; from
10 on per bin, by id: its id, an empty word, its X and Y (128 bits each), its price (Q128.128, 256 bits). Token 0 is X.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.kernels.codes import BEYOND, PAID, REFUSED
from tallyio.hot_path.linked import linked
from tallyio.hot_path.uint256 import (
    add_checked,
    constant,
    div,
    div_small,
    div_up,
    fits,
    load,
    load128,
    mul_128,
    mul_checked,
    mul_wide,
    store,
    u256,
)

Words = Any
Word = Any
Index = Any

BIN_STEP, BASE_FACTOR, CONTROL, MOST_VOLATILITY, REFERENCE, ID_REFERENCE, ACTIVE, COUNT, PLACE, BINS = range(1, 11)
BIN, ID, AMOUNTS, PRICE = 10, 0, 2, 6
LIMITED = 1

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_HALF = np.uint64(128)
_HUNDRED, _ROUND = np.uint64(100), np.uint64(99)
_CROSSED = np.uint64(10_000)
_BASE = np.uint64(10**10)
_WAD = np.uint64(10**18)
_MOST_FEE = np.uint64(10**17)
_MOST_LIQUIDITY = constant(65251743116719673010965625540244653191619923014385985379600384103134737)


@inlined
def _rate(row: Words, at: Index, number: Any) -> Word:
    """The fee (1e18) of what goes in, once the trade has come to the bin."""
    reference = row[at + ID_REFERENCE]
    crossed = number - reference if number > reference else reference - number
    volatility = row[at + REFERENCE] + crossed * _CROSSED
    if volatility > row[at + MOST_VOLATILITY]:
        volatility = row[at + MOST_VOLATILITY]
    moved = u256(volatility * row[at + BIN_STEP])
    variable, _ = div_small(mul_128(mul_128(moved, moved), u256(row[at + CONTROL])) + u256(_ROUND), _HUNDRED)
    return mul_128(u256(row[at + BASE_FACTOR] * row[at + BIN_STEP]), u256(_BASE)) + variable


@inlined
def _asked(out: Word, price: Word, x_for_y: bool) -> tuple[Word, bool]:
    """What a bin asks for ``out`` without a fee, rounded up; not ok beyond 128 bits."""
    if x_for_y:
        asked, ok = div_up(out << _HALF, price)
        return asked, ok and fits(asked, _HALF)
    high, low = mul_wide(out, price)
    least: Word = (high << _HALF) + (low >> _HALF)
    if (low << _HALF) != u256(_ZERO):
        least = least + u256(_ONE)
    return least, fits(high | least, _HALF)


@inlined
def _bought(net: Word, price: Word, reserve: Word, x_for_y: bool) -> Word:
    """What ``net`` gets in a bin, which has no more than ``reserve``."""
    if x_for_y:
        high, low = mul_wide(net, price)
        moved = (high << _HALF) + (low >> _HALF)
        return moved if fits(high, _HALF) and moved < reserve else reserve
    out, _ = div(net << _HALF, price)
    return out if out < reserve else reserve


@inlined
def _has_room(x: Word, y: Word, price: Word) -> bool:
    value, small = mul_checked(price, x)
    held, fine = add_checked(value, y << _HALF)
    roomy: bool = small and fine and fits(y, _HALF) and held <= _MOST_LIQUIDITY()
    return roomy


@kernel
def _quote(row: Words, at: Index, i: Index, dx: Word) -> tuple[Word, Index]:
    nothing = u256(_ZERO)
    if not fits(dx, _HALF):
        return nothing, BEYOND
    x_for_y, limited = i == 0, (row[at] >> np.uint64(16)) & np.uint64(LIMITED) != _ZERO
    count, place = np.int64(row[at + COUNT]), np.int64(row[at + PLACE])
    if x_for_y and (place == count or row[at + BINS + place * BIN + ID] != row[at + ACTIVE]):
        place -= 1
    left, paid = dx, nothing
    while 0 <= place < count:
        spot = at + BINS + place * BIN
        place += -1 if x_for_y else 1
        reserve = load128(row, spot + AMOUNTS + (2 if x_for_y else 0))
        if reserve == nothing:
            continue
        price, rate = load(row, spot + PRICE), _rate(row, at, row[spot + ID])
        asked, ok = _asked(reserve, price, x_for_y)
        if not ok or rate > u256(_MOST_FEE):
            return nothing, REFUSED
        fee, _ = div_up(mul_128(asked, rate), u256(_WAD) - rate)
        taken, out = asked + fee, reserve
        if left < taken:
            fee, _ = div_small(mul_128(left, rate) + u256(_WAD - _ONE), _WAD)
            taken, out = left, _bought(left - fee, price, reserve, x_for_y)
        if limited:
            other = load128(row, spot + AMOUNTS + (0 if x_for_y else 2)) + taken
            rest = reserve - out
            if not (_has_room(other, rest, price) if x_for_y else _has_room(rest, other, price)):
                return nothing, REFUSED
        left, paid = left - taken, paid + out
        if left == nothing:
            return paid, PAID if paid != nothing else REFUSED
    return nothing, REFUSED


def _quote_entry(row: Words, at: Index, i: Index, dx: Words, out: Words) -> Index:
    paid, code = _quote(row, at, i, load(dx, 0))
    store(out, 0, paid)
    return code


quote = linked("liquidity_book", "piiw", "wi", _quote, _quote_entry)
"""What ``dx`` of token ``i`` gets of the other; refused where the bins do not take all of it or pay nothing."""
