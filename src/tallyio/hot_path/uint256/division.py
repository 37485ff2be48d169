"""Division of up to 512 by 256 bits, on as many limbs as the divisor has.

The divisor is shifted until its top bit is set; the reciprocal of its two top limbs is found once, and
each limb of the quotient is then two multiplications. Source: Möller and Granlund, Improved Division by Invariant
Integers, IEEE Transactions on Computers 60 (2011), algorithms 4 and 6; for longer divisors the estimate is corrected
as in Knuth's algorithm D.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.uint256.native_machine import (
    divide_limb_step,
    divide_step,
    leading_zeros,
    limb_reciprocal,
    multiply_limbs,
    multiply_low,
    shifted_in,
)
from tallyio.hot_path.uint256.native_words import from_limbs, limb, u256

Limb = Any
Word = Any

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_ALL = np.uint64(2**64 - 1)


@inlined
def divide(high: Word, low: Word, d: Word) -> tuple[Word, bool]:
    """Quotient of ``high:low`` by ``d``, and whether a remainder is left. Needs ``high < d``."""
    if limb(d, 3) != _ZERO:
        return _by_four(high, low, d)
    if limb(d, 2) != _ZERO:
        return _by_three(high, low, d)
    if limb(d, 1) != _ZERO:
        return by_two(limb(high, 1), limb(high, 0), low, limb(d, 1), limb(d, 0))
    return by_one(limb(high, 0), low, limb(d, 0))


@inlined
def reciprocal(d1: Limb, d0: Limb) -> Limb:
    """``floor((2**192 - 1) / (d1:d0)) - 2**64`` for a divisor with its top bit set."""
    v = limb_reciprocal(d1)
    p = d1 * v + d0
    if p < d0:
        v -= _ONE
        if p >= d1:
            v -= _ONE
            p -= d1
        p -= d1
    t1, t0 = multiply_limbs(v, d0)
    p += t1
    if p < t1:
        v -= _ONE
        if p > d1 or (p == d1 and t0 >= d0):
            v -= _ONE
    return v


@kernel
def by_one(rest: Limb, low: Word, d: Limb) -> tuple[Word, bool]:
    """``one``, called: for divisors of any size it is the rare case."""
    return one(rest, low, d)


@inlined
def one(rest: Limb, low: Word, d: Limb) -> tuple[Word, bool]:
    """Quotient of ``rest:low`` by one limb, ``rest`` below it, and whether a remainder is left.

    Compiled into its caller, the reciprocal of a constant divisor is a constant.
    """
    s = leading_zeros(d)
    d = d << s
    v = limb_reciprocal(d)
    l3, l2, l1, l0 = limb(low, 3), limb(low, 2), limb(low, 1), limb(low, 0)
    rest = shifted_in(rest, l3, s)
    l3, l2, l1, l0 = shifted_in(l3, l2, s), shifted_in(l2, l1, s), shifted_in(l1, l0, s), l0 << s
    q3 = _ZERO
    q2 = _ZERO
    if rest != _ZERO or l3 >= d:
        q3, rest = divide_limb_step(rest, l3, d, v)
        q2, rest = divide_limb_step(rest, l2, d, v)
    elif l3 != _ZERO or l2 >= d:
        q2, rest = divide_limb_step(l3, l2, d, v)
    else:
        rest = l2
    q1, rest = divide_limb_step(rest, l1, d, v)
    q0, rest = divide_limb_step(rest, l0, d, v)
    return from_limbs(q0, q1, q2, q3), rest != _ZERO


@kernel
def by_two(h1: Limb, h0: Limb, low: Word, d1: Limb, d0: Limb) -> tuple[Word, bool]:
    """Quotient of ``h1:h0:low`` by ``d1:d0``, ``d1`` not zero, and whether a remainder is left."""
    s = leading_zeros(d1)
    d1, d0 = shifted_in(d1, d0, s), d0 << s
    l3, l2, l1, l0 = limb(low, 3), limb(low, 2), limb(low, 1), limb(low, 0)
    v = reciprocal(d1, d0)
    r1, r0 = shifted_in(h1, h0, s), shifted_in(h0, l3, s)
    l3, l2, l1, l0 = shifted_in(l3, l2, s), shifted_in(l2, l1, s), shifted_in(l1, l0, s), l0 << s
    q3 = _ZERO
    q2 = _ZERO
    if r1 != _ZERO or r0 >= d1:
        q3, r1, r0 = divide_step(r1, r0, l3, d1, d0, v)
    else:
        r1, r0 = r0, l3
    if r1 != _ZERO or r0 >= d1:
        q2, r1, r0 = divide_step(r1, r0, l2, d1, d0, v)
    else:
        r1, r0 = r0, l2
    q1, r1, r0 = divide_step(r1, r0, l1, d1, d0, v)
    q0, r1, r0 = divide_step(r1, r0, l0, d1, d0, v)
    return from_limbs(q0, q1, q2, q3), (r1 | r0) != _ZERO


@inlined
def _three(rest: Word, u: Limb, d: Word, v: Limb) -> tuple[Limb, Word]:
    """The next limb of a quotient by three limbs: ``rest < d``, both of 192 bits."""
    r2, r1, r0 = limb(rest, 2), limb(rest, 1), limb(rest, 0)
    d2, d1 = limb(d, 2), limb(d, 1)
    if r2 == d2 and r1 == d1:
        return _ALL, from_limbs(u, r0, r1, r2) - d * u256(_ALL)
    q, t1, t0 = divide_step(r2, r1, r0, d2, d1, v)
    part = from_limbs(u, t0, t1, _ZERO)
    away = multiply_low(_ZERO, limb(d, 0), q)
    rest = part - away
    if part < away:
        q -= _ONE
        rest = rest + d
    return q, rest


@kernel
def _by_three(high: Word, low: Word, d: Word) -> tuple[Word, bool]:
    d2, d1, d0 = limb(d, 2), limb(d, 1), limb(d, 0)
    s = leading_zeros(d2)
    d2, d1, d0 = shifted_in(d2, d1, s), shifted_in(d1, d0, s), d0 << s
    d = from_limbs(d0, d1, d2, _ZERO)
    v = reciprocal(d2, d1)
    h0 = limb(high, 0)
    l3, l2, l1, l0 = limb(low, 3), limb(low, 2), limb(low, 1), limb(low, 0)
    rest = from_limbs(
        shifted_in(h0, l3, s), shifted_in(limb(high, 1), h0, s), shifted_in(limb(high, 2), limb(high, 1), s), _ZERO
    )
    l3, l2, l1, l0 = shifted_in(l3, l2, s), shifted_in(l2, l1, s), shifted_in(l1, l0, s), l0 << s
    q3 = _ZERO
    q2 = _ZERO
    if limb(rest, 2) != _ZERO or limb(rest, 1) >= limb(d, 2):
        q3, rest = _three(rest, l3, d, v)
    else:
        rest = from_limbs(l3, limb(rest, 0), limb(rest, 1), _ZERO)
    if limb(rest, 2) != _ZERO or limb(rest, 1) >= limb(d, 2):
        q2, rest = _three(rest, l2, d, v)
    else:
        rest = from_limbs(l2, limb(rest, 0), limb(rest, 1), _ZERO)
    q1, rest = _three(rest, l1, d, v)
    q0, rest = _three(rest, l0, d, v)
    return from_limbs(q0, q1, q2, q3), rest != u256(_ZERO)


@inlined
def _four(rest: Word, u: Limb, d: Word, v: Limb) -> tuple[Limb, Word]:
    """The next limb of a quotient by four limbs: ``rest < d``."""
    r3, r2, r1, r0 = limb(rest, 3), limb(rest, 2), limb(rest, 1), limb(rest, 0)
    d3, d2 = limb(d, 3), limb(d, 2)
    if r3 == d3 and r2 == d2:
        return _ALL, from_limbs(u, r0, r1, r2) - d * u256(_ALL)
    q, t1, t0 = divide_step(r3, r2, r1, d3, d2, v)
    part = from_limbs(u, r0, t0, t1)
    away = multiply_low(limb(d, 1), limb(d, 0), q)
    rest = part - away
    if part < away:
        q -= _ONE
        rest = rest + d
    return q, rest


@kernel
def _by_four(high: Word, low: Word, d: Word) -> tuple[Word, bool]:
    s = leading_zeros(limb(d, 3))
    h3, h2, h1, h0 = limb(high, 3), limb(high, 2), limb(high, 1), limb(high, 0)
    l3, l2, l1, l0 = limb(low, 3), limb(low, 2), limb(low, 1), limb(low, 0)
    d3, d2, d1, d0 = limb(d, 3), limb(d, 2), limb(d, 1), limb(d, 0)
    d3, d2, d1, d0 = shifted_in(d3, d2, s), shifted_in(d2, d1, s), shifted_in(d1, d0, s), d0 << s
    d = from_limbs(d0, d1, d2, d3)
    v = reciprocal(d3, d2)
    rest = from_limbs(shifted_in(h0, l3, s), shifted_in(h1, h0, s), shifted_in(h2, h1, s), shifted_in(h3, h2, s))
    l3, l2, l1, l0 = shifted_in(l3, l2, s), shifted_in(l2, l1, s), shifted_in(l1, l0, s), l0 << s
    q3 = _ZERO
    q2 = _ZERO
    if limb(rest, 3) != _ZERO or limb(rest, 2) >= d3:
        q3, rest = _four(rest, l3, d, v)
    else:
        rest = from_limbs(l3, limb(rest, 0), limb(rest, 1), limb(rest, 2))
    if limb(rest, 3) != _ZERO or limb(rest, 2) >= d3:
        q2, rest = _four(rest, l2, d, v)
    else:
        rest = from_limbs(l2, limb(rest, 0), limb(rest, 1), limb(rest, 2))
    q1, rest = _four(rest, l1, d, v)
    q0, rest = _four(rest, l0, d, v)
    return from_limbs(q0, q1, q2, q3), rest != u256(_ZERO)
