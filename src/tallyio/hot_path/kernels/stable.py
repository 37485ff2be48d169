"""StableSwap quotes over a row: Curve's first pools, its NG pools and meta pools' own two coins.

Row words (two limbs each where 128 bits are said): 0 family, number of coins in byte 1, flags in byte 2; 1 fee and 2
off-peg multiplier of ``10**10`` (the latter 0 for a flat fee); 3 A times its unit times the coins, 4 that unit; 5
whether D is known; 6 D (128); then per coin of 5: scaled balance, rate (1e18), balance in the coin's units, and what of
it is there, where that is another (128 each).

``refresh`` finds the scaled balances and D, both functions of the state alone. The iterations are the contracts' own
from the contracts' start, so that they end on the same number.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.kernels.codes import BEYOND, PAID, REFUSED
from tallyio.hot_path.kernels.ratio import over, scale
from tallyio.hot_path.kernels.signed import negative
from tallyio.hot_path.linked import linked
from tallyio.hot_path.uint256 import (
    add_checked,
    div_small,
    fits,
    from_float,
    load,
    load128,
    mul_128,
    mul_checked,
    store,
    store128,
    to_float,
    u256,
)

Words = Any
Word = Any
Index = Any

FEE, MULTIPLIER, ANN, UNIT, KNOWN, D, COINS = 1, 2, 3, 4, 5, 6, 8
COIN, SCALED, RATE, BALANCE, CASH = 8, 0, 2, 4, 6
MOST_COINS = 5
WORDS = COINS + MOST_COINS * COIN
EACH, VIEW = 1, 2
"""Flags: D's product is divided for each coin (the first pools); the fee is taken as 3pool's view takes it."""

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_FEE_UNIT = np.uint64(10**10)
_WAD = np.uint64(10**18)
_BYTE = np.uint64(0xFF)
_SIZE = np.uint64(128)
_STEPS = 255
_HALF, _MOST_C = np.uint64(124), np.uint64(250)
_THREE, _FIVE, _TEN = np.uint64(3), np.uint64(5), np.uint64(10)


@inlined
def coins_of(row: Words, at: Index) -> Index:
    return np.int64((row[at] >> np.uint64(8)) & _BYTE)


@inlined
def _flag(row: Words, at: Index, flag: int) -> bool:
    found: bool = (row[at] >> np.uint64(16)) & np.uint64(flag) != _ZERO
    return found


@kernel
def refresh(row: Words, at: Index) -> Index:
    """Scaled balances and D into the row; ``REFUSED`` where the contract cannot find D, and then no quote is paid."""
    row[at + KNOWN] = _ZERO
    n = coins_of(row, at)
    total = u256(_ZERO)
    for k in range(n):
        coin = at + COINS + k * COIN
        scaled = scale(load128(row, coin + BALANCE), load128(row, coin + RATE))
        if not fits(scaled, _SIZE):
            return BEYOND
        store128(row, coin + SCALED, scaled)
        total = total + scaled
    if not fits(total, _SIZE):
        return BEYOND
    d, code = _invariant(row, at, n, total)
    store128(row, at + D, d)
    row[at + KNOWN] = _ONE if code == PAID else _ZERO
    return code


@kernel
def _invariant(row: Words, at: Index, n: Index, total: Word) -> tuple[Word, Index]:
    ann, unit, each = row[at + ANN], row[at + UNIT], _flag(row, at, EACH)
    count = u256(np.uint64(n))
    d = total
    if total == u256(_ZERO):
        return d, PAID
    power = _ONE
    for _ in range(n):
        power = power * np.uint64(n)
    weighted, small = mul_checked(u256(ann), total)
    if not small:
        return d, REFUSED
    weighted, _ = div_small(weighted, unit)
    for _ in range(_STEPS):
        product = d
        for k in range(n):
            balance = load128(row, at + COINS + k * COIN + SCALED)
            if balance == u256(_ZERO):
                return d, REFUSED
            product, small = mul_checked(product, d)
            if not small:
                return d, REFUSED
            product = over(product, balance * count if each else balance)
        if not each:
            product, _ = div_small(product, power)
        before = d
        if not fits(product, np.uint64(250)):
            return d, REFUSED
        above, small = add_checked(weighted, product * count)
        above, within = mul_checked(above, d)
        if not small or not within:
            return d, REFUSED
        below, small = mul_checked(u256(ann - unit), d)
        below, _ = div_small(below, unit)
        below, within = add_checked(below, product * (count + u256(_ONE)))
        if not small or not within or below == u256(_ZERO):
            return d, REFUSED
        d = over(above, below)
        if not fits(d, _SIZE):
            return d, BEYOND
        moved = d - before if d > before else before - d
        if moved <= u256(_ONE):
            return d, PAID
    return d, PAID if unit == _ONE else REFUSED


@kernel
def _quote(row: Words, at: Index, i: Index, j: Index, dx: Word) -> tuple[Word, Index]:
    """What a swap of ``dx`` of coin ``i`` pays in coin ``j``, in the coins' units."""
    nothing = u256(_ZERO)
    if row[at + KNOWN] == _ZERO:
        return nothing, REFUSED
    if not fits(dx, _SIZE):
        return nothing, BEYOND
    coin_in, coin_out = at + COINS + i * COIN, at + COINS + j * COIN
    old_x, old_y = load128(row, coin_in + SCALED), load128(row, coin_out + SCALED)
    x = old_x + scale(dx, load128(row, coin_in + RATE))
    if not fits(x, _SIZE):
        return nothing, BEYOND
    y, code = _balance(row, at, i, j, x)
    if code != PAID:
        return nothing, code
    if not fits(y, _SIZE) or old_y < y + u256(_ONE):
        return nothing, REFUSED
    gross = old_y - y - u256(_ONE)
    rate = load128(row, coin_out + RATE)
    fee = u256(row[at + FEE])
    if _flag(row, at, VIEW):
        paid = _unscaled(gross, rate)
        taken, _ = div_small(mul_128(fee, paid), _FEE_UNIT)
        return paid - taken, PAID
    if row[at + MULTIPLIER] > _FEE_UNIT:
        fee, code = _off_peg((old_x + x) >> _ONE, (old_y + y) >> _ONE, row[at + FEE], row[at + MULTIPLIER])
        if code != PAID:
            return nothing, code
    taken, _ = div_small(mul_128(gross, fee), _FEE_UNIT)
    if taken > gross:
        return nothing, REFUSED
    return _unscaled(gross - taken, rate), PAID


