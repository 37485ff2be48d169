"""Exact quotients from a float's estimate: two corrections by the remainder, then the remainder is the proof.

A general division normalises and takes a limb at a time. Here a double gives 48 bits of the quotient at once, the
remainder of that, taken modulo 2**256, gives as many again, and a quotient counts only if what is left is from zero
to below the divisor.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined
from tallyio.hot_path.uint256 import fits, from_float, limb, to_float, u256

Word = Any
Real = Any

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_TOP = np.uint64(3)
_DIVISOR_BITS = np.uint64(252)
_MOST = 2.0**96
_SPAN = 2.0**297


@inlined
def quotient(low: Word, size: Real, d: Word) -> tuple[Word, bool]:
    """``n / d`` rounded down, for ``low`` the lower 256 bits of ``n`` and ``size`` its value within 2**-49 of itself.

    Not ok: beyond the range of this way (``n`` from 2**297, ``d`` from 2**252, a quotient from 2**96, ``d`` 0). In
    that range the first remainder is below 2**253 in either direction, so its lower 256 bits are all of it.
    """
    if d == u256(_ZERO) or not fits(d, _DIVISOR_BITS):
        return u256(_ZERO), False
    inverse = 1.0 / to_float(d)
    near = size * inverse
    if not (near < _MOST and size < _SPAN):
        return u256(_ZERO), False
    q = from_float(near)
    rest = low - q * d
    if limb(rest, _TOP) >> np.uint64(63) != _ZERO:
        k = u256(np.uint64(np.int64(to_float(u256(_ZERO) - rest) * inverse)) + _ONE)
        q = q - k
        rest = rest + k * d
    else:
        k = u256(np.uint64(np.int64(to_float(rest) * inverse)))
        q = q + k
        rest = rest - k * d
    if limb(rest, _TOP) >> np.uint64(63) != _ZERO:
        q = q - u256(_ONE)
        rest = rest + d
    elif rest >= d:
        q = q + u256(_ONE)
        rest = rest - d
    return q, rest < d
