"""Prediction against execution over all blocks, under one parameter set."""

from tallyio.backtest.predictions import REPLAYED
from tallyio.backtest.study.evaluation import Study
from tallyio.backtest.study.records import Offer
from tallyio.reports.validation import Prediction, Validation, validate


def errors_of(study: Study, number: int) -> Validation:
    """Every offer of the parameter set of index ``number``, whatever became of it."""
    return validate(REPLAYED, [_prediction(each.offer) for block in study.settled for each in block[number]])


def _prediction(offer: Offer) -> Prediction:
    return Prediction(
        opportunity_id=offer.id,
        strategy=offer.strategy,
        hops=offer.hops,
        predicted_gross_wei=offer.predicted_wei,
        predicted_gas=offer.predicted_gas,
        outcome=offer.outcome,
        gross_wei=offer.gross_wei,
        gas=offer.gas_used,
    )
