"""Balancer's rounding of StableSwap: the invariant, a balance that keeps it, and shares made or burned for one token.

Source: M. Egorov, "StableSwap - efficient mechanism for Stablecoin liquidity" (2019), and Balancer's documentation of
stable pools; judged by the published contracts. Balances and amounts have 18 decimals; ``amp`` is A times 1000.
"""

from collections.abc import Sequence

from tallyio.protocols.dex.families import stable_math
from tallyio.protocols.dex.families.fixed_point import (
    ONE,
    complement,
    div_down,
    div_up,
    less,
    mul_down,
    mul_up,
    quotient_up,
)
from tallyio.protocols.dex.families.words import SwapRefusedError, div, u256

AMP_UNIT = 1000
_STEPS = 255
UNSOLVED = "BAL#322 STABLE_GET_BALANCE_DIDNT_CONVERGE"


def invariant(amp: int, balances: Sequence[int]) -> int:
    return stable_math.invariant(balances, amp, AMP_UNIT, divide_each=True)


def invariant_rounded_up(amp: int, balances: Sequence[int]) -> int:
    """The invariant as the first stable pools compute it, each division rounded for a greater result."""
    n, total = len(balances), u256(sum(balances))
    if total == 0:
        return 0
    d, ann = total, amp * n
    for _ in range(_STEPS):
        product = u256(balances[0] * n)
        for balance in balances[1:]:
            product = quotient_up(u256(u256(product * balance) * n), d)
        before = d
        numerator = u256(u256(n * d) * d) + quotient_up(u256(u256(ann * total) * product), AMP_UNIT)
        d = quotient_up(u256(numerator), u256((n + 1) * d) + u256((ann - AMP_UNIT) * product) // AMP_UNIT)
        if abs(d - before) <= 1:
            return d
    raise SwapRefusedError(UNSOLVED)


def balance_at_invariant(amp: int, balances: Sequence[int], d: int, i: int, *, precise: bool = False) -> int:
    """Token ``i``'s balance where the invariant is ``d`` and the other tokens are as in ``balances``, rounded up.

    ``balances[i]`` enters the start of the iteration only by its product with the others. ``precise``: the third
    version multiplies by the unit of A before it divides.
    """
    n, ann = len(balances), amp * len(balances)
    product, total = u256(balances[0] * n), balances[0]
    for balance in balances[1:]:
        product = div(u256(u256(product * balance) * n), d)
        total += balance
    total -= balances[i]
    square = u256(d * d)
    if precise:
        c = u256(quotient_up(u256(square * AMP_UNIT), u256(ann * product)) * balances[i])
        b = total + u256(d * AMP_UNIT) // ann
    else:
        c = u256(quotient_up(square, u256(ann * product)) * AMP_UNIT * balances[i])
        b = total + d // ann * AMP_UNIT
    y = quotient_up(u256(square + c), d + b)
    for _ in range(_STEPS):
        before = y
        y = quotient_up(u256(u256(y * y) + c), u256(2 * y + b - d))
        if abs(y - before) <= 1:
            return y
    raise SwapRefusedError(UNSOLVED)


def out_given_in(
    amp: int, balances: Sequence[int], i: int, j: int, amount_in: int, d: int, *, precise: bool = False
) -> int:
    moved = list(balances)
    moved[i] += amount_in
    return less(balances[j], balance_at_invariant(amp, moved, d, j, precise=precise) + 1)


def in_given_out(
    amp: int, balances: Sequence[int], i: int, j: int, amount_out: int, d: int, *, precise: bool = False
) -> int:
    moved = list(balances)
    moved[j] = less(moved[j], amount_out)
    return less(balance_at_invariant(amp, moved, d, i, precise=precise), balances[i]) + 1


def shares_for_token_in(
    amp: int, balances: Sequence[int], i: int, amount_in: int, supply: int, d: int, fee: int
) -> int:
    """Shares that ``amount_in`` of token ``i`` makes; ``fee`` is asked of the part that is out of proportion."""
    total = u256(sum(balances))
    ratios = [div_down(b + (amount_in if k == i else 0), b) for k, b in enumerate(balances)]
    ideal = sum(mul_down(ratio, div_down(b, total)) for ratio, b in zip(ratios, balances, strict=True))
    moved = list(balances)
    for k, balance in enumerate(balances):
        entered = amount_in if k == i else 0
        if ratios[k] > ideal:
            free = mul_down(balance, less(ideal, ONE))
            entered = free + mul_down(less(entered, free), ONE - fee)
        moved[k] += entered
    growth = div_down(invariant(amp, moved), d)
    return mul_down(supply, growth - ONE) if growth > ONE else 0


def token_in_for_shares(amp: int, balances: Sequence[int], i: int, shares: int, supply: int, d: int, fee: int) -> int:
    """What token ``i`` must bring for ``shares``."""
    target = mul_up(div_up(supply + shares, supply), d)
    net = less(balance_at_invariant(amp, balances, target, i), balances[i])
    taxed = mul_up(net, complement(div_down(balances[i], sum(balances))))
    return less(net, taxed) + div_up(taxed, ONE - fee)


def shares_for_token_out(
    amp: int, balances: Sequence[int], i: int, amount_out: int, supply: int, d: int, fee: int
) -> int:
    """Shares that ``amount_out`` of token ``i`` burns."""
    total = u256(sum(balances))
    ratios = [div_up(less(b, amount_out if k == i else 0), b) for k, b in enumerate(balances)]
    ideal = sum(mul_up(ratio, div_up(b, total)) for ratio, b in zip(ratios, balances, strict=True))
    moved = list(balances)
    for k, balance in enumerate(balances):
        left = amount_out if k == i else 0
        if ideal > ratios[k]:
            free = mul_down(balance, complement(ideal))
            left = free + div_up(less(left, free), ONE - fee)
        moved[k] = less(balance, left)
    return mul_up(supply, complement(div_down(invariant(amp, moved), d)))


def token_out_for_shares(amp: int, balances: Sequence[int], i: int, shares: int, supply: int, d: int, fee: int) -> int:
    """What token ``i`` pays for ``shares``."""
    target = mul_up(div_up(less(supply, shares), supply), d)
    gross = less(balances[i], balance_at_invariant(amp, balances, target, i))
    taxed = mul_up(gross, complement(div_down(balances[i], sum(balances))))
    return less(gross, taxed) + mul_down(taxed, ONE - fee)
