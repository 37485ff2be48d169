"""What CryptoSwap pools of two and three coins share: D by Newton's method, signed quotients, cube roots, the fee.

Source: M. Egorov, "Automatic market-making with dynamic peg" (2021). Balances are scaled to 18 decimals and by the
price scale into coin 0; ``ann`` is A times ``N**N`` times 10,000; gamma is 1e18.
"""

from collections.abc import Sequence

from tallyio.protocols.dex.families.words import SwapRefusedError, div, require, u256

ONE = 10**18
SHARE = 10**16, 10**20
"""The least and the greatest balance that pools compute with, of D (1e18)."""
FEE_UNIT = 10**10
A_MULTIPLIER = 10_000
_STEPS = 255
_NO_SCALING = 115_792_089_237_316_195_423_570_985_008_687_907_853_269

_TENS = tuple(int(10**power) for power in range(49))
_POWERS_1260, _POWERS_1000 = (1, 1260, 1260**2), (1, 1000, 1000**2)


def sdiv(numerator: int, denominator: int) -> int:
    """The quotient towards zero, as signed words divide."""
    require(denominator != 0, "division by zero")
    quotient = abs(numerator) // abs(denominator)
    return -quotient if (numerator < 0) != (denominator < 0) else quotient


def cube_root(x: int) -> int:
    """The cube root of ``x`` (1e18), by seven Newton steps from a power of two."""
    if x == 0:
        return 0
    if x >= _NO_SCALING * ONE:
        scaled, back = x, 10**12
    elif x >= _NO_SCALING:
        scaled, back = x * ONE, 10**6
    else:
        scaled, back = x * 10**36, 1
    power, rest = divmod(max(scaled.bit_length() - 1, 0), 3)
    root = (1 << power) * _POWERS_1260[rest] // _POWERS_1000[rest]
    for _ in range(7):
        root = (2 * root + scaled // (root * root)) // 3
    return root * back


def deviation(gamma: int, k0: int) -> int:
    """``|gamma + 1 - K0|``, never zero (1e18)."""
    return abs(gamma + ONE - k0) + 1


def newton_step(d: int, total: int, k0: int, ann: int, gamma: int, n: int) -> int:
    """One Newton step for the D at which ``n`` balances that sum to ``total`` lie on the curve."""
    far = deviation(gamma, k0)
    mul1 = u256(ONE * d // gamma * far // gamma * far * A_MULTIPLIER) // ann
    mul2 = 2 * ONE * n * k0 // far
    slope = u256(total + total * mul2 // ONE + div(mul1 * n, k0) - mul2 * d // ONE)
    plus = div(u256(d * (slope + total)), slope)
    minus = d * d // slope
    if k0 < ONE:
        minus += d * (mul1 // slope) // ONE * (ONE - k0) // k0
    else:
        minus = u256(minus - d * (mul1 // slope) // ONE * (k0 - ONE) // k0)
    return plus - minus if plus > minus else (minus - plus) // 2


def converged(d: int, before: int) -> bool:
    return abs(d - before) * 10**14 < max(10**16, d)


def newton_balance(ann: int, gamma: int, others: Sequence[int], d: int, start: int, k0_others: int) -> int:
    """The last balance by Newton's method from ``start``, where a closed form has no root to take.

    ``k0_others`` is K0 (1e18) as far as the other balances make it.
    """
    y, n = start, len(others) + 1
    limit = max(max(others) // 10**14, d // 10**14, 100)
    for _ in range(_STEPS):
        before = y
        k0 = k0_others * y * n // d
        total = sum(others) + y
        far = deviation(gamma, k0)
        mul1 = u256(ONE * d // gamma * far // gamma * far * A_MULTIPLIER) // ann
        mul2 = ONE + 2 * ONE * k0 // far
        slope = ONE * y + total * mul2 + mul1
        if slope < d * mul2:
            y = before // 2
            continue
        slope = u256(slope - d * mul2)
        fprime = div(slope, y)
        minus = div(mul1, fprime)
        plus = (slope + ONE * d) // fprime + div(minus * ONE, k0)
        minus += ONE * total // fprime
        y = before // 2 if plus < minus else plus - minus
        if abs(y - before) < max(limit, y // 10**14):
            return y
    raise SwapRefusedError("Did not converge")


def gk0(gamma: int, k0: int) -> int:
    """The part of the marginal prices that all coins share; ``k0`` in 1e36."""
    cube = 2 * k0 * k0 // 10**36 * k0 // 10**36
    return u256(cube + (gamma + ONE) ** 2 - k0 * k0 // 10**36 * (2 * gamma + 3 * ONE) // ONE)


def scale_down(size: int, step: int) -> int:
    """What a cubic's terms are divided by, so that their products stay in a word.

    For a ``size`` above ``10**48`` it is ``10**30``; both exponents fall by ``step`` together, down to ``10**20``.
    """
    for power in range(48, 23, -step):
        if size > _TENS[power]:
            return _TENS[power - 18]
    return 100 if size > _TENS[20] else 1
