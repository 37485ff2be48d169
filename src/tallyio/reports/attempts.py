"""A run's journal as attempts: each opportunity that was found, and how far it came."""

from collections import defaultdict

from tallyio.core.trade import Decision, Opportunity, Outcome, Proof
from tallyio.reports.chances import Attempt, Stage
from tallyio.reports.records import LANDED, RunRecords
from tallyio.risk.reasons import Reason

Ended = tuple[Stage, str, str]
"""Stage, the gate's reason, and more about it."""


def attempts(records: RunRecords) -> list[Attempt]:
    """One for each opportunity of ``records``, in order; those at pending transactions stand at the block's top too."""
    return list(_Journal(records).attempts())


def value_wei(outcome: Outcome) -> int:
    """Value that a landed trade took: after gas, before what we chose to pay the builder."""
    return outcome.gross_wei - outcome.gas_cost_wei


class _Journal:
    def __init__(self, records: RunRecords) -> None:
        self.opportunities: dict[str, Opportunity] = {o.id: o for o in records.opportunities}
        self.decisions: dict[str, Decision] = {d.opportunity_id: d for d in records.decisions}
        self.proofs: dict[str, Proof] = {p.opportunity_id: p for p in records.proofs}
        self.outcomes = records.by_opportunity()
        answers: dict[str, set[str]] = defaultdict(set)
        for submission in records.submissions:
            answers[submission.bundle_id].add(submission.status)
        self.answers: dict[str, set[str]] = defaultdict(set)
        self.bundles: dict[str, set[str]] = defaultdict(set)
        for bundle in records.bundles:
            for opportunity_id in bundle.opportunity_ids:
                self.answers[opportunity_id] |= answers[bundle.id] or {"not sent"}
                self.bundles[opportunity_id].add(bundle.id)

    def attempts(self) -> list[Attempt]:
        return [self._attempt(opportunity) for opportunity in self.opportunities.values()]

    def _attempt(self, found: Opportunity) -> Attempt:
        stage, reason, detail = self._ended(found.id)
        outcome, decision = self.outcomes.get(found.id), self.decisions.get(found.id)
        landed = outcome if outcome and stage is Stage.LANDED else None
        return Attempt(
            opportunity_id=found.id,
            stage=stage,
            block=found.target_block,
            position=0,
            pools=found.pools,
            value_wei=value_wei(landed) if landed else found.gross_wei,
            borrower=found.borrower,
            landed_block=landed.block.number if landed and landed.block else None,
            reason=reason,
            detail=detail,
            bid_wei=decision.bid_wei if decision else 0,
            bundles=frozenset(self.bundles[found.id]),
        )

    def _ended(self, opportunity_id: str) -> Ended:
        """The last thing that happened to it."""
        outcome = self.outcomes.get(opportunity_id)
        if outcome is not None:
            if outcome.status == LANDED:
                return Stage.LANDED, "", ""
            if outcome.status == "reverted":
                return Stage.REVERTED, "", f"in {outcome.tx_hash}"
            return Stage.SENT, "", f"bundle {outcome.status}"
        answers = self.answers.get(opportunity_id)
        if answers:
            for status, detail in (("unknown", "no answer from the relay"), ("accepted", "bundle without outcome")):
                if status in answers:
                    return Stage.SENT, "", detail
            return (Stage.REFUSED, "", "") if "rejected" in answers else (Stage.FOUND, "", "bundle not sent")
        decision, proof = self.decisions.get(opportunity_id), self.proofs.get(opportunity_id)
        if decision is not None and not decision.approved:
            return Stage.DENIED, decision.reason, decision.detail
        if proof is not None and not proof.success:
            return Stage.DENIED, Reason.SIMULATION_FAILED, proof.revert_reason
        return Stage.FOUND, "", "not decided" if decision is None else "approved, not bundled"
