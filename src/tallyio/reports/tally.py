"""The tally of a run: what was seen, sent, landed and earned, in exact integers."""

from collections import Counter
from collections.abc import Mapping

import msgspec

from tallyio.core.trade import Outcome
from tallyio.reports.missed import Comparison
from tallyio.reports.predictions import validations
from tallyio.reports.records import LANDED, RunRecords
from tallyio.reports.validation import Validation
from tallyio.reports.why_lost import Loss

Latency = Mapping[str, Mapping[str, float]]
"""stage → {p50, p99}, microseconds."""


class StrategyTally(msgspec.Struct, frozen=True):
    opportunities: int
    submitted: int
    landed: int
    profit_wei: int


class RivalTally(msgspec.Struct, frozen=True):
    """What other searchers took of the same trades, as the chain shows it."""

    landed: int
    profit_wei: int


class JointTally(msgspec.Struct, frozen=True):
    """Blocks whose cycles were planned together. The gains are of what was planned, over the best cycle alone (before
    gas) and over one best after another (after it): that in the ``compared`` blocks where it is known."""

    plans: int
    trades: int
    gain_over_single_wei: int
    compared: int
    gain_over_greedy_wei: int


class Tally(msgspec.Struct, frozen=True):
    """One run. Counts are of opportunities: one that travelled in several bundles counts once.

    ``submitted`` reached a relay (or may have); ``failed`` are those of them that did not land; ``profit_wei`` is
    after gas and bids, reverted transactions' gas included. ``success_ratio`` is the share of the landed that made at
    least the predicted profit, ``captured_ratio`` the share of the takeable value that was taken; both are 1.0 where
    there was nothing to share. ``captured_ratio`` and ``takeable_wei`` are None when the check was not run.
    """

    version: str
    seed: int | None
    blocks: int
    opportunities: int
    submitted: int
    landed: int
    failed: int
    profit_wei: int
    gas_wei: int
    bid_wei: int
    losing: int
    takeable_wei: int | None
    captured_wei: int | None
    captured_ratio: float | None
    success_ratio: float
    ledger_difference_wei: int
    latency_us: dict[str, dict[str, float]]
    by_strategy: dict[str, StrategyTally]
    outcomes: dict[str, int]
    decisions: dict[str, int]
    not_taken: dict[str, Loss]
    rivals: RivalTally | None = None
    rivals_share: float | None = None
    validation: tuple[Validation, ...] = ()
    joint: JointTally = JointTally(0, 0, 0, 0, 0)


def tally(
    records: RunRecords,
    *,
    version: str,
    seed: int | None,
    blocks: int,
    ledger_difference_wei: int,
    latency_us: Latency,
    comparison: Comparison | None = None,
    rivals: RivalTally | None = None,
) -> Tally:
    """Pure: the same records give the same tally. ``rivals_share`` is the share of landed trades that rivals won."""
    fates = records.by_opportunity()
    landed = records.landed()
    paid = [*landed, *(o for o in fates.values() if o.status == "reverted")]
    sent = _submitted(records)
    searched = comparison if comparison and comparison.searched else None
    return Tally(
        version=version,
        seed=seed,
        blocks=blocks,
        opportunities=len({o.id for o in records.opportunities}),
        submitted=len(sent),
        landed=len(landed),
        failed=len(sent - {o.opportunity_id for o in landed}),
        profit_wei=sum(_net(o) for o in paid),
        gas_wei=sum(o.gas_cost_wei for o in paid),
        bid_wei=sum(o.bid_wei for o in landed),
        losing=sum(_net(o) < 0 for o in paid),
        takeable_wei=searched.takeable_wei if searched else None,
        captured_wei=searched.captured_wei if searched else None,
        captured_ratio=searched.captured_ratio if searched else None,
        success_ratio=sum(o.net_wei >= o.predicted_net_wei for o in landed) / len(landed) if landed else 1.0,
        ledger_difference_wei=ledger_difference_wei,
        latency_us={stage: dict(figures) for stage, figures in latency_us.items()},
        by_strategy=_by_strategy(records, landed, sent),
        outcomes=dict(Counter(o.status for o in fates.values())),
        decisions=dict(Counter("approved" if d.approved else d.reason for d in records.decisions).most_common()),
        not_taken={str(why): loss for why, loss in comparison.reasons().items()} if comparison else {},
        rivals=rivals,
        rivals_share=_share(rivals, len(landed)) if rivals else None,
        validation=validations(records),
        joint=JointTally(
            plans=len(records.joint),
            trades=sum(len(plan.opportunity_ids) for plan in records.joint),
            gain_over_single_wei=sum(plan.gross_wei - plan.single_wei for plan in records.joint),
            compared=sum(plan.greedy_wei is not None for plan in records.joint),
            gain_over_greedy_wei=sum(p.net_wei - p.greedy_wei for p in records.joint if p.greedy_wei is not None),
        ),
    )


def _net(outcome: Outcome) -> int:
    """A reverted transaction costs its gas and nothing else happened."""
    return outcome.net_wei if outcome.status == LANDED else -outcome.gas_cost_wei


def _share(rivals: RivalTally, ours: int) -> float:
    return rivals.landed / (rivals.landed + ours) if rivals.landed + ours else 0.0


def _submitted(records: RunRecords) -> set[str]:
    reached = {s.bundle_id for s in records.submissions if s.status != "rejected"}
    reached |= {o.bundle_id for o in records.outcomes}
    return {one for b in records.bundles if b.id in reached for one in b.opportunity_ids}


def _by_strategy(records: RunRecords, landed: list[Outcome], sent: set[str]) -> dict[str, StrategyTally]:
    strategy_of = {o.id: o.strategy for o in records.opportunities}
    seen = Counter(strategy_of.values())
    submitted = Counter(strategy_of[one] for one in sent if one in strategy_of)
    found: dict[str, StrategyTally] = {}
    for name in sorted(seen):
        ours = [o for o in landed if strategy_of.get(o.opportunity_id) == name]
        found[name] = StrategyTally(seen[name], submitted[name], len(ours), sum(o.net_wei for o in ours))
    return found
