"""Prometheus metrics of one searcher. An object, not globals: two searchers in one process do not mix."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

SECONDS = (
    *(1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4),
    *(1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2),
    *(1e-1, 2.5e-1, 5e-1, 1.0),
)
"""Latency buckets: 10 µs to 1 s."""


class Metrics:
    """Counters and gauges; amounts are in wei as floats, for graphs alone: the ledger is the account."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._latency = Histogram(
            "tallyio_stage_seconds", "Time spent in a stage", ["stage"], buckets=SECONDS, registry=self.registry
        )
        self._opportunities = self._counter("opportunities", "Opportunities seen", "strategy")
        self._decisions = self._counter("decisions", "Decisions of the risk gate, approved or by reason", "reason")
        self._bundles = self._counter("bundles", "What became of bundles", "status")
        self._blocks = self._counter("blocks", "Blocks heard")
        self._reorgs = self._counter("reorgs", "Reorganisations rolled back")
        self._reconnects = self._counter("feed_reconnects", "Times the feed connected again")
        self._skipped = self._counter("skipped_logs", "Logs that could not be used", "reason")
        self._profit = self._gauge("profit_wei", "Profit after gas and bids")
        self._difference = self._gauge("ledger_difference_wei", "Ledger against the chain's balances")
        self._breaker = self._gauge("breaker_open", "1 while the breaker holds all trading")
        self._head = self._gauge("head_block", "Newest block heard")

    def _counter(self, name: str, help_: str, *labels: str) -> Counter:
        return Counter(f"tallyio_{name}", help_, labels, registry=self.registry)

    def _gauge(self, name: str, help_: str) -> Gauge:
        return Gauge(f"tallyio_{name}", help_, registry=self.registry)

    def latency(self, stage: str, ns: int) -> None:
        self._latency.labels(stage).observe(ns / 1e9)

    def opportunity(self, strategy: str) -> None:
        self._opportunities.labels(strategy).inc()

    def decision(self, approved: bool, reason: str) -> None:
        self._decisions.labels("approved" if approved else reason).inc()

    def bundle(self, status: str) -> None:
        self._bundles.labels(status).inc()

    def block(self, number: int) -> None:
        self._blocks.inc()
        self._head.set(number)

    def reorg(self) -> None:
        self._reorgs.inc()

    def reconnect(self) -> None:
        self._reconnects.inc()

    def skipped(self, reason: str) -> None:
        self._skipped.labels(reason).inc()

    def profit(self, wei: int) -> None:
        self._profit.set(wei)

    def ledger_difference(self, wei: int) -> None:
        self._difference.set(wei)

    def breaker(self, is_open: bool) -> None:
        self._breaker.set(is_open)

    def text(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)
