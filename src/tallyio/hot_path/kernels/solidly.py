"""Solidly pools' ``getAmountOut`` over a row: Aerodrome, Velodrome and Camelot, stable and volatile.

Row words (two limbs each where 128 bits are said): 0 family, variant in byte 1, whether stable in byte 2; 1 and 2 the
fees on token 0 and 1 in parts of 3; 4 and 6 the tokens' ``10**decimals`` (128), 8 and 10 the reserves (128); what
``refresh`` finds: 12 and 14 the reserves in 18 decimals (128), 16 the curve's k (256), 20 whether that is known.

The iterations are the contracts' own from the contracts' start; Camelot's wrap as its unchecked arithmetic does.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.kernels.codes import BEYOND, PAID, REFUSED
from tallyio.hot_path.kernels.ratio import over, over_wad
from tallyio.hot_path.linked import linked
from tallyio.hot_path.uint256 import (
    add_checked,
    div_small,
    fits,
    load,
    load128,
    mul_128,
    mul_checked,
    store,
    store128,
    u256,
)

Words = Any
Word = Any
Index = Any

FEES, FEE_UNIT, SCALES, RESERVES, SCALED, K, KNOWN = 1, 3, 4, 8, 12, 16, 20
WORDS = 24
AERODROME, VELODROME, CAMELOT = 0, 1, 2

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_WAD = np.uint64(10**18)
_BYTE = np.uint64(0xFF)
_SIZE = np.uint64(128)
_STEPS = 255


@inlined
def _variant(row: Words, at: Index) -> Index:
    return np.int64((row[at] >> np.uint64(8)) & _BYTE)


@inlined
def _stable(row: Words, at: Index) -> bool:
    stable: bool = (row[at] >> np.uint64(16)) & _BYTE != _ZERO
    return stable


@kernel
def refresh(row: Words, at: Index) -> Index:
    """The stable curve's numbers into the row; ``REFUSED`` where the contract's arithmetic fails on the reserves."""
    row[at + KNOWN] = _ZERO
    if _stable(row, at):
        for side in range(2):
            reserve = mul_128(load128(row, at + RESERVES + 2 * side), u256(_WAD))
            scaled = over(reserve, load128(row, at + SCALES + 2 * side))
            if not fits(scaled, _SIZE):
                return BEYOND
            store128(row, at + SCALED + 2 * side, scaled)
        k, ok = _curve(load128(row, at + SCALED), load128(row, at + SCALED + 2))
        if not ok:
            return REFUSED
        store(row, at + K, k)
    row[at + KNOWN] = _ONE
    return PAID


@kernel
def _quote(row: Words, at: Index, i: Index, dx: Word) -> tuple[Word, Index]:
    """What ``dx`` of token ``i`` gets of the other, in its smallest unit."""
    nothing = u256(_ZERO)
    fee, unit = row[at + FEES + i], row[at + FEE_UNIT]
    if row[at + KNOWN] == _ZERO or fee > unit:
        return nothing, REFUSED
    if not fits(dx, _SIZE):
        return nothing, BEYOND
    reserve_in, reserve_out = load128(row, at + RESERVES + 2 * i), load128(row, at + RESERVES + 2 - 2 * i)
    camelot = _variant(row, at) == CAMELOT
    if camelot and not _stable(row, at):
        net = mul_128(dx, u256(unit - fee))
        return _product(net, mul_128(reserve_in, u256(unit)), reserve_out)
    taken, _ = div_small(mul_128(dx, u256(fee)), unit)
    net = dx - taken
    if not _stable(row, at):
        return _product(net, reserve_in, reserve_out)
    entered = over(mul_128(net, u256(_WAD)), load128(row, at + SCALES + 2 * i))
    x = load128(row, at + SCALED + 2 * i) + entered
    if not fits(x, _SIZE):
        return nothing, BEYOND
    y, k = load128(row, at + SCALED + 2 - 2 * i), load(row, at + K)
    scale_out = load128(row, at + SCALES + 2 - 2 * i)
    if camelot:
        after, ok = _wrapped_balance(x, k, y)
        return over_wad((y - after) * scale_out), PAID if ok else REFUSED
    after, ok = _balance(x, k, y, load128(row, at + SCALES + 2 * i), scale_out, _variant(row, at) == AERODROME)
    if not ok or after > y:
        return nothing, REFUSED
    return over_wad(mul_128(y - after, scale_out)), PAID


@kernel
def _product(net: Word, reserve_in: Word, reserve_out: Word) -> tuple[Word, Index]:
    above, small = mul_checked(net, reserve_out)
    below = reserve_in + net
    if not small or below == u256(_ZERO):
        return u256(_ZERO), REFUSED
    return over(above, below), PAID


@kernel
def _curve(x: Word, y: Word) -> tuple[Word, bool]:
    """``x*y*(x*x + y*y)``, each product rounded down; for balances below ``2**128``."""
    product, ok = mul_checked(over_wad(mul_128(x, y)), over_wad(mul_128(x, x)) + over_wad(mul_128(y, y)))
    return over_wad(product), ok


@kernel
def _balance(x: Word, k: Word, y: Word, scale_x: Word, scale_y: Word, aerodrome: bool) -> tuple[Word, bool]:
    squared = over_wad(mul_128(x, x))
    cubed, ok = mul_checked(squared, x)
    cube = over_wad(cubed)
    triple = x + x + x
    if not ok:
        return y, False
    for _ in range(_STEPS):
        if not fits(y, _SIZE):
            return y, False
        square = over_wad(mul_128(y, y))
        found, small = mul_checked(over_wad(mul_128(x, y)), squared + square)
        slope, within = mul_checked(triple, square)
        if not small or not within:
            return y, False
        found = over_wad(found)
        slope, within = add_checked(over_wad(slope), cube)
        below = found < k
        away, small = mul_checked(k - found if below else found - k, u256(_WAD))
        if not small or not within or slope == u256(_ZERO):
            return y, False
        step = over(away, slope)
        if below:
            if step == u256(_ZERO):
                more = y + u256(_ONE)
                if not fits(more, _SIZE):
                    return y, False
                other = x
                above = more
                if aerodrome:
                    other = over(mul_128(x, u256(_WAD)), scale_x)
                    above = over(mul_128(more, u256(_WAD)), scale_y)
                    if not fits(other | above, _SIZE):
                        return y, False
                reached, small = _curve(other, above)
                if not small:
                    return y, False
                if reached > k:
                    return more, True
                step = u256(_ONE)
            y, small = add_checked(y, step)
            if not small:
                return y, False
        else:
            if step == u256(_ZERO):
                if found == k:
                    return y, True
                if y == u256(_ZERO):
                    return y, False
                reached, small = _curve(x, y - u256(_ONE))
                if not small:
                    return y, False
                if reached < k:
                    return y, True
                step = u256(_ONE)
            if step > y:
                return y, False
            y = y - step
    return y, False


@kernel
def _wrapped_balance(x: Word, k: Word, y: Word) -> tuple[Word, bool]:
    cube = over_wad(over_wad(x * x) * x)
    triple = x + x + x
    for _ in range(_STEPS):
        before = y
        square = over_wad(y * y)
        found = over_wad(x * over_wad(square * y)) + over_wad(cube * y)
        slope = over_wad(triple * square) + cube
        if slope == u256(_ZERO):
            return y, False
        away = k - found if found < k else found - k
        step = over(away * u256(_WAD), slope)
        y = y + step if found < k else y - step
        moved = y - before if y > before else before - y
        if moved <= u256(_ONE):
            break
    return y, True


def _quote_entry(row: Words, at: Index, i: Index, dx: Words, out: Words) -> Index:
    paid, code = _quote(row, at, i, load(dx, 0))
    store(out, 0, paid)
    return code


quote = linked("solidly", "piiw", "wi", _quote, _quote_entry)
