"""CryptoSwap of three coins: a balance in closed form, how even three balances are; ``crypto`` documents the row."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.codes import BEYOND, PAID, REFUSED
from tallyio.hot_path.kernels.cubic import NO_ROOT, cardano, in_share, newton_balance, scale_down
from tallyio.hot_path.kernels.ratio import over
from tallyio.hot_path.kernels.signed import divided, multiplies, negative, size_of
from tallyio.hot_path.uint256 import constant, div_small, fits, mul_128, mul_checked, u256

Word = Any
Limb = Any
Index = Any

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_THREE: Limb = np.uint64(3)
_NINE = constant(9)
_WAD = np.uint64(10**18)
_TWENTY_SEVEN = np.uint64(27)
_NINTH = constant(10**36 // 9)
_A = constant(10**36 // 27)
_PARTS = np.uint64(27 * 27 * 10_000)
_SHARES = np.uint64(27 * 10_000)
_SIGNED = np.uint64(254)
_LEAST_D, _MOST_D = constant(10**17), constant(10**33)
_STEPS, _STEP = 6, np.uint64(10_000)


@kernel
def balance(ann: Limb, gamma: Limb, x: Word, y: Word, d: Word) -> tuple[Word, Index]:
    """The third balance where the curve holds ``d``, ``x`` and ``y``, all scaled."""
    nothing = u256(_ZERO)
    if d < _LEAST_D() or d > _MOST_D() or not in_share(x, d, _ZERO) or not in_share(y, d, _ZERO):
        return nothing, REFUSED
    found, code = _root(ann, gamma, x, y, d)
    if code == NO_ROOT:
        high, low = (x, y) if x > y else (y, x)
        wad, three = u256(_WAD), u256(_THREE)
        third, _ = div_small(d, _THREE)
        start = over(mul_128(over(mul_128(third, d), low * three), d), high * three)
        k0 = over(mul_128(wad, high) * three, d)
        k0 = over(mul_128(k0, low) * three, d)
        found, code = newton_balance(3, np.int64(ann), np.int64(gamma), x, y, d, start, k0)
    if code == PAID and (negative(found) or not in_share(found, d, _ONE)):
        return nothing, REFUSED
    return found, code


@kernel
def _root(ann: Limb, gamma: Limb, x: Word, y: Word, d: Word) -> tuple[Word, Index]:
    nothing = u256(_ZERO)
    wad: Word = u256(_WAD)
    g: Word = u256(gamma)
    gamma2 = mul_128(g, g)
    squared = mul_128(d, d)
    weight = mul_128(gamma2, u256(ann))
    part, small = mul_checked(over(squared, x), weight)
    if not small or not fits(part, _SIGNED):
        return nothing, BEYOND
    part, _ = div_small(part, _PARTS)
    more, _ = div_small(mul_128(wad + wad, g), _TWENTY_SEVEN)
    a, b = _A(), _NINTH() + more - over(part, y)
    more, _ = div_small(mul_128(g, g + (wad << np.uint64(2))), _TWENTY_SEVEN)
    sum_off = x + y - d
    if not multiplies(gamma2, sum_off):
        return nothing, BEYOND
    part = divided(gamma2 * sum_off, d)
    if not multiplies(part, u256(ann)):
        return nothing, BEYOND
    c = _NINTH() + more + divided(part * u256(ann), u256(_SHARES))
    e, _ = div_small(mul_128(wad + g, wad + g), _TWENTY_SEVEN)
    if b == nothing:
        return nothing, REFUSED
    three_a = a + a + a
    if not multiplies(three_a, c):
        return nothing, BEYOND
    divider = scale_down(size_of(divided(three_a * c, b) - b), _STEPS, _STEP)
    if a > size_of(b):
        times = size_of(divided(a, b))
        if not (multiplies(a, times) and multiplies(c, times) and multiplies(e, times)):
            return nothing, BEYOND
        a, b, c, e = over(a * times, divider), b * times, c * times, over(e * times, divider)
        b, c = divided(b, divider), divided(c, divider)
    else:
        less = mul_128(size_of(divided(b, a)), divider)
        a, b, c, e = over(a, less), divided(b, less), divided(c, less), over(e, less)
    if b == nothing or a == nothing:
        return nothing, REFUSED
    if not multiplies(_NINE() * a, c) or not multiplies(_NINE() * a, three_a):
        return nothing, BEYOND
    ac = divided(_NINE() * a * c, b)
    delta0 = divided((a + a + a) * c, b) - b
    cube = divided(u256(_TWENTY_SEVEN) * a * a, b)
    if not multiplies(cube, e):
        return nothing, BEYOND
    delta1 = ac - (b << _ONE) - divided(cube * e, b)
    c1, code = cardano(b, delta0, delta1)
    if code != PAID:
        return nothing, code
    if not multiplies(b, delta0):
        return nothing, BEYOND
    root = divided(b + divided(b * delta0, c1) - c1, u256(_THREE))
    part, _ = div_small(squared, _TWENTY_SEVEN)
    start, fine = mul_checked(over(part, y), d)
    start = over(start, x)
    if not fine or not multiplies(start, root) or not multiplies(wad, root):
        return nothing, BEYOND
    if negative(root):
        return nothing, REFUSED
    return over(start * root, a), PAID


@kernel
def evenness(first: Word, second: Word, third: Word) -> Word:
    """1e18 where the balances are equal, towards 0 where they are not."""
    total, three = first + second + third, u256(_THREE)
    even = over(mul_128(u256(_WAD) * three, first), total)
    even = over(mul_128(even * three, second), total)
    return over(mul_128(even * three, third), total)
