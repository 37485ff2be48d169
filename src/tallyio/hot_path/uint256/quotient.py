"""Exact quotients from a float's estimate: two parts of it, a correction, and the remainder is the proof.

A general division normalises and takes a limb at a time. Here a double gives the quotient's upper bits, rounded down
so that what is left is never negative; the double of that gives the lower ones, and a quotient counts only if what is
left then is below the divisor.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined
from tallyio.hot_path.uint256 import fits, from_float_128, limb, to_float, u256

Word = Any
Real = Any

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_TOP = np.uint64(3)
_DIVISOR_BITS = np.uint64(252)
_BELOW = 1.0 - 2.0**-48
_MOST = 2.0**96
_SPAN = 2.0**297


@inlined
def quotient(low: Word, size: Real, d: Word) -> tuple[Word, bool, bool]:
    """``n / d`` rounded down, whether a remainder is left, and whether that is proven.

    ``low`` is the lower 256 bits of ``n``, ``size`` its value within 2**-49 of itself.

    Not proven: beyond the range of this way (``n`` from 2**297, ``d`` from 2**252, a quotient from 2**96, ``d`` 0), and
    at times for quotients from 2**95 on. The first remainder is below ``d + n * 2**-47``, so 256 bits hold it.
    """
    if d == u256(_ZERO) or not fits(d, _DIVISOR_BITS):
        return u256(_ZERO), False, False
    inverse = 1.0 / to_float(d)
    near = size * inverse
    if not (near < _MOST and size < _SPAN):
        return u256(_ZERO), False, False
    q = from_float_128(near * _BELOW)
    rest = low - q * d
    k = u256(np.uint64(np.int64(to_float(rest) * inverse)))
    q = q + k
    rest = rest - k * d
    if limb(rest, _TOP) >> np.uint64(63) != _ZERO:
        q = q - u256(_ONE)
        rest = rest + d
    elif rest >= d:
        q = q + u256(_ONE)
        rest = rest - d
    return q, rest != u256(_ZERO), rest < d
