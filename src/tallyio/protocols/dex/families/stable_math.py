"""StableSwap's invariant and its solutions, for every Curve pool of the kind.

Source: M. Egorov, "StableSwap - efficient mechanism for Stablecoin liquidity" (2019). ``balances`` are scaled to 18
decimals; ``amplification`` is A times ``unit`` (100 in later pools, 1 in the first); N is the number of coins.
"""

from collections.abc import Sequence

from tallyio.protocols.dex.families.words import SwapRefusedError, div, u256

FEE_UNIT = 10**10
ONE = 10**18
_STEPS = 255


def invariant(balances: Sequence[int], amplification: int, unit: int, divide_each: bool) -> int:
    """The sum that the balances would have at equal prices (D), by Newton's method.

    ``divide_each`` tells where the contract divides by N: for each coin (the first pools) or once by ``N**N``.
    """
    n, total = len(balances), u256(sum(balances))
    if total == 0:
        return 0
    d, ann = total, amplification * n
    for _ in range(_STEPS):
        product = d
        if divide_each:
            for balance in balances:
                product = div(u256(product * d), u256(balance * n))
        else:
            for balance in balances:
                product = div(u256(product * d), balance)
            product //= n**n
        before = d
        numerator = u256((u256(ann * total) // unit + product * n) * d)
        d = div(numerator, u256(u256((ann - unit) * d) // unit + (n + 1) * product))
        if abs(d - before) <= 1:
            return d
    if unit == 1:  # 3pool takes what it has
        return d
    raise SwapRefusedError("the invariant does not converge")


def balance_at(i: int, j: int, x: int, balances: Sequence[int], amplification: int, unit: int, d: int) -> int:
    """Coin ``j``'s balance where coin ``i``'s is ``x`` and the others are unchanged."""
    others = [x if k == i else balance for k, balance in enumerate(balances) if k != j]
    return _solve(others, len(balances), amplification, unit, d)


def balance_at_invariant(i: int, balances: Sequence[int], amplification: int, unit: int, d: int) -> int:
    """Coin ``i``'s balance where the invariant is ``d`` and the other coins are unchanged."""
    others = [balance for k, balance in enumerate(balances) if k != i]
    return _solve(others, len(balances), amplification, unit, d)


def _solve(others: Sequence[int], n: int, amplification: int, unit: int, d: int) -> int:
    c, ann = d, amplification * n
    for balance in others:
        c = div(u256(c * d), u256(balance * n))
    c = div(u256(u256(c * d) * unit), ann * n)
    b = u256(sum(others) + div(u256(d * unit), ann))
    y = d
    for _ in range(_STEPS):
        before = y
        y = div(u256(u256(y * y) + c), u256(u256(2 * y + b) - d))
        if abs(y - before) <= 1:
            return y
    if unit == 1:
        return y
    raise SwapRefusedError("the balance does not converge")


def scaled(balances: Sequence[int], rates: Sequence[int]) -> list[int]:
    """Balances times rates (1e18), rounded down."""
    return [u256(balance * rate) // ONE for balance, rate in zip(balances, rates, strict=True)]


def ramped(initial: int, future: int, start: int, end: int, now: int) -> int:
    """The amplification at ``now`` on its straight way from ``initial`` to ``future``."""
    if now >= end or start >= end:
        return future
    if future > initial:
        return initial + (future - initial) * (now - start) // (end - start)
    return initial - (initial - future) * (now - start) // (end - start)


def off_peg_fee(x: int, y: int, fee: int, multiplier: int) -> int:
    """The fee (1e-10) of a swap between balances ``x`` and ``y``, higher where they differ."""
    if multiplier <= FEE_UNIT:
        return fee
    total = u256(u256(x + y) ** 2)
    balance = div(u256(u256((multiplier - FEE_UNIT) * 4 * x) * y), total)
    return u256(multiplier * fee) // (balance + FEE_UNIT)


def prices(balances: Sequence[int], amplification: int, unit: int, d: int) -> tuple[int, ...]:
    """Marginal prices (1e18) of coins 1.. in coin 0."""
    n = len(balances)
    product = d // n**n
    for balance in balances:
        product = div(u256(product * d), balance)
    first = u256(amplification * n * balances[0]) // unit
    return tuple(
        div(u256(ONE * (first + div(u256(product * balances[0]), balance))), first + product)
        for balance in balances[1:]
    )
