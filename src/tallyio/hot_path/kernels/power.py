"""``x**y`` of 18 decimals for ``x`` from 0.7 to 1, rounded up by its greatest error, as Balancer's pools compute it.

A swap's base is balance before over balance after, and a swap of more than three tenths is refused: the logarithm is
never positive and never below -0.36, so the contracts' steps for larger numbers cannot be taken.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.kernels.ratio import over, over_wad
from tallyio.hot_path.uint256 import constant, div_small, fits, mul_128, u256

Word = Any
Limb = Any

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_WAD = np.uint64(10**18)
_NEAR = np.uint64(9 * 10**17)
_LEAST = np.uint64(7 * 10**17)
_HUNDRED = np.uint64(100)
_HALF = np.uint64(128)
_TWENTY = np.uint64(20)
_FIVE_20 = np.uint64(5**20)
_ONE_20 = constant(10**20)
_ONE_36 = constant(10**36)
_MOST = constant(41 * 10**18)
_ERROR = np.uint64(10_000)
_WHOLE, _TWICE, _FOUR_TIMES = np.uint64(10**18), np.uint64(2 * 10**18), np.uint64(4 * 10**18)
_E_32, _X_32 = constant(7_896_296_018_268_069_516_100_000_000_000_000), constant(32 * 10**20)
_E_16, _X_16 = constant(888_611_052_050_787_263_676_000_000), constant(16 * 10**20)
_E_8, _X_8 = constant(298_095_798_704_172_827_474_000), constant(8 * 10**20)
_E_4, _X_4 = constant(5_459_815_003_314_423_907_810), constant(4 * 10**20)
_E_2, _X_2 = constant(738_905_609_893_065_022_723), constant(2 * 10**20)
_E_1, _X_1 = constant(271_828_182_845_904_523_536), constant(10**20)
_E_HALF, _X_HALF = constant(164_872_127_070_012_814_685), constant(10**20 // 2)
_E_QUARTER, _X_QUARTER = constant(128_402_541_668_774_148_407), constant(10**20 // 4)
_E_EIGHTH, _X_EIGHTH = constant(113_314_845_306_682_631_683), constant(10**20 // 8)
_E_SIXTEENTH, _X_SIXTEENTH = constant(106_449_445_891_785_942_956), constant(10**20 // 16)


@inlined
def up(a: Word) -> Word:
    """``a / 10**18`` rounded up."""
    return over_wad(a + u256(_WAD - _ONE))


@kernel
def _over_20(a: Word, times: Limb) -> Word:
    """``a / (times * 10**20)`` rounded down."""
    q, _ = div_small(a >> _TWENTY, _FIVE_20 * times)
    return q


@kernel
def power_up(x: Word, y: Word, fast: bool) -> tuple[Word, bool]:
    """The power; not ok where the contract reverts, or for ``x`` from 0.7 to 1 not."""
    wad = u256(_WAD)
    if x > wad or x < u256(_LEAST) or not fits(y, _HALF):
        return x, False
    if fast:
        if y == u256(_WHOLE):
            return x, True
        if y == u256(_TWICE):
            return up(mul_128(x, x)), True
        if y == u256(_FOUR_TIMES):
            squared = up(mul_128(x, x))
            return up(mul_128(squared, squared)), True
    raw = wad
    if y != u256(_ZERO):
        exponent = _log_times(x, y)
        if exponent > _MOST():
            return x, False
        raw = over(_ONE_36(), _exp(exponent))
    return raw + up(mul_128(raw, u256(_ERROR))) + u256(_ONE), True


@inlined
def _log_times(x: Word, y: Word) -> Word:
    """``-ln(x) * y``, each part rounded towards zero."""
    if x > u256(_NEAR):
        log = _artanh_36(x)
        whole = over_wad(log)
        rest = log - mul_128(whole, u256(_WAD))
        return over_wad(mul_128(whole, y) + over_wad(mul_128(rest, y)))
    return over_wad(mul_128(_log(x), y))


@inlined
def _artanh_36(x: Word) -> Word:
    """``-ln(x)`` of 36 decimals for ``x`` near one."""
    a = mul_128(x, u256(_WAD))
    z = over(mul_128(_ONE_36() - a, _ONE_36()), a + _ONE_36())
    squared = over_wad(over_wad(mul_128(z, z)))
    term, series, n = z, z, np.uint64(3)
    while n <= np.uint64(15) and term != u256(_ZERO):
        term = over_wad(over_wad(mul_128(term, squared)))
        part, _ = div_small(term, n)
        series = series + part
        n += np.uint64(2)
    return series << _ONE


@inlined
def _log(x: Word) -> Word:
    """``-ln(x)`` of 18 decimals, for ``x`` from 0.7: its inverse is below 1.5."""
    total, a = u256(_ZERO), over(_ONE_36(), x) * u256(_HUNDRED)
    if a >= _E_QUARTER():
        a, total = over(mul_128(a, _ONE_20()), _E_QUARTER()), total + _X_QUARTER()
    if a >= _E_EIGHTH():
        a, total = over(mul_128(a, _ONE_20()), _E_EIGHTH()), total + _X_EIGHTH()
    if a >= _E_SIXTEENTH():
        a, total = over(mul_128(a, _ONE_20()), _E_SIXTEENTH()), total + _X_SIXTEENTH()
    z = over(mul_128(a - _ONE_20(), _ONE_20()), a + _ONE_20())
    squared = _over_20(mul_128(z, z), _ONE)
    term, series, n = z, z, np.uint64(3)
    while n <= np.uint64(11) and term != u256(_ZERO):
        term = _over_20(mul_128(term, squared), _ONE)
        part, _ = div_small(term, n)
        series = series + part
        n += np.uint64(2)
    found, _ = div_small(total + (series << _ONE), _HUNDRED)
    return found


@inlined
def _exp(x: Word) -> Word:
    """``e**x`` of 18 decimals, for ``x`` up to 41."""
    x = x * u256(_HUNDRED)
    product = _ONE_20()
    if x >= _X_32():
        x, product = x - _X_32(), _over_20(product * _E_32(), _ONE)
    if x >= _X_16():
        x, product = x - _X_16(), _over_20(product * _E_16(), _ONE)
    if x >= _X_8():
        x, product = x - _X_8(), _over_20(product * _E_8(), _ONE)
    if x >= _X_4():
        x, product = x - _X_4(), _over_20(product * _E_4(), _ONE)
    if x >= _X_2():
        x, product = x - _X_2(), _over_20(product * _E_2(), _ONE)
    if x >= _X_1():
        x, product = x - _X_1(), _over_20(product * _E_1(), _ONE)
    if x >= _X_HALF():
        x, product = x - _X_HALF(), _over_20(product * _E_HALF(), _ONE)
    if x >= _X_QUARTER():
        x, product = x - _X_QUARTER(), _over_20(product * _E_QUARTER(), _ONE)
    series, term, n = _ONE_20() + x, x, np.uint64(2)
    while n <= np.uint64(12) and term != u256(_ZERO):
        term = _over_20(mul_128(term, x), n)
        series = series + term
        n += _ONE
    found, _ = div_small(_over_20(product * series, _ONE), _HUNDRED)
    return found
