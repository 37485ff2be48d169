"""What was takeable against what was taken: the captured share, and a reason for everything that was left."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from tallyio.core.trade import Decision, Opportunity, Outcome, Proof
from tallyio.reports.exhaustive import BlockTakeable, Takeable
from tallyio.reports.records import LANDED, RunRecords

TAKEN = "taken"
OTHER_ROUTE = "taken by another route"
FOR_LESS = "taken for less"
NOT_SEEN = "not seen"
TOO_LATE = "too late"
LATE_WITHIN = 3
"""An opportunity that is seen this many blocks later counts as seen too late."""
_FULL = 99
"""Per cent of the takeable value above which a trade counts as taken in full."""


class Verdict(msgspec.Struct, frozen=True):
    """What became of one takeable opportunity; ``missing_wei`` is the part of its value that was not captured."""

    state_block: int
    takeable: Takeable
    reason: str
    missing_wei: int
    opportunity_id: str = ""


class Comparison(msgspec.Struct, frozen=True):
    """``captured_wei`` counts each block up to what was takeable there, so that a surplus in one block cannot hide a
    loss in another; ``beyond_wei`` is the surplus (sizes, routes) and what backruns took inside blocks."""

    blocks: int
    takeable_wei: int
    captured_wei: int
    beyond_wei: int
    verdicts: tuple[Verdict, ...]

    @property
    def captured_ratio(self) -> float:
        """1.0 where nothing was takeable."""
        return self.captured_wei / self.takeable_wei if self.takeable_wei else 1.0

    def reasons(self) -> dict[str, dict[str, int]]:
        """reason → {count, wei} of everything that was not taken in full, greatest loss first."""
        found: dict[str, dict[str, int]] = defaultdict(lambda: {"count": 0, "wei": 0})
        for verdict in self.verdicts:
            if verdict.reason != TAKEN:
                found[verdict.reason]["count"] += 1
                found[verdict.reason]["wei"] += verdict.missing_wei
        return dict(sorted(found.items(), key=lambda item: -item[1]["wei"]))


def value_wei(outcome: Outcome) -> int:
    """Value that a landed trade took: after gas, before what we chose to pay the builder."""
    return outcome.gross_wei - outcome.gas_cost_wei


def compare(takeable: Iterable[BlockTakeable], records: RunRecords) -> Comparison:
    """Match every takeable opportunity with what the run did in the block it was takeable in."""
    trail = _Trail(records)
    blocks = list(takeable)
    captured = beyond = 0
    verdicts: list[Verdict] = []
    for block in blocks:
        landed = trail.landed_in.get(block.state_block + 1, [])
        top = sum(value_wei(outcome) for opportunity, outcome in landed if opportunity.victim is None)
        whole = sum(value_wei(outcome) for _, outcome in landed)
        counted = max(0, min(top, block.net_wei))
        captured += counted
        beyond += whole - counted
        verdicts.extend(_judge(block, trail))
    total = sum(block.net_wei for block in blocks)
    return Comparison(len(blocks), total, captured, beyond, tuple(verdicts))


def _same(takeable: Takeable, opportunity: Opportunity) -> bool:
    if takeable.borrower is not None or opportunity.borrower is not None:
        return takeable.borrower == opportunity.borrower
    return set(takeable.pools) == set(opportunity.pools)


class _Trail:
    """The records of a run, indexed for questions about one opportunity."""

    def __init__(self, records: RunRecords) -> None:
        self.decisions: Mapping[str, Decision] = {d.opportunity_id: d for d in records.decisions}
        self.proofs: Mapping[str, Proof] = {p.opportunity_id: p for p in records.proofs}
        self.outcomes = records.by_opportunity()
        self.seen: dict[int, list[Opportunity]] = defaultdict(list)
        for opportunity in records.opportunities:
            self.seen[opportunity.state_block.number].append(opportunity)
        answers: dict[str, set[str]] = defaultdict(set)
        for submission in records.submissions:
            answers[submission.bundle_id].add(submission.status)
        self.answers: dict[str, set[str]] = defaultdict(set)
        for bundle in records.bundles:
            for opportunity_id in bundle.opportunity_ids:
                self.answers[opportunity_id] |= answers[bundle.id] or {"not sent"}
        by_id = {o.id: o for o in records.opportunities}
        self.landed_in: dict[int, list[tuple[Opportunity, Outcome]]] = defaultdict(list)
        for outcome in records.landed():
            if outcome.block is not None and outcome.opportunity_id in by_id:
                self.landed_in[outcome.block.number].append((by_id[outcome.opportunity_id], outcome))

    def fate(self, opportunity: Opportunity) -> str:
        """Why a seen opportunity was not taken, from the last thing that happened to it."""
        outcome = self.outcomes.get(opportunity.id)
        if outcome is not None:
            return "landed in another block" if outcome.status == LANDED else f"bundle {outcome.status}"
        answers = self.answers.get(opportunity.id)
        if answers:
            for status, reason in (("unknown", "no answer from the relay"), ("accepted", "bundle without outcome")):
                if status in answers:
                    return reason
            return "bundle rejected" if "rejected" in answers else "bundle not sent"
        decision, proof = self.decisions.get(opportunity.id), self.proofs.get(opportunity.id)
        if decision is not None and not decision.approved:
            return f"denied: {decision.reason}"
        if proof is not None and not proof.success:
            return "simulation failed"
        if decision is None:
            return "seen, not decided"
        return "approved, not bundled"


def _judge(block: BlockTakeable, trail: _Trail) -> list[Verdict]:
    landed = list(trail.landed_in.get(block.state_block + 1, []))
    verdicts: dict[int, Verdict] = {}
    for i, item in enumerate(block.taken):
        for pair in landed:
            if _same(item, pair[0]):
                landed.remove(pair)
                value = value_wei(pair[1])
                full = value * 100 >= item.net_wei * _FULL
                missing = 0 if full else item.net_wei - value
                verdicts[i] = Verdict(block.state_block, item, TAKEN if full else FOR_LESS, missing, pair[0].id)
                break
    spare = {opportunity.id: value_wei(outcome) for opportunity, outcome in landed}
    for i, item in enumerate(block.taken):
        if i in verdicts:
            continue
        other = next((o for o, _ in landed if set(o.pools) & set(item.pools) and 2 * spare[o.id] >= item.net_wei), None)
        if other is not None:
            covered = min(item.net_wei, spare[other.id])
            spare[other.id] -= covered
            verdicts[i] = Verdict(block.state_block, item, OTHER_ROUTE, item.net_wei - covered, other.id)
        else:
            verdicts[i] = _missed(block.state_block, item, trail)
    return [verdicts[i] for i in range(len(block.taken))]


def _missed(state_block: int, item: Takeable, trail: _Trail) -> Verdict:
    seen = [o for o in trail.seen.get(state_block, []) if _same(item, o)]
    if seen:
        last = max(seen, key=lambda o: o.gross_wei)
        return Verdict(state_block, item, trail.fate(last), item.net_wei, last.id)
    for later in range(state_block + 1, state_block + 1 + LATE_WITHIN):
        for opportunity in trail.seen.get(later, []):
            if _same(item, opportunity):
                return Verdict(state_block, item, TOO_LATE, item.net_wei, opportunity.id)
    return Verdict(state_block, item, NOT_SEEN, item.net_wei)
