"""What the trades of one slot that failed when simulated tell of their tokens and pools."""

from collections.abc import Iterable

from tallyio.core.trade import Opportunity, SwapStep
from tallyio.core.units import Address
from tallyio.market.market import Market
from tallyio.market.view import MarketView

Failure = tuple[Opportunity, str]
"""A trade of pools alone, and how it failed."""


def tokens_of(opportunity: Opportunity) -> frozenset[Address]:
    swaps = [step for step in opportunity.route.steps if isinstance(step, SwapStep)]
    return frozenset(token for step in swaps for token in (step.token_in, step.token_out))


def learn(market: Market, worked: Iterable[Opportunity], failed: Iterable[Failure]) -> None:
    """For the blocks after this one; what failed with the fewest tokens says most, and is told first."""
    for opportunity in worked:
        market.worked(tokens_of(opportunity), opportunity.pools)
    for opportunity, why in sorted(failed, key=lambda each: len(tokens_of(each[0]))):
        market.failed(tokens_of(opportunity), opportunity.pools, why)


def without(view: MarketView, worked: Iterable[Opportunity], failed: Iterable[Failure]) -> MarketView | None:
    """``view`` without what may have made the trades in ``failed`` fail, for a look at what is beside them. None where
    nothing is left out by that.

    Left out are their pools, but for those that worked in this slot, and all pools of a token that did not work in it
    and is all that some of them have in common.
    """
    good, bad = list(worked), list(failed)
    good_tokens = {view.weth}.union(*map(tokens_of, good))
    reasons = {pool: why for opportunity, why in bad for pool in opportunity.pools}
    for opportunity in good:
        for pool in opportunity.pools:
            reasons.pop(pool, None)
    for token in frozenset[Address]().union(*(tokens_of(opportunity) for opportunity, _ in bad)) - good_tokens:
        with_it = [(frozenset(opportunity.pools), why) for opportunity, why in bad if token in tokens_of(opportunity)]
        if not frozenset.intersection(*(pools for pools, _ in with_it)):
            reasons |= {address: with_it[0][1] for address, pool in view.pools.items() if token in pool.tokens}
    new = sorted(reasons.keys() - view.untradable.keys())
    return view.without({address: reasons[address] for address in new}) if new else None