@inlined
def _unscaled(amount: Word, rate: Word) -> Word:
    if rate == u256(_WAD):
        return amount
    return over(mul_128(amount, u256(_WAD)), rate)


@inlined
def _balance(row: Words, at: Index, i: Index, j: Index, x: Word) -> tuple[Word, Index]:
    n = coins_of(row, at)
    count = u256(np.uint64(n))
    d, ann, unit = load128(row, at + D), row[at + ANN], row[at + UNIT]
    c, others = d, u256(_ZERO)
    for k in range(n):
        if k != j:
            balance = x if k == i else load128(row, at + COINS + k * COIN + SCALED)
            if balance == u256(_ZERO):
                return c, REFUSED
            c, small = mul_checked(c, d)
            if not small:
                return c, REFUSED
            c = over(c, balance * count)
            others = others + balance
    c, small = mul_checked(c, d)
    if not small:
        return c, REFUSED
    scaled_d = d
    if unit != _ONE:
        c, small = mul_checked(c, u256(unit))
        if not small:
            return c, REFUSED
        scaled_d = mul_128(d, u256(unit))
    if ann == _ZERO:
        return c, REFUSED
    c, _ = div_small(c, ann * np.uint64(n))
    part, _ = div_small(scaled_d, ann)
    b = others + part
    y, proven = _settled(d, b, c)
    if proven:
        return y, PAID
    return _newton(d, b, c, unit)


