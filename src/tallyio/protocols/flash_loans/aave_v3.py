"""Aave v3: ``flashLoanSimple`` (FlashLoanLogic of v3.6, which rounds the premium up)."""

from tallyio.core.lending import LendingState
from tallyio.core.units import Address
from tallyio.protocols.flash_loans.offer import Offer

_BPS = 10_000


def offer(market: LendingState, token: Address) -> Offer | None:
    """What suppliers left there, of a reserve that lends."""
    reserve = market.reserves.get(token)
    if (
        reserve is None
        or not reserve.flash_loans
        or not reserve.active
        or reserve.paused
        or not reserve.virtual_balance
    ):
        return None
    return Offer("aave_v3", market.market, token, reserve.virtual_balance, market.flash_premium_bps, _BPS)
