"""Prediction against proof: what the strategy promised, and what the local EVM made of the exact call. Pure."""

import msgspec

from tallyio.core.chain import BlockRef
from tallyio.core.trade import Opportunity, Proof
from tallyio.simulation.records import Executed

FAILED = "simulation_failed"
BELOW_PREDICTION = "simulation_below_prediction"


class Comparison(msgspec.Struct, frozen=True):
    """``gross_error_wei`` and ``gas_error`` are proved minus predicted; ``refusal`` is empty when the proof holds."""

    gross_error_wei: int
    gas_error: int
    refusal: str


def prove(
    opportunity: Opportunity,
    executed: Executed,
    *,
    weth_before_wei: int,
    weth_after_wei: int,
    bid_wei: int,
    block: BlockRef,
) -> Proof:
    """The proof of a run of the executor on the state of ``block``.

    ``weth_before_wei`` and ``weth_after_wei`` are the executor's WETH around the run. The gross profit is what it
    gained before it paid ``bid_wei`` away; a run that failed gained nothing.
    """
    gross = weth_after_wei - weth_before_wei + bid_wei if executed.success else 0
    return Proof(
        opportunity_id=opportunity.id,
        success=executed.success,
        gas_used=executed.gas_used,
        gross_wei=gross,
        predicted_gross_wei=opportunity.gross_wei,
        revert_reason=executed.revert_reason,
        block=block,
    )


def compare(proof: Proof, gas_estimate: int) -> Comparison:
    """A failed run, or one wei less than predicted, is a refusal: the model and the EVM must agree exactly.

    More than predicted is none, and neither is gas: its cost is weighed with the proved figure.
    """
    refusal = ""
    if not proof.success:
        refusal = FAILED
    elif proof.gross_wei < proof.predicted_gross_wei:
        refusal = BELOW_PREDICTION
    return Comparison(
        gross_error_wei=proof.gross_wei - proof.predicted_gross_wei,
        gas_error=proof.gas_used - gas_estimate,
        refusal=refusal,
    )
