"""Solidly's stable and volatile curves, as Aerodrome, Velodrome and Camelot round them.

The stable curve holds ``x**3 * y + x * y**3`` (both in 18 decimals). The three contracts differ in how Newton's method
ends and in whether overflow is checked. Source: the Solidly and Velodrome documentation, and the contracts' answers.
"""

from tallyio.core.pools import AERODROME as AERODROME
from tallyio.core.pools import CAMELOT as CAMELOT
from tallyio.core.pools import VELODROME as VELODROME
from tallyio.core.units import UINT256_MAX
from tallyio.protocols.dex.families.words import SwapRefusedError, div, require, u256

ONE = 10**18
_STEPS = 255
_WORD = UINT256_MAX + 1


def invariant(x: int, y: int, scale_x: int, scale_y: int, stable: bool) -> int:
    """The pool's ``k`` of two balances; scales are ``10**decimals`` of the tokens."""
    if not stable:
        return u256(x * y)
    return curve(u256(x * ONE) // scale_x, u256(y * ONE) // scale_y)


def curve(x: int, y: int) -> int:
    """``x*y*(x*x + y*y)`` of 18-decimal balances, each product rounded down."""
    product = u256(x * y) // ONE
    squares = u256(u256(x * x) // ONE + u256(y * y) // ONE)
    return u256(product * squares) // ONE


def slope(x: int, y: int) -> int:
    """The curve's derivative by ``y``: ``3*x*y*y + x*x*x``."""
    first = u256(3 * x * (u256(y * y) // ONE)) // ONE
    return u256(first + u256(u256(x * x) // ONE * x) // ONE)


def balance_on_curve(x: int, k: int, y: int, scale_x: int, scale_y: int, variant: str) -> int:
    """The other balance at which the curve again has ``k`` (Newton from ``y``), as Aerodrome and Velodrome end it."""
    for _ in range(_STEPS):
        found = curve(x, y)
        if found < k:
            step = div(u256((k - found) * ONE), slope(x, y))
            if step == 0:
                if variant == AERODROME:  # its test scales the scaled balances once more
                    above = invariant(x, u256(y + 1), scale_x, scale_y, True)
                else:
                    above = curve(x, u256(y + 1))
                if above > k:
                    return y + 1
                step = 1
            y = u256(y + step)
        else:
            step = div(u256((found - k) * ONE), slope(x, y))
            if step == 0:
                if found == k or curve(x, u256(y - 1)) < k:
                    return y
                step = 1
            y = u256(y - step)
    raise SwapRefusedError("!y")


def wrapped_balance_on_curve(x: int, k: int, y: int) -> int:
    """The same as Camelot computes it: until a step of at most one, in arithmetic modulo ``2**256``."""
    cube = (x * x % _WORD) // ONE * x % _WORD // ONE
    for _ in range(_STEPS):
        before = y
        square = y * y % _WORD // ONE
        found = (x * (square * y % _WORD // ONE) % _WORD // ONE + cube * y % _WORD // ONE) % _WORD
        derivative = (3 * x * square % _WORD // ONE + cube) % _WORD
        if found < k:
            y = (y + div((k - found) * ONE % _WORD, derivative)) % _WORD
        else:
            y = (y - div((found - k) * ONE % _WORD, derivative)) % _WORD
        if abs(y - before) <= 1:
            break
    return y


def stable_out(net_in: int, reserve_in: int, reserve_out: int, scale_in: int, scale_out: int, variant: str) -> int:
    """What the stable curve pays for ``net_in``, the fee already taken. Scales as of the tokens in and out."""
    k = invariant(reserve_in, reserve_out, scale_in, scale_out, True)
    if variant == CAMELOT:
        x, y = reserve_in * ONE % _WORD // scale_in, reserve_out * ONE % _WORD // scale_out
        entered = net_in * ONE % _WORD // scale_in
        left = (y - wrapped_balance_on_curve((entered + x) % _WORD, k, y)) % _WORD
        return left * scale_out % _WORD // ONE
    x, y = u256(reserve_in * ONE) // scale_in, u256(reserve_out * ONE) // scale_out
    entered = u256(net_in * ONE) // scale_in
    left = u256(y - balance_on_curve(u256(entered + x), k, y, scale_in, scale_out, variant))
    return u256(left * scale_out) // ONE


def volatile_out(net_in: int, reserve_in: int, reserve_out: int) -> int:
    """Constant product, the fee already taken in units of the token."""
    return div(u256(net_in * reserve_out), u256(reserve_in + net_in))


def require_paid(k_before: int, k_after: int) -> None:
    require(k_after >= k_before, "K")
