"""Prediction against proof: what the strategy promised, and what the local EVM made of the exact call. Pure."""

from tallyio.core.trade import Opportunity, Proof
from tallyio.simulation.records import Executed


def prove(opportunity: Opportunity, ran: Executed, gained_wei: int) -> Proof:
    """The proof of a run of the executor on the state that ``opportunity`` was seen on.

    ``gained_wei`` is WETH that the executor gained before it paid its bid; a run that failed gained nothing.
    """
    return Proof(
        opportunity_id=opportunity.id,
        success=ran.success,
        gas_used=ran.gas_used,
        gross_wei=gained_wei if ran.success else 0,
        predicted_gross_wei=opportunity.gross_wei,
        revert_reason=ran.revert_reason,
        block=opportunity.state_block,
    )


def unproved(opportunity: Opportunity, reason: str) -> Proof:
    """A failed proof of what could not be run at all."""
    return Proof(opportunity.id, False, 0, 0, opportunity.gross_wei, reason, opportunity.state_block)
