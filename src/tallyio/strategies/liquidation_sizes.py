"""How much of a debt can be repaid: the amounts at the edges of what the market allows."""

from collections.abc import Callable
from typing import NamedTuple

from tallyio.protocols.lending.aave_v3.liquidation import (
    MIN_LEFTOVER_VALUE,
    Case,
    LiquidationRefusedError,
    Quote,
)


class Sizes(NamedTuple):
    """``edges`` are the largest amounts of each kind that the market accepts: all of the debt or what the close
    factor allows, all of the collateral, and the most that leaves no dust. Any amount up to ``free`` is accepted."""

    edges: tuple[int, ...]
    free: int


def sizes(case: Case) -> Sizes:
    """The edges do not depend on what the market has at hand; ``accepted`` says whether it can pay one out."""
    most = case.max_debt
    top = case.price(most)
    exhausting = _exhausting(case, most, top) if top.collateral_taken >= case.held else None
    partial = min(most, case.owed - 1, exhausting - 1 if exhausting else most)
    free = _last(lambda amount: not case.leaves_dust(case.price(amount)), partial, _clean_guess(case, top))
    edges = {amount for amount in (free, exhausting or most) if amount > 0}
    return Sizes(tuple(sorted(edges, reverse=True)), free)


def accepted(case: Case, amount: int) -> Quote | None:
    """What ``amount`` does, ``None`` when the market would refuse it."""
    try:
        quote = case.quote(amount)
    except LiquidationRefusedError:
        return None
    return quote if quote.debt_paid <= amount else None


def _exhausting(case: Case, most: int, top: Quote) -> int:
    """The least amount that takes all of the collateral, and at least what it then costs."""
    first = 1 + _last(lambda amount: case.price(amount).collateral_taken < case.held, most, top.debt_paid)
    return max(first, case.price(first).debt_paid)


def _clean_guess(case: Case, top: Quote) -> int:
    """About where a partial repayment begins to leave too little debt or collateral."""
    debt = case.owed - MIN_LEFTOVER_VALUE * case.debt_unit // case.debt_price_e8
    spare = case.held - MIN_LEFTOVER_VALUE * case.collateral_unit // case.collateral_price_e8
    return min(debt, spare * top.debt_paid // max(top.collateral_taken, 1))


def _last(holds: Callable[[int], bool], most: int, near: int) -> int:
    """The largest amount of 1..``most`` for which ``holds``, which fails from some amount on; 0 when for none.

    Few steps when the answer is ``near``.
    """
    if most <= 0:
        return 0
    low, high, step = min(max(near, 0), most), most + 1, 1
    if low and not holds(low):
        low, high = 0, low
        while high - step > 0 and not holds(high - step):
            high, step = high - step, step * 4
        low = max(high - step, 0)
    else:
        while low + step < high and holds(low + step):
            low, step = low + step, step * 4
        high = min(low + step, high)
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low
