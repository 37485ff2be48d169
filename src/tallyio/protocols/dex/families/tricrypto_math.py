"""CryptoSwap of three coins: D, a balance in closed form, and the marginal prices.

Source: M. Egorov, "Automatic market-making with dynamic peg" (2021), solved for one balance as a cubic by Cardano's
formula, scaled so that its terms stay in a word; judged by recorded answers.
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

N = 3
_ANN = N**N * A_MULTIPLIER // 100, N**N * A_MULTIPLIER * 1000
_GAMMA = 10**10, 5 * 10**16
"""The least and the greatest that the contract computes with."""


def require_safe(ann: int, gamma: int) -> None:
    require(_ANN[0] <= ann <= _ANN[1], "unsafe values A")
    require(_GAMMA[0] <= gamma <= _GAMMA[1], "unsafe values gamma")


def invariant(ann: int, gamma: int, balances: Sequence[int], k0_before: int = 0) -> int:
    """D of three scaled balances. ``k0_before`` is the K0 that ``balance`` found, for a nearer start."""
    x, y, z = sorted(balances, reverse=True)
    require(0 < x < (2**256 - 1) // ONE * N**N, "unsafe balances")
    total = u256(x + y + z)
    if k0_before == 0:
        d = N * mean((x, y, z))
    elif total > 10**36:
        d = cube_root(u256(u256(x * y) // 10**36 * z // k0_before * 27 * 10**12))
    elif total > 10**24:
        d = cube_root(u256(u256(x * y) // 10**24 * z // k0_before * 27 * 10**6))
    else:
        d = cube_root(u256(u256(x * y) // ONE * z // k0_before * 27))
    for _ in range(255):
        before = d
        require(d > 0, "the invariant is zero")
        k0 = ONE * x * N // d * y * N // d * z * N // d
        d = newton_step(d, total, k0, ann, gamma, N)
        if converged(d, before):
            for each in balances:
                require(SHARE[0] - 1 <= each * ONE // d <= SHARE[1], "Unsafe values x[i]")
            return d
    raise SwapRefusedError("Did not converge")


def balance(ann: int, gamma: int, balances: Sequence[int], d: int, i: int) -> tuple[int, int]:
    """Balance ``i`` where the curve holds ``d`` and the other balances, and K0 there (0 where it was not found)."""
    require_safe(ann, gamma)
    require(10**17 <= d <= 10**33, "unsafe values D")
    x, y = (each for k, each in enumerate(balances) if k != i)
    for each in (x, y):
        require(SHARE[0] <= each * ONE // d <= SHARE[1], "Unsafe values x[i]")
    found = _root(ann, gamma, x, y, d)
    if found is None:
        high, low = max(x, y), min(x, y)
        start = div(div(d // N * d, low * N) * d, high * N)
        k0 = ONE * high * N // d * low * N // d
        found = newton_balance(ann, gamma, (x, y), d, start, k0), 0
    require(SHARE[0] - 1 <= u256(found[0]) * ONE // d <= SHARE[1], "Unsafe value for y")
    return found[0], u256(found[1])


def _root(ann: int, gamma: int, x: int, y: int, d: int) -> tuple[int, int] | None:
    gamma2 = gamma * gamma
    a = 10**36 // 27
    b = 10**36 // 9 + 2 * ONE * gamma // 27
    b -= sdiv(sdiv(sdiv(sdiv(d * d, x) * gamma2 * ann, 27**2), A_MULTIPLIER), y)
    c = 10**36 // 9 + gamma * (gamma + 4 * ONE) // 27
    c += sdiv(sdiv(sdiv(gamma2 * (x + y - d), d) * ann, 27), A_MULTIPLIER)
    e = (ONE + gamma) ** 2 // 27
    divider = scale_down(abs(sdiv(3 * a * c, b) - b), 4)
    if abs(a) > abs(b):
        more = abs(sdiv(a, b))
        a, b, c, e = (sdiv(term * more, divider) for term in (a, b, c, e))
    else:
        less = abs(sdiv(b, a))
        a, b, c, e = (sdiv(sdiv(term, less), divider) for term in (a, b, c, e))
    delta0 = sdiv(3 * a * c, b) - b
    delta1 = sdiv(9 * a * c, b) - 2 * b - sdiv(sdiv(27 * a * a, b) * e, b)
    under = delta1**2 + sdiv(4 * delta0**2, b) * delta0
    if under <= 0:
        return None
    square = isqrt(under)
    first = cube_root(b) if b >= 0 else -cube_root(-b)
    second = cube_root((delta1 + square) // 2) if delta1 > 0 else -cube_root((square - delta1) // 2)
    c1 = sdiv(sdiv(first * first, ONE) * second, ONE)
    root = sdiv(b + sdiv(b * delta0, c1) - c1, 3)
    return sdiv(sdiv(sdiv(sdiv(d * d, 27), y) * d, x) * root, a), sdiv(ONE * root, a)


def prices(balances: Sequence[int], d: int, ann: int, gamma: int) -> tuple[int, ...]:
    """Marginal prices of scaled coins 1 and 2 in coin 0 (1e18)."""
    x, y, z = balances
    k0 = 27 * x * y // d * z // d * 10**36 // d
    shared, weight = gk0(gamma, k0), ann * gamma**2 // A_MULTIPLIER
    below = shared + weight * x // d * k0 // 10**36
    return tuple(div(u256(x * (shared + weight * each // d * k0 // 10**36) // each * ONE), below) for each in (y, z))


def mean(balances: Sequence[int]) -> int:
    """The geometric mean."""
    product = u256(u256(balances[0] * balances[1]) // ONE * balances[2]) // ONE
    return cube_root(product) if product else 0


def evenness(balances: Sequence[int]) -> int:
    """1e18 where the balances are equal, towards 0 where they are not."""
    total, even = u256(sum(balances)), ONE
    for each in balances:
        even = div(u256(even * N * each), total)
    return even


def share_price(virtual_price: int, oracle: Sequence[int]) -> int:
    """A share's price in coin 0 (1e18), by the average prices."""
    return N * virtual_price * cube_root(oracle[0] * oracle[1]) // 10**24
