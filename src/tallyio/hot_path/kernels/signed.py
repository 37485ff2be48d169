"""Words read as signed numbers in two's complement."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.linked import linked
from tallyio.hot_path.uint256 import bits, div, div_small, fits, limb, load, store, to_float, u256

Word = Any
Words = Any
Real = Any

_ZERO = np.uint64(0)
_TOP = np.uint64(3)
_SIGN = np.uint64(63)
_ROOM = np.uint64(254)
_LIMB = np.uint64(64)


@inlined
def negative(a: Word) -> bool:
    below: bool = limb(a, _TOP) >> _SIGN != _ZERO
    return below


@inlined
def size_of(a: Word) -> Word:
    """The magnitude, unsigned."""
    return u256(_ZERO) - a if negative(a) else a


@inlined
def signed_float(a: Word) -> Real:
    return -to_float(u256(_ZERO) - a) if negative(a) else to_float(a)


@kernel
def _divided(a: Word, d: Word) -> Word:
    below = size_of(d)
    if fits(below, _LIMB):
        q, _ = div_small(size_of(a), limb(below, _ZERO))
    else:
        q, _ = div(size_of(a), below)
    return u256(_ZERO) - q if negative(a) != negative(d) else q


def _divided_entry(a: Words, d: Words, out: Words) -> int:
    store(out, 0, _divided(load(a, 0), load(d, 0)))
    return 0


divided = linked("divided", "ww", "w", _divided, _divided_entry)
"""The quotient towards zero; 0 for ``d == 0``, which the caller has to exclude."""


@inlined
def multiplies(a: Word, b: Word) -> bool:
    """Whether the product of two signed words certainly fits one."""
    fine: bool = bits(size_of(a)) + bits(size_of(b)) <= _ROOM
    return fine
