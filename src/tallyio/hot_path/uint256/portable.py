"""Division of 128 by 64 bits on processors without an instruction for it; runs on any, compiled or not.

Schoolbook division with half limbs: Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel

Limb = Any

_HALF = np.uint64(32)
_LOW = np.uint64(2**32 - 1)
_BASE = np.uint64(2**32)
_ONE = np.uint64(1)
_TOP = np.uint64(2**63)


@kernel
def divide_limbs(high: Limb, low: Limb, d: Limb) -> tuple[Limb, Limb]:
    """Quotient and remainder of ``high:low`` by ``d``, all uint64. Needs ``high < d``."""
    places = np.uint64(0)
    while d < _TOP:
        d = d << _ONE
        high = (high << _ONE) | (low >> np.uint64(63))
        low = low << _ONE
        places = places + _ONE
    upper, rest = _half_digit(high, low >> _HALF, d)
    lower, rest = _half_digit(rest, low & _LOW, d)
    return (upper << _HALF) | lower, rest >> places


@kernel
def _half_digit(rest: Limb, following: Limb, d: Limb) -> tuple[Limb, Limb]:
    """Half a limb of the quotient of ``rest:following`` by ``d`` (top bit set, above ``rest``), and the remainder."""
    d1, d0 = d >> _HALF, d & _LOW
    q = rest // d1
    over = rest - q * d1
    while q >= _BASE or q * d0 > ((over << _HALF) | following):
        q = q - _ONE
        over = over + d1
        if over >= _BASE:
            break
    # The true remainder fits a limb, so sums that wrap come out right.
    whole = ((rest & _LOW) << _HALF) | following
    return q, whole - _low_product(q, d)


@kernel
def _low_product(q: Limb, d: Limb) -> Limb:
    """The low limb of ``q * d`` for ``q`` below 2**32."""
    return ((((q * (d >> _HALF)) & _LOW) << _HALF) + q * (d & _LOW)) & np.uint64(2**64 - 1)