@kernel
def floor_root(d: Word, b: Word, c: Word) -> tuple[Word, Word, bool]:
    """The floor of the root ``y`` of ``y * (y + b - d) = c`` and ``2 * y + b - d``, if that is proven.

    A double is the start; what is left of ``c`` is exact and mends it twice.
    """
    if not fits(d | b, _HALF) or not fits(c, _MOST_C):
        return d, d, False
    free = to_float(b) - to_float(d)
    reach = np.sqrt(free * free + 4.0 * to_float(c))
    near = 2.0 * to_float(c) / (reach + free) if free > 0.0 else 0.5 * (reach - free)
    y = from_float(near)
    for _ in range(2):
        rest = c + mul_128(y, d) - mul_128(y, y + b)
        slope = to_float(y + y + b) - to_float(d)
        if negative(rest):
            y = y - from_float(to_float(u256(_ZERO) - rest) / slope)
        else:
            y = y + from_float(to_float(rest) / slope)
        if not fits(y, _HALF):
            return y, d, False
    slope = y + y + b - d
    rest = c + mul_128(y, y) - y * slope
    if negative(rest) and y != u256(_ZERO):
        y = y - u256(_ONE)
        slope = y + y + b - d
        rest = c + mul_128(y, y) - y * slope
    return y, slope, not (negative(slope) or negative(rest)) and rest < slope


@inlined
def _settled(d: Word, b: Word, c: Word) -> tuple[Word, bool]:
    """Where Newton's iteration from ``d`` ends: the floor of the root, if that is proven.

    A step from ``e`` above the root ends ``e**2 / slope`` above it, and the slope is at least ``2 * e``: so the steps
    fall by ``e / 2`` at least, and one of 1 or 0, which ends them, begins within 5 of the root. Steps are monotone
    above the root: where floor and floor + 5 both step to the floor, all between do. A start more than 3 below the root
    steps over it; one nearer is not proven.
    """
    y, slope, ok = floor_root(d, b, c)
    if not ok:
        return y, False
    further = y + u256(_FIVE)
    fine = c + mul_128(further, further) < (y + u256(_ONE)) * (slope + u256(_TEN))
    return y, fine and (d > y or d + u256(_THREE) < y)


@kernel
def _newton(d: Word, b: Word, c: Word, unit: Word) -> tuple[Word, Index]:
    y = d
    for _ in range(_STEPS):
        before = y
        above, small = add_checked(mul_128(y, y), c)
        below = y + y + b
        if not small or not below > d:
            return y, REFUSED
        y = over(above, below - d)
        if not fits(y, _SIZE):
            return y, BEYOND
        moved = y - before if y > before else before - y
        if moved <= u256(_ONE):
            return y, PAID
    return y, PAID if unit == _ONE else REFUSED


@inlined
def _off_peg(x: Word, y: Word, fee: Word, multiplier: Word) -> tuple[Word, Index]:
    total, nothing = x + y, u256(_ZERO)
    if not fits(total, _SIZE):
        return nothing, REFUSED
    product, small = mul_checked(mul_128(x, u256((multiplier - _FEE_UNIT) * np.uint64(4))), y)
    if not small or total == nothing:
        return nothing, REFUSED
    balance = over(product, mul_128(total, total))
    fee_now = over(mul_128(u256(multiplier), u256(fee)), balance + u256(_FEE_UNIT))
    return fee_now, PAID


def _quote_entry(row: Words, at: Index, i: Index, j: Index, dx: Words, out: Words) -> Index:
    paid, code = _quote(row, at, i, j, load(dx, 0))
    store(out, 0, paid)
    return code


quote = linked("stable", "piiiw", "wi", _quote, _quote_entry)
