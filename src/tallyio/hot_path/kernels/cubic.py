"""The root of CryptoSwap's cubic by Cardano's formula, and Newton's method where it has none; two and three coins.

Source: M. Egorov, "Automatic market-making with dynamic peg" (2021). Numbers whose products would leave a signed word
are told as ``BEYOND``: the contracts' unchecked arithmetic means nothing there.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.codes import BEYOND, PAID, REFUSED
from tallyio.hot_path.kernels.ratio import over, over_wad
from tallyio.hot_path.kernels.roots import cube_root, square_root
from tallyio.hot_path.kernels.signed import divided, multiplies, negative, size_of
from tallyio.hot_path.linked import linked
from tallyio.hot_path.uint256 import bits, constant, div_small, fits, load, mul_128, mul_checked, store, u256

Word = Any
Words = Any
Limb = Any
Index = Any

NO_ROOT = 3
"""Beside the codes: the discriminant is not positive."""

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_WAD = np.uint64(10**18)
_HALF = np.uint64(126)
_SIZE = np.uint64(128)
_SIGNED = np.uint64(254)
_SPAN = np.uint64(10**14)
_A_MULTIPLIER = np.uint64(10_000)
_SCALE = np.uint64(100)
_LEAST_LIMIT = np.uint64(100)
_TWO_WAD = constant(2 * 10**18)
_MILLION = np.uint64(10**6)
_TENS_24 = constant(10**24)
_STEPS = 255


@kernel
def scale_down(size: Word, most: Index, step: Limb) -> Word:
    """What a cubic's terms are divided by: ``10**(p - 18)`` for the greatest ``p`` of 24 and up in ``most`` steps of
    ``step``, a power of ten, for which ``size`` is above ``10**p``; else 100 above ``10**20``, else 1.
    """
    found, mark = u256(_MILLION), _TENS_24()
    if not size > mark:
        return u256(_SCALE) if size > mul_128(u256(_WAD), u256(_SCALE)) else u256(_ONE)
    for _ in range(most):
        mark = mark * u256(step)
        if not size > mark:
            break
        found = mul_128(found, u256(step))
    return found


@kernel
def _cardano(b: Word, delta0: Word, delta1: Word) -> tuple[Word, Index]:
    """The formula's product of cube roots, ``c1``; ``NO_ROOT`` where the discriminant is not positive."""
    nothing = u256(_ZERO)
    if not fits(size_of(delta0), _HALF) or not fits(size_of(delta1), _HALF):
        return nothing, BEYOND
    part = divided((delta0 * delta0) << np.uint64(2), b)
    if not multiplies(part, delta0):
        return nothing, BEYOND
    under = delta1 * delta1 + part * delta0
    if negative(under) or under == nothing:
        return nothing, NO_ROOT
    if not fits(under, _SIGNED):
        return nothing, BEYOND
    root = square_root(under)
    first = cube_root(size_of(b))
    if not negative(delta1) and delta1 != nothing:
        second = cube_root((delta1 + root) >> _ONE)
        opposite = False
    else:
        second = cube_root((root - delta1) >> _ONE)
        opposite = True
    if not fits(first | second, _HALF):
        return nothing, BEYOND
    squared = over_wad(mul_128(first, first))
    if bits(squared) + bits(second) > _SIGNED:
        return nothing, BEYOND
    c1 = over_wad(squared * second)
    if c1 == nothing:
        return nothing, REFUSED
    return (nothing - c1 if opposite else c1), PAID


def _cardano_entry(b: Words, delta0: Words, delta1: Words, out: Words) -> Index:
    c1, code = _cardano(load(b, 0), load(delta0, 0), load(delta1, 0))
    store(out, 0, c1)
    return code


cardano = linked("cardano", "www", "wi", _cardano, _cardano_entry)


@kernel
def _newton_balance(
    n: Index, ann: Index, gamma: Index, x: Word, z: Word, d: Word, start: Word, k0_others: Word
) -> tuple[Word, Index]:
    """The last balance by Newton's method; ``x`` and ``z`` (0 for two coins) are the others, ``k0_others`` their K0."""
    nothing, wad = u256(_ZERO), u256(_WAD)
    ann, gamma = np.uint64(ann), np.uint64(gamma)
    largest = x if x > z else z
    limit = largest if largest > d else d
    limit, _ = div_small(limit, _SPAN)
    if limit < u256(_LEAST_LIMIT):
        limit = u256(_LEAST_LIMIT)
    whole = mul_128(wad, d)
    base, _ = div_small(whole, gamma)
    y, others = start, x + z
    for _ in range(_STEPS):
        before = y
        if not fits(y, _SIZE) or not fits(k0_others, _SIZE):
            return nothing, BEYOND
        k0 = over(mul_128(k0_others, y) * u256(np.uint64(n)), d)
        total = others + y
        one_gamma = u256(gamma) + wad
        far = (one_gamma - k0 if one_gamma > k0 else k0 - one_gamma) + u256(_ONE)
        mul1, fine = mul_checked(base, far)
        mul1, _ = div_small(mul1, gamma)
        mul1, small = mul_checked(mul1, far)
        fine = fine and small
        mul1, small = mul_checked(mul1, u256(_A_MULTIPLIER))
        mul1, _ = div_small(mul1, ann)
        fine = fine and small
        twice, small = mul_checked(_TWO_WAD(), k0)
        mul2 = wad + over(twice, far)
        fine = fine and small
        weighed, small = mul_checked(total, mul2)
        fine = fine and small and fits(weighed | mul1, _SIGNED)
        taken, small = mul_checked(d, mul2)
        if not fine or not small:
            return nothing, BEYOND
        slope = mul_128(wad, y) + weighed + mul1
        if slope < taken:
            y = before >> _ONE
            continue
        slope = slope - taken
        if y == nothing:
            return nothing, REFUSED
        steep = over(slope, y)
        if steep == nothing or k0 == nothing:
            return nothing, REFUSED
        minus = over(mul1, steep)
        back, small = mul_checked(minus, wad)
        if not small or not fits(slope | whole | back, _SIGNED):
            return nothing, BEYOND
        plus = over(slope + whole, steep) + over(back, k0)
        minus = minus + over(mul_128(wad, total), steep)
        y = before >> _ONE if plus < minus else plus - minus
        moved = y - before if y > before else before - y
        near, _ = div_small(y, _SPAN)
        if moved < (limit if limit > near else near):
            return y, PAID
    return nothing, REFUSED


def _newton_balance_entry(
    n: Index, ann: Index, gamma: Index, x: Words, z: Words, d: Words, start: Words, k0_others: Words, out: Words
) -> Index:
    y, code = _newton_balance(n, ann, gamma, load(x, 0), load(z, 0), load(d, 0), load(start, 0), load(k0_others, 0))
    store(out, 0, y)
    return code


newton_balance = linked("newton_balance", "iiiwwwww", "wi", _newton_balance, _newton_balance_entry)


@kernel
def in_share(value: Word, d: Word, slack: Limb) -> bool:
    """Whether ``value * 1e18 // d`` is from ``1e16 - slack`` to ``1e20``."""
    if not fits(value, _SIZE):
        return False
    part = mul_128(value, u256(_WAD))
    least, most = np.uint64(10**16) - slack, mul_128(u256(_WAD), u256(_SCALE)) + u256(_ONE)
    return part >= mul_128(d, u256(least)) and part < mul_128(d, most)
