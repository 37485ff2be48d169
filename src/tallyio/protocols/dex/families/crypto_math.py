"""What CryptoSwap pools of two and three coins share: D by Newton's method, signed quotients, cube roots, the fee.

Source: M. Egorov, "Automatic market-making with dynamic peg" (2021). Balances are scaled to 18 decimals and by the
price scale into coin 0; ``ann`` is A times ``N**N`` times 10,000; gamma is 1e18.
"""

from tallyio.protocols.dex.families.words import div, require, u256

ONE = 10**18
FEE_UNIT = 10**10
A_MULTIPLIER = 10_000
_NO_SCALING = 115_792_089_237_316_195_423_570_985_008_687_907_853_269

_POWERS_1260, _POWERS_1000 = (1, 1260, 1260**2), (1, 1000, 1000**2)


def sdiv(numerator: int, denominator: int) -> int:
    """The quotient towards zero, as signed words divide."""
    require(denominator != 0, "division by zero")
    quotient = abs(numerator) // abs(denominator)
    return -quotient if (numerator < 0) != (denominator < 0) else quotient


def cube_root(x: int) -> int:
    """The cube root of ``x`` (1e18), by seven Newton steps from a power of two."""
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
