"""The observer that feeds metrics, exact latencies and the live view."""

from tallyio.core.chain import NewBlock, Rollback
from tallyio.core.clock import Clock
from tallyio.core.trade import Bundle, Decision, Opportunity, Outcome, Proof, Submission
from tallyio.monitoring.latency import LatencyCollector
from tallyio.monitoring.live_model import SENT, LiveModel, Seen, Sent
from tallyio.monitoring.metrics import Metrics


class Monitor:
    """Remembers the strategy of an opportunity until its outcome is known."""

    def __init__(self, clock: Clock, model: LiveModel) -> None:
        self._clock = clock
        self.metrics = Metrics()
        self.latency = LatencyCollector()
        self.model = model
        self._seen: dict[str, Opportunity] = {}
        self._shown: set[str] = set()
        self._was_connected = False

    def block(self, block: NewBlock) -> None:
        self.metrics.block(block.block.number)
        self.model.now_ns = self._clock.monotonic_ns()
        self.model.new_block(block.block.number, block.base_fee_wei)
        self.model.latency_us = self.latency.summary()
        self._forget(block.block.number)

    def rollback(self, rollback: Rollback) -> None:
        self.metrics.reorg()

    def stage(self, name: str, ns: int) -> None:
        self.latency.record(name, ns)
        self.metrics.latency(name, ns)

    def opportunity(self, opportunity: Opportunity) -> None:
        self._seen[opportunity.id] = opportunity
        self.metrics.opportunity(opportunity.strategy)

    def decision(self, opportunity: Opportunity, decision: Decision) -> None:
        self.metrics.decision(decision.approved, decision.reason)
        verdict = "approved" if decision.approved else decision.reason
        self.model.saw(
            Seen(
                opportunity.target_block,
                opportunity.strategy,
                _what(opportunity),
                opportunity.gross_wei,
                verdict,
                decision.approved,
            )
        )

    def proof(self, proof: Proof) -> None:
        """Proofs show in the decisions that follow from them."""

    def submission(self, bundle: Bundle, submission: Submission) -> None:
        self.metrics.bundle(submission.status)
        for opportunity_id in bundle.opportunity_ids:
            if opportunity_id not in self._shown:
                self._shown.add(opportunity_id)
                self.model.sent_off(Sent(bundle.target_block, self._name(opportunity_id), SENT))

    def outcome(self, outcome: Outcome) -> None:
        self.metrics.bundle(outcome.status)
        final = outcome.status in ("landed", "reverted")
        opportunity = self._seen.get(outcome.opportunity_id)
        strategy = opportunity.strategy if opportunity else ""
        target = opportunity.target_block if opportunity else 0
        row = Sent(
            outcome.block.number if outcome.block else target,
            self._name(outcome.opportunity_id),
            outcome.status,
            outcome.net_wei if final else None,
        )
        self.model.settled(row, strategy)
        if final:
            self.metrics.profit(self.model.profit_wei)

    def feed(self, connected: bool, detail: str) -> None:
        if connected and self._was_connected:
            self.metrics.reconnect()
        self._was_connected = self._was_connected or connected
        self.model.feed, self.model.feed_good = detail, connected

    def skipped(self, what: str, count: int) -> None:
        for _ in range(count):
            self.metrics.skipped(what)

    def _name(self, opportunity_id: str) -> str:
        found = self._seen.get(opportunity_id)
        return f"{found.strategy} {opportunity_id[:8]}" if found else opportunity_id[:8]

    def _forget(self, head: int) -> None:
        old = [i for i, opportunity in self._seen.items() if opportunity.target_block < head - 128]
        for opportunity_id in old:
            del self._seen[opportunity_id]
            self._shown.discard(opportunity_id)


def _what(opportunity: Opportunity) -> str:
    if opportunity.borrower:
        return f"account {opportunity.borrower[:8]}"
    return " → ".join(pool[:6] for pool in opportunity.pools)
