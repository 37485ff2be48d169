"""The checked operations and divisions, compiled; ``plain`` has their twins."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.uint256.division import divide, one
from tallyio.hot_path.uint256.native_machine import mul_128, multiply_wide
from tallyio.hot_path.uint256.native_words import from_float, to_float, u256

Limb = Any
Word = Any

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_HALF_BITS = np.uint64(128)
_ABOVE = 1.0 + 2.0**-48
"""Lifts a root found in doubles above the true one, whatever was rounded on the way."""

mul_wide = multiply_wide

__all__ = ["mul_128"]


@inlined
def fits(a: Word, n: Limb) -> bool:
    """Whether ``a`` is below ``2**n``, for ``n`` from 0 to 255."""
    below: bool = (a >> np.uint64(n)) == u256(_ZERO)
    return below


@inlined
def add_checked(a: Word, b: Word) -> tuple[Word, bool]:
    total = a + b
    return total, total >= a


@kernel
def sub_checked(a: Word, b: Word) -> tuple[Word, bool]:
    return a - b, a >= b


@inlined
def mul_checked(a: Word, b: Word) -> tuple[Word, bool]:
    if fits(a | b, _HALF_BITS):
        return mul_128(a, b), True
    high, low = multiply_wide(a, b)
    return low, high == u256(_ZERO)


@inlined
def mul_div(a: Word, b: Word, d: Word) -> tuple[Word, bool]:
    high, low = multiply_wide(a, b)
    if high >= d:
        return u256(_ZERO), False
    q, _ = divide(high, low, d)
    return q, True


@inlined
def mul_div_up(a: Word, b: Word, d: Word) -> tuple[Word, bool]:
    high, low = multiply_wide(a, b)
    if high >= d:
        return u256(_ZERO), False
    q, rest = divide(high, low, d)
    if rest:
        q = q + u256(_ONE)
        if q == u256(_ZERO):
            return q, False
    return q, True


@inlined
def div(a: Word, d: Word) -> tuple[Word, bool]:
    if d == u256(_ZERO):
        return d, False
    q, _ = divide(u256(_ZERO), a, d)
    return q, True


@inlined
def div_up(a: Word, d: Word) -> tuple[Word, bool]:
    if d == u256(_ZERO):
        return d, False
    q, rest = divide(u256(_ZERO), a, d)
    if rest:
        q = q + u256(_ONE)
    return q, True


@inlined
def div_small(a: Word, d: Limb) -> tuple[Word, bool]:
    d = np.uint64(d)
    if d == _ZERO:
        return u256(_ZERO), False
    q, _ = one(_ZERO, a, d)
    return q, True


@kernel
def isqrt(a: Word) -> Word:
    """Newton's method from above: it falls at every step until it stands on the floor of the root."""
    if a == u256(_ZERO):
        return a
    root = from_float(np.sqrt(to_float(a)) * _ABOVE) + u256(_ONE)
    while True:
        q, _ = divide(u256(_ZERO), a, root)
        following = (root + q) >> _ONE
        if following >= root:
            return root
        root = following
