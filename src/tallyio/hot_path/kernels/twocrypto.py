"""CryptoSwap of two coins: a balance in closed form, and how even two balances are; ``crypto`` documents the row."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.kernels.codes import BEYOND, PAID, REFUSED
from tallyio.hot_path.kernels.cubic import NO_ROOT, cardano, in_share, newton_balance, scale_down
from tallyio.hot_path.kernels.ratio import over
from tallyio.hot_path.kernels.signed import divided, multiplies, negative, signed_float, size_of
from tallyio.hot_path.uint256 import constant, div_small, fits, from_float, limb, mul_128, u256

Word = Any
Limb = Any
Index = Any
Real = Any

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_TWO = np.uint64(2)
_THREE = constant(3)
_WAD = np.uint64(10**18)
_FOUR_WAD = np.uint64(4 * 10**18)
_A = constant(10**32)
_THREE_A = constant(3 * 10**32)
_SCALE14 = np.uint64(10**14)
_TEN_THOUSAND = np.uint64(10_000)
_FOUR_HUNDRED_MILLION = np.uint64(400_000_000)
_HUNDRED_MILLION = np.uint64(100_000_000)
_FEWEST_BITS = np.uint64(70)
_SIGNED = np.uint64(254)
_ERROR = 2.0**-46
_LEAST_D, _MOST_D = constant(10**17), constant(10**33)
_STEPS, _STEP = 12, np.uint64(100)


@kernel
def balance(ann: Limb, gamma: Limb, x: Word, d: Word) -> tuple[Word, Index]:
    """The other balance where the curve holds ``d`` and ``x``, both scaled."""
    nothing = u256(_ZERO)
    if d < _LEAST_D() or d > _MOST_D() or not in_share(x, d, _ZERO):
        return nothing, REFUSED
    root, code = _root(ann, gamma, x, d)
    if code == NO_ROOT:
        ratio = over(mul_128(x, u256(_WAD)) << _ONE, d)
        start = over(mul_128(d, d), x << _TWO)
        y, code = newton_balance(2, np.int64(ann), np.int64(gamma), x, nothing, d, start, ratio)
    elif code == PAID:
        y = over(mul_128(d, d), x)
        if negative(root):
            return nothing, REFUSED
        if not multiplies(y, root):
            return nothing, BEYOND
        y, _ = div_small(y * root, _FOUR_WAD)
    else:
        return nothing, code
    if code == PAID and not in_share(y, d, _ONE):
        return nothing, REFUSED
    return y, code


@inlined
def _deltas(a: Word, b: Word, c: Word, e: Word) -> tuple[Word, Word]:
    delta0 = divided(_THREE() * a * c, b) - b
    cube = divided(u256(np.uint64(27)) * a * a, b)
    return delta0, _THREE() * delta0 + b - divided(cube * e, b)


@inlined
def _power_below(size: Real) -> Index:
    """How many of ``scale_down``'s marks ``size`` is above."""
    passed, mark = 0, 1e20
    for k in range(6):
        if size > mark:
            passed += 1
        mark *= 1e4 if k == 0 else 1e2
    return passed


@inlined
def _parted(a: Word, divider: Word) -> Word:
    """The quotient towards zero, by a divisor of one limb."""
    q, _ = div_small(size_of(a), limb(divider, _ZERO))
    return u256(_ZERO) - q if negative(a) else q


@inlined
def _divider(b: Word, c: Word, e: Word) -> Word:
    """``scale_down`` of the least of ``|delta0|``, ``|delta1|``, a: from doubles, where their error cannot matter."""
    fb, fc, fe = signed_float(b), signed_float(c), signed_float(e)
    first, cube = 3e32 * fc / fb, 27e64 / fb * fe / fb
    off = _ERROR * (abs(first) + abs(fb) + 1.0)
    off1 = _ERROR * (3.0 * abs(first) + 4.0 * abs(fb) + abs(cube)) + abs(fe / fb) + 8.0
    delta0 = first - fb
    delta1 = 3.0 * delta0 + fb - cube
    low = min(min(abs(delta0) - off - 2.0, abs(delta1) - off1), 1e32)
    high = min(min(abs(delta0) + off + 2.0, abs(delta1) + off1), 1e32)
    if low > 0.0 and _power_below(low) == _power_below(high):
        return scale_down(from_float(high), _STEPS, _STEP)
    exact0, exact1 = _deltas(_A(), b, c, e)
    least = size_of(exact0)
    if size_of(exact1) < least:
        least = size_of(exact1)
    if _A() < least:
        least = _A()
    return scale_down(least, _STEPS, _STEP)


@kernel
def _root(ann: Limb, gamma: Limb, x: Word, d: Word) -> tuple[Word, Index]:
    nothing = u256(_ZERO)
    one_gamma = u256(_WAD) + u256(gamma)
    gamma2 = mul_128(u256(gamma), u256(gamma))
    weight = mul_128(u256(ann), gamma2)
    a, twice = _A(), mul_128(u256(gamma), u256(_SCALE14)) << _ONE
    part, _ = div_small(d * weight, _FOUR_HUNDRED_MILLION)
    b = over(part, x) - _THREE_A() - twice
    hundredth, _ = div_small(weight, _HUNDRED_MILLION)
    c, _ = div_small(gamma2, _TEN_THOUSAND)
    c = _THREE_A() + (twice << _ONE) + c + over(mul_128(hundredth, x), d) - hundredth
    e, _ = div_small(mul_128(one_gamma, one_gamma), _TEN_THOUSAND)
    e = nothing - e
    if fits(size_of(b), _FEWEST_BITS):
        return nothing, BEYOND
    divider = _divider(b, c, e)
    if divider != u256(_ONE):
        a, b, c, e = _parted(a, divider), _parted(b, divider), _parted(c, divider), _parted(e, divider)
    delta0, delta1 = _deltas(a, b, c, e)
    c1, code = cardano(b, delta0, delta1)
    if code != PAID:
        return nothing, code
    wad = u256(_WAD)
    back = divided(wad * b, c1)
    if not multiplies(back, delta0) or not fits(size_of(c1), _SIGNED - np.uint64(64)):
        return nothing, BEYOND
    return divided(wad * c1 - wad * b - back * delta0, _THREE() * a), PAID


@kernel
def evenness(first: Word, second: Word) -> Word:
    """1e18 where the balances are equal, towards 0 where they are not."""
    total = first + second
    return over(mul_128(over(mul_128(first, u256(_FOUR_WAD)), total), second), total)
