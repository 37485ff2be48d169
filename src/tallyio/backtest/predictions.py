"""Replayed proposals as predictions: what a strategy said against what the archived block made of it."""

from collections.abc import Iterable

from tallyio.backtest.records import Proposal, Replayed
from tallyio.reports.predictions import swaps_of
from tallyio.reports.validation import Prediction, Validation, validate

REPLAYED = "strategy against block"


def validation_of(replayed: Iterable[Replayed]) -> Validation:
    """Every proposal of all blocks. ``unknown`` ended where the archive lacks state that it needs."""
    return validate(REPLAYED, [prediction(each) for block in replayed for each in (*block.proposals, *block.unproved)])


def prediction(proposal: Proposal) -> Prediction:
    found, paid = proposal.opportunity, proposal.paid
    outcome = "unknown" if paid.unknown else "failed" if paid.reason else "succeeded"
    return Prediction(
        opportunity_id=found.id,
        strategy=found.strategy,
        hops=swaps_of(found.route),
        predicted_gross_wei=found.gross_wei,
        predicted_gas=found.gas_estimate,
        outcome=outcome,
        gross_wei=paid.gross_wei,
        gas=paid.gas_used,
    )
