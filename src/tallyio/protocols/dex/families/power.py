"""``x**y`` of 18-decimal fixed point as Balancer's contracts compute it: ``exp(y * ln x)`` and a bound of its error.

Natural logarithm and exponential are taken apart by powers of two of the exponent, the rest by a series; near one the
logarithm has 36 decimals. Source: Balancer's documentation of its fixed-point powers; judged by the contracts.
"""

from collections.abc import Callable

from tallyio.protocols.dex.families.fixed_point import ONE, mul_down, mul_up
from tallyio.protocols.dex.families.words import require, u256

_ONE_20 = 10**20
_ONE_36 = 10**36
_LARGEST, _SMALLEST = 130 * ONE, -41 * ONE
_NEAR_ONE = ONE // 10
_EXPONENT_BOUND = 2**254 // _ONE_20
_WHOLE = (
    (128 * ONE, 38_877_084_059_945_950_922_200_000_000_000_000_000_000_000_000_000_000_000),
    (64 * ONE, 6_235_149_080_811_616_882_910_000_000),
)
"""Exponents and ``e`` to them, without decimals."""
_PARTS = (
    (32 * _ONE_20, 7_896_296_018_268_069_516_100_000_000_000_000),
    (16 * _ONE_20, 888_611_052_050_787_263_676_000_000),
    (8 * _ONE_20, 298_095_798_704_172_827_474_000),
    (4 * _ONE_20, 5_459_815_003_314_423_907_810),
    (2 * _ONE_20, 738_905_609_893_065_022_723),
    (_ONE_20, 271_828_182_845_904_523_536),
    (_ONE_20 // 2, 164_872_127_070_012_814_685),
    (_ONE_20 // 4, 128_402_541_668_774_148_407),
    (_ONE_20 // 8, 113_314_845_306_682_631_683),
    (_ONE_20 // 16, 106_449_445_891_785_942_956),
)
"""Exponents and ``e`` to them, of 20 decimals."""
_EXP_PARTS = _PARTS[:8]
_EXP_TERMS = range(2, 13)
_RELATIVE_ERROR = 10_000
"""Of a power, in 1e-18."""


def power(x: int, y: int) -> int:
    """``x**y``, some parts of 1e-14 off. Raises ``SwapRefusedError`` where the result leaves its range."""
    if y == 0:
        return ONE
    if x == 0:
        return 0
    require(x >> 255 == 0, "BAL#006 X_OUT_OF_BOUNDS")
    require(y < _EXPONENT_BOUND, "BAL#007 Y_OUT_OF_BOUNDS")
    if abs(x - ONE) < _NEAR_ONE:
        whole, rest = _divided(_ln_36(x), ONE)
        exponent = whole * y + _divided(rest * y, ONE)[0]
    else:
        exponent = _ln(x) * y
    exponent = _divided(exponent, ONE)[0]
    require(_SMALLEST <= exponent <= _LARGEST, "BAL#008 PRODUCT_OUT_OF_BOUNDS")
    return _exp(exponent)


def power_down(x: int, y: int, fast: bool = True) -> int:
    """``power`` less its greatest error. ``fast`` pools square where the exponent is one, two or four."""
    if fast and (exact := _squares(x, y, mul_down)) is not None:
        return exact
    raw = power(x, y)
    return max(raw - _error(raw), 0)


def power_up(x: int, y: int, fast: bool = True) -> int:
    """``power`` and its greatest error. ``fast`` pools square where the exponent is one, two or four."""
    if fast and (exact := _squares(x, y, mul_up)) is not None:
        return exact
    raw = power(x, y)
    return u256(raw + _error(raw))


def _squares(x: int, y: int, multiply: Callable[[int, int], int]) -> int | None:
    if y == ONE:
        return x
    if y == 2 * ONE:
        return multiply(x, x)
    if y == 4 * ONE:
        square = multiply(x, x)
        return multiply(square, square)
    return None


def _error(raw: int) -> int:
    return mul_up(raw, _RELATIVE_ERROR) + 1


def _divided(numerator: int, denominator: int) -> tuple[int, int]:
    """Quotient towards zero and rest, as signed words divide."""
    quotient, rest = divmod(abs(numerator), denominator)
    return (-quotient, -rest) if numerator < 0 else (quotient, rest)


def _exp(x: int) -> int:
    if x < 0:
        return ONE * ONE // _exp(-x)
    first = 1
    for exponent, factor in _WHOLE:
        if x >= exponent:
            x, first = x - exponent, factor
            break
    x *= 100
    product = _ONE_20
    for exponent, factor in _EXP_PARTS:
        if x >= exponent:
            x -= exponent
            product = product * factor // _ONE_20
    series, term = _ONE_20 + x, x
    for n in _EXP_TERMS:
        term = term * x // _ONE_20 // n
        series += term
    return product * series // _ONE_20 * first // 100


def _ln(a: int) -> int:
    if a < ONE:
        return -_ln(ONE * ONE // a)
    total = 0
    for exponent, factor in _WHOLE:
        if a >= factor * ONE:
            a //= factor
            total += exponent
    total, a = total * 100, a * 100
    for exponent, factor in _PARTS:
        if a >= factor:
            a = a * _ONE_20 // factor
            total += exponent
    return (total + _artanh_doubled(a, _ONE_20, 11)) // 100


def _ln_36(x: int) -> int:
    return _artanh_doubled(x * ONE, _ONE_36, 15)


def _artanh_doubled(a: int, unit: int, last: int) -> int:
    """``ln(a)`` of a number near one by the odd terms of ``2 * artanh((a - 1) / (a + 1))`` up to ``last``."""
    z = _divided((a - unit) * unit, a + unit)[0]
    square = z * z // unit
    term = series = z
    for n in range(3, last + 1, 2):
        term = _divided(term * square, unit)[0]
        series += _divided(term, n)[0]
    return 2 * series
