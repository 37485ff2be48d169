"""The best whole numbers for a cycle over constant-product pairs: none brings over a unit more.

A climb ends near the top of a staircase whose treads are as long as a unit of the coarsest token on the path is worth;
where two tokens are coarse, which tread is the best is a matter of luck among thousands. So all that could be the best
are tried: pairs in a row are a Moebius map, exact in whole numbers, which bounds what any path through one amount of
the coarsest token brings. From the top outwards on both sides amounts are tried until the bound, which is concave but
for its rounding, falls to the best found.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import isqrt
from typing import NamedTuple

from msgspec.structs import replace

from tallyio.core.errors import BugError, ChainDataError
from tallyio.core.pools import V2, V2State
from tallyio.core.trade import Opportunity, Route, SwapStep
from tallyio.core.units import PIPS
from tallyio.hot_path.amm.v2 import amount_out, least_input
from tallyio.market.view import MarketView
from tallyio.strategies.base import opportunity_id

FINE = 1 << 50
"""Where no token is coarser than this, a climb is right to a unit, and there is no end of amounts to try."""
MOST = 20_000


class Pair(NamedTuple):
    """One hop: what the pair holds of the token that it takes and of the one that it gives."""

    held_in: int
    held_out: int
    fee_pips: int


class Moebius(NamedTuple):
    """``a x / (b + c x)``."""

    a: int
    b: int
    c: int

    def then(self, pair: Pair) -> "Moebius":
        keep = PIPS - pair.fee_pips
        b = self.b * pair.held_in * PIPS
        return Moebius(self.a * keep * pair.held_out, b, self.c * pair.held_in * PIPS + self.a * keep)


def best_amounts(pairs: Sequence[Pair], amounts: Sequence[int], most: int = MOST) -> tuple[int, ...]:
    """``amounts`` (into each pair, and out of the last), or better ones.

    None brings over a unit more where a token is coarser than ``FINE`` and fewer than ``most`` had to be tried.
    """
    place = min(range(len(pairs)), key=amounts.__getitem__)
    best = tuple(amounts)
    if amounts[place] >= FINE:
        return best
    before, behind = _chain(pairs[:place]), _chain(pairs[place:])
    top = _top(before, behind, amounts[place])
    up, down = top, top - 1
    for _ in range(most):
        profit = best[-1] - best[0]
        above, below = _bound(before, behind, up), _bound(before, behind, down)
        if max(above, below) <= profit:
            break
        tried = up if above >= below else down
        up, down = (up + 1, down) if above >= below else (up, down - 1)
        found = _through(pairs, place, tried)
        if found and found[-1] - found[0] > profit:
            best = found
    return best


def _chain(pairs: Sequence[Pair]) -> Moebius:
    chain = Moebius(1, 1, 0)
    for pair in pairs:
        chain = chain.then(pair)
    return chain


def _top(before: Moebius, behind: Moebius, near: int) -> int:
    """The amount between the two chains where one more brings as much as it costs: what goes in for it,
    ``b y / (a - c y)``, costs ``a b / (a - c y) ** 2`` for a unit, and what comes out is ``a b / (b + c y) ** 2``."""
    cost, gain = isqrt(before.a * before.b), isqrt(behind.a * behind.b)
    top = (gain * before.a - cost * behind.b) // (cost * behind.c + gain * before.c)
    return top if top > 0 else near


def _bound(before: Moebius, behind: Moebius, amount: int) -> int:
    """What no whole path with ``amount`` in its middle exceeds."""
    left = before.a - before.c * amount
    if amount <= 0 or left <= 0:
        return 0
    return behind.a * amount // (behind.b + behind.c * amount) + before.b * -amount // left


def _through(pairs: Sequence[Pair], place: int, amount: int) -> tuple[int, ...]:
    """The cheapest path that has at least ``amount`` before the pair ``place``; empty where a pair refuses."""
    try:
        for pair in reversed(pairs[:place]):
            amount = least_input(amount, *pair)
        amounts = [amount]
        for pair in pairs:
            amounts.append(amount_out(amounts[-1], *pair))
    except ChainDataError:
        return ()
    return tuple(amounts)


def sharpened(view: MarketView, opportunity: Opportunity) -> Opportunity:
    """``opportunity`` with the best whole numbers, where it is a cycle over constant-product pairs alone; else as it
    is. It costs up to some hundred milliseconds and brings a billionth: for judging a search, not for the search."""
    steps = [step for step in opportunity.route.steps if isinstance(step, SwapStep) and step.family == V2]
    if opportunity.route.outer or len(steps) < len(opportunity.route.inner) + 1:
        return opportunity
    amounts = (*(step.amount_in for step in steps), steps[-1].amount_out)
    found = best_amounts([_pair(view, step) for step in steps], amounts)
    if found == amounts:
        return opportunity
    better = [
        replace(step, amount_in=taken, amount_out=paid)
        for step, (taken, paid) in zip(steps, pairwise(found), strict=True)
    ]
    route = Route(better[0], tuple(better[1:]))
    name = opportunity_id(opportunity.strategy, view, route, opportunity.victim)
    return replace(opportunity, id=name, route=route, gross_wei=found[-1] - found[0])


def _pair(view: MarketView, step: SwapStep) -> Pair:
    state = view.states[step.pool]
    if not isinstance(state, V2State):
        raise BugError(f"pool {step.pool} is of family {step.family}, its state is a {type(state).__name__}")
    held = (state.reserve0, state.reserve1)
    return Pair(*(held if step.zero_for_one else held[::-1]), step.fee_pips)
