"""What opens a cycle: a swap of its own that gives before it takes, else a flash loan."""

from collections.abc import Sequence

from tallyio.core.trade import FlashLoan, SwapStep
from tallyio.market.view import MarketView
from tallyio.protocols.dex.siblings import FAMILIES
from tallyio.protocols.lending.aave_v3.math import percent_mul_ceil


def fund(view: MarketView, steps: Sequence[SwapStep]) -> tuple[SwapStep | FlashLoan, tuple[SwapStep, ...]] | None:
    """The funding of a cycle's ``steps`` and the steps inside it, ``None`` where nothing can open it.

    Any step may be the flash swap: what it gives runs through the steps behind it, ends in the cycle's token, and pays
    for the steps before it, the last of which brings what the flash swap is owed.
    """
    for place, step in enumerate(steps):
        if FAMILIES[step.family].lends:
            return step, (*steps[place + 1 :], *steps[:place])
    token, amount = steps[0].token_in, steps[0].amount_in
    for market in view.lending.values():
        reserve = market.reserves.get(token)
        if reserve is not None and reserve.flash_loans and reserve.virtual_balance >= amount:
            premium = percent_mul_ceil(amount, market.flash_premium_bps)
            return FlashLoan(market.market, token, amount, premium), tuple(steps)
    return None
