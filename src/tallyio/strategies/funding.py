"""What opens a cycle: a swap of its own that gives before it takes, else the cheapest flash loans."""

from collections.abc import Sequence, Set
from heapq import nsmallest
from typing import NamedTuple

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import BALANCER_V2, V3State
from tallyio.core.trade import FlashLoan, SwapStep
from tallyio.core.units import Address
from tallyio.market.view import MarketView
from tallyio.protocols.dex.siblings import FAMILIES
from tallyio.protocols.flash_loans import aave_v3, uniswap_v3
from tallyio.protocols.flash_loans.offer import MOST_NESTED, Offer, cheapest
from tallyio.strategies.base import GasModel

MOST_POOLS = 4
"""With the least fees, that are asked for a loan."""


class Opening(NamedTuple):
    """The funding of a route, the swaps inside it, and the loans nested in the first (``Route``)."""

    funding: SwapStep | FlashLoan
    inner: tuple[SwapStep, ...]
    loans: tuple[FlashLoan, ...] = ()

    @property
    def premium(self) -> int:
        """What the loans cost, in units of the token that they are of."""
        first = self.funding.premium if isinstance(self.funding, FlashLoan) else 0
        return first + sum(loan.premium for loan in self.loans)


class Borrowed(NamedTuple):
    """A loan as a swap ahead of a cycle: what is owed goes in, what is lent comes out (``hot_path.sizing.Exchange``).

    A loan beyond what is offered is not made.
    """

    offer: Offer

    def output_of(self, amount_in: int) -> int:
        """The most that costs no more than ``amount_in`` with its premium."""
        offer = self.offer
        lent = max(0, (amount_in - offer.flat) * offer.denominator // (offer.denominator + offer.numerator))
        while lent and lent + offer.premium(lent) > amount_in:
            lent -= 1
        while lent + 1 + offer.premium(lent + 1) <= amount_in:
            lent += 1
        return min(lent, offer.available)

    def input_for(self, amount_out: int) -> int:
        return amount_out + self.offer.premium(amount_out) if amount_out <= self.offer.available else 0

    def least_input(self, amount_out: int) -> int:
        return self.input_for(amount_out)


def fund(view: MarketView, steps: Sequence[SwapStep], gas: GasModel) -> Opening | None:
    """The opening of a cycle's ``steps``, ``None`` where nothing can open it.

    Any step may be the flash swap: what it gives runs through the steps behind it, ends in the cycle's token, and pays
    for the steps before it, the last of which brings what the flash swap is owed.
    """
    for place, step in enumerate(steps):
        if FAMILIES[step.family].lends:
            return Opening(step, (*steps[place + 1 :], *steps[:place]))
    try:
        return lent(borrow(view, steps[0].token_in, steps[0].amount_in, gas, steps), steps)
    except ChainDataError:
        return None


def lent(loans: Sequence[FlashLoan], steps: Sequence[SwapStep]) -> Opening:
    return Opening(loans[0], tuple(steps), tuple(loans[1:]))


def borrow(
    view: MarketView, token: Address, amount: int, gas: GasModel, steps: Sequence[SwapStep] = ()
) -> tuple[FlashLoan, ...]:
    """The loans of ``amount`` that cost least with their gas, beside whatever ``steps`` call while they are open.

    Raises ``ChainDataError`` where so much is not to be had.
    """

    def in_token(offer: Offer) -> int:
        return int(gas.loan(offer.source) * view.next_base_fee_wei / rate)

    edges = view.graph.into_weth.get(token, ())
    rate = 1.0 if token == view.weth else max((float(view.rates[edge]) for edge in edges), default=0.0)
    offers = offers_of(view, token, steps)
    return cheapest(token, amount, offers, in_token) if rate else cheapest(token, amount, offers)


def estimated_share(view: MarketView, token: Address, amount: float) -> float | None:
    """The least share of ``amount`` that a loan of it may cost; ``None`` where so much is not to be had."""
    offers = offers_of(view, token)
    deepest = sorted((offer.available for offer in offers), reverse=True)[:MOST_NESTED]
    return min(offer.numerator / offer.denominator for offer in offers) if sum(deepest) >= amount > 0 else None


def offers_of(view: MarketView, token: Address, steps: Sequence[SwapStep] = ()) -> list[Offer]:
    """All offers of ``token`` but of those that do nothing else while a loan of theirs is open, and are in ``steps``:
    Balancer v2's vault (its guard against re-entering) and pools that lend.

    Of pools only the cheapest are named, and none where a lender wants nothing for its loans.
    """
    vaults = {f"0x{step.detail[0]:040x}" for step in steps if step.family == BALANCER_V2}
    used = vaults | {step.pool for step in steps}
    markets = (aave_v3.offer(market, token) for market in view.lending.values())
    found = [*(offer for offer in markets if offer is not None), *view.offers.get(token, ())]
    kept = [offer for offer in found if offer.available > 0 and offer.market not in used]
    if all(offer.numerator or offer.flat for offer in kept):
        kept += _of_pools(view, token, used)
    return kept


def _of_pools(view: MarketView, token: Address, used: Set[str]) -> list[Offer]:
    pools = (view.graph.pools[pair] for pair in view.graph.lenders.get(token, ()))
    free = [pool for pool in pools if pool.address not in view.untradable and pool.address not in used]
    states = ((pool, view.states.get(pool.address)) for pool in nsmallest(MOST_POOLS, free, lambda p: p.fee_pips))
    told = (uniswap_v3.offer(pool, state, token) for pool, state in states if isinstance(state, V3State))
    return [offer for offer in told if offer is not None]
