"""A run's journal as predictions: what a strategy said against the local EVM, and what that said against the chain."""

from tallyio.core.trade import Opportunity, Route, SwapStep
from tallyio.reports.records import LANDED, RunRecords
from tallyio.reports.validation import Prediction, Validation, validate

SIMULATED = "strategy against simulation"
EXECUTED = "simulation against chain"


def validations(records: RunRecords) -> tuple[Validation, Validation]:
    """Every proposal that was simulated, and every one that was sent after its simulation."""
    found = {o.id: o for o in records.opportunities}
    proofs = {p.opportunity_id: p for p in records.proofs if p.opportunity_id in found}
    simulated = [
        _prediction(
            found[name],
            (proof.predicted_gross_wei, found[name].gas_estimate),
            "succeeded" if proof.success else "failed",
            (proof.gross_wei, proof.gas_used),
        )
        for name, proof in proofs.items()
    ]
    executed = [
        _prediction(
            found[name],
            (proofs[name].gross_wei, proofs[name].gas_used),
            outcome.status,
            (outcome.gross_wei, outcome.gas_used) if outcome.status == LANDED else (0, 0),
        )
        for name, outcome in records.by_opportunity().items()
        if name in proofs
    ]
    return validate(SIMULATED, simulated), validate(EXECUTED, executed)


def swaps_of(route: Route) -> int:
    return sum(isinstance(step, SwapStep) for step in route.steps)


def _prediction(found: Opportunity, said: tuple[int, int], outcome: str, done: tuple[int, int]) -> Prediction:
    gross, gas = said
    return Prediction(found.id, found.strategy, swaps_of(found.route), gross, gas, outcome, *done)
