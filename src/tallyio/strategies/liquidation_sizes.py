"""How much of a debt can be repaid: the amounts at the edges of what the market allows."""

from collections.abc import Callable
from typing import NamedTuple

from tallyio.protocols.lending.aave_v3.liquidation import Case, LiquidationRefusedError, Quote


class Sizes(NamedTuple):
    """``edges`` are the largest amounts of each kind that the market accepts: all of the debt or what the close
    factor allows, all of the collateral, and the most that leaves no dust. Any amount up to ``free`` is accepted."""

    edges: tuple[Quote, ...]
    free: int


def sizes(case: Case) -> Sizes:
    """Empty when the market would accept nothing."""
    most = case.max_debt
    top = case.price(most)
    exhausting = None
    if top.collateral_taken >= case.held:
        exhausting = _exhausting(case, most)
    partial = min(most, case.owed - 1, exhausting - 1 if exhausting else most)
    free = _last(lambda amount: not case.leaves_dust(case.price(amount)), partial)
    amounts = {free, exhausting if exhausting else most}
    edges = [quote for amount in sorted(amounts, reverse=True) if (quote := _accepted(case, amount)) is not None]
    return Sizes(tuple(edges), free)


def _accepted(case: Case, amount: int) -> Quote | None:
    if amount <= 0:
        return None
    try:
        quote = case.quote(amount)
    except LiquidationRefusedError:
        return None
    return quote if quote.debt_paid <= amount else None


def _exhausting(case: Case, most: int) -> int:
    """The least amount that takes all of the collateral, and at least what it then costs."""
    first = 1 + _last(lambda amount: case.price(amount).collateral_taken < case.held, most)
    return max(first, case.price(first).debt_paid)


def _last(holds: Callable[[int], bool], most: int) -> int:
    """The largest amount of 1..``most`` for which ``holds``, which fails from some amount on; 0 when for none."""
    if most > 0 and holds(most):
        return most
    low, high = 0, max(most, 0)
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low
