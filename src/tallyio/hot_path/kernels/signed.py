"""Words read as signed numbers in two's complement."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.kernels.ratio import over
from tallyio.hot_path.uint256 import bits, limb, u256

Word = Any

_ZERO = np.uint64(0)
_TOP = np.uint64(3)
_SIGN = np.uint64(63)
_ROOM = np.uint64(254)


@inlined
def negative(a: Word) -> bool:
    below: bool = limb(a, _TOP) >> _SIGN != _ZERO
    return below


@inlined
def size_of(a: Word) -> Word:
    """The magnitude, unsigned."""
    return u256(_ZERO) - a if negative(a) else a


@kernel
def divided(a: Word, d: Word) -> Word:
    """The quotient towards zero; 0 for ``d == 0``, which the caller has to exclude."""
    q = over(size_of(a), size_of(d))
    return u256(_ZERO) - q if negative(a) != negative(d) else q


@inlined
def multiplies(a: Word, b: Word) -> bool:
    """Whether the product of two signed words certainly fits one."""
    fine: bool = bits(size_of(a)) + bits(size_of(b)) <= _ROOM
    return fine
