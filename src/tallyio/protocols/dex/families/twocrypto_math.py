"""CryptoSwap of two coins: D, a balance in closed form, and the marginal price.

Source: M. Egorov, "Automatic market-making with dynamic peg" (2021), solved for one balance as a cubic by Cardano's
formula, scaled down where its terms would leave a word; judged by recorded answers.
"""

from collections.abc import Sequence
from math import isqrt

from tallyio.protocols.dex.families.crypto_math import (
    A_MULTIPLIER,
    ONE,
    SHARE,
    converged,
    cube_root,
    gk0,
    newton_balance,
    newton_step,
    scale_down,
    sdiv,
)
from tallyio.protocols.dex.families.words import SwapRefusedError, div, require, u256

N = 2
_ANN = N**N * A_MULTIPLIER // 10, N**N * A_MULTIPLIER * 1000
_GAMMA = 10**10, 2 * 10**15
"""The least and the greatest that the contract computes with."""


def require_safe(ann: int, gamma: int) -> None:
    require(_ANN[0] <= ann <= _ANN[1], "unsafe values A")
    require(_GAMMA[0] <= gamma <= _GAMMA[1], "unsafe values gamma")


def invariant(ann: int, gamma: int, balances: Sequence[int], k0_before: int = 0) -> int:
    """D of two scaled balances. ``k0_before`` is the K0 that ``balance`` found, for a nearer start."""
    require_safe(ann, gamma)
    high, low = max(balances), min(balances)
    require(0 < high < (2**256 - 1) // ONE * N**N, "unsafe balances")
    total = high + low
    d = min(isqrt(4 * high * low // k0_before * ONE), total) if k0_before else N * isqrt(u256(high * low))
    for _ in range(255):
        before = d
        require(d > 0, "the invariant is zero")
        d = newton_step(d, total, ONE * N**2 * high // d * low // d, ann, gamma, N)
        if converged(d, before):
            for x in balances:
                require(SHARE[0] <= x * ONE // d <= SHARE[1], "unsafe values x[i]")
            return d
    raise SwapRefusedError("Did not converge")


def balance(ann: int, gamma: int, balances: Sequence[int], d: int, i: int) -> tuple[int, int]:
    """Balance ``i`` where the curve holds ``d`` and the other balance, and K0 there (0 where it was not found)."""
    require_safe(ann, gamma)
    require(10**17 <= d <= 10**33, "unsafe values D")
    x = balances[1 - i]
    ratio = div(ONE * N * x, d)
    require(SHARE[0] * N <= ratio <= SHARE[1] * N, "unsafe values x[i]")
    root = _root(ann, gamma, x, d)
    if root is None:
        y, k0 = newton_balance(ann, gamma, [x], d, div(d * d, x * N**2), ratio), 0
    else:
        y, k0 = sdiv(sdiv(d * d, x) * root, 4 * ONE), root
    require(SHARE[0] - 1 <= u256(y) * ONE // d <= SHARE[1], "unsafe value for y")
    return y, u256(k0)


def _root(ann: int, gamma: int, x: int, d: int) -> int | None:
    gamma2 = gamma * gamma
    ann_gamma2 = ann * gamma2
    a = 10**32
    b = sdiv(sdiv(d * ann_gamma2, 400_000_000), x) - 3 * 10**32 - 2 * gamma * 10**14
    c = 3 * 10**32 + 4 * gamma * 10**14 + gamma2 // 10**4
    c += sdiv(4 * ann_gamma2 // 400_000_000 * x, d) - 4 * ann_gamma2 // 400_000_000
    e = -((ONE + gamma) ** 2 // 10**4)
    delta0, delta1 = _deltas(a, b, c, e)
    least = min(abs(delta0), abs(delta1), a)
    divider = scale_down(least, 2)
    a, b, c, e = a // divider, sdiv(b, divider), sdiv(c, divider), sdiv(e, divider)
    delta0, delta1 = _deltas(a, b, c, e)
    under = delta1**2 + sdiv(4 * delta0**2, b) * delta0
    if under <= 0:
        return None
    square = isqrt(under)
    first = cube_root(b) if b > 0 else -cube_root(-b)
    second = cube_root((delta1 + square) // 2) if delta1 > 0 else -cube_root((square - delta1) // 2)
    c1 = sdiv(sdiv(first * first, ONE) * second, ONE)
    return sdiv(ONE * c1 - ONE * b - sdiv(ONE * b, c1) * delta0, 3 * a)


def _deltas(a: int, b: int, c: int, e: int) -> tuple[int, int]:
    delta0 = sdiv(3 * a * c, b) - b
    return delta0, 3 * delta0 + b - sdiv(sdiv(27 * a * a, b) * e, b)


def prices(balances: Sequence[int], d: int, ann: int, gamma: int) -> tuple[int, ...]:
    """Marginal price of scaled coin 1 in coin 0 (1e18)."""
    x, y = balances
    k0 = u256(4 * x * y) // d * 10**36 // d
    shared, weight = gk0(gamma, k0), ann * gamma**2 // A_MULTIPLIER
    below = shared + weight * x // d * k0 // 10**36
    return (div(u256(x * (shared + weight * y // d * k0 // 10**36) // y * ONE), below),)


def mean(balances: Sequence[int]) -> int:
    """The geometric mean."""
    return isqrt(u256(balances[0] * balances[1]))


def evenness(balances: Sequence[int]) -> int:
    """1e18 where the balances are equal, towards 0 where they are not."""
    total = u256(balances[0] + balances[1])
    return div(div(ONE * N**N * balances[0], total) * balances[1], total)


def share_price(virtual_price: int, oracle: Sequence[int]) -> int:
    """A share's price in coin 0 (1e18), by the average price."""
    return N * virtual_price * isqrt(oracle[0] * ONE) // ONE
