"""What the live view shows. The app writes to it; drawing only reads."""

from collections import Counter, deque
from dataclasses import dataclass, field

SENT = "sent"
"""Status of a bundle whose outcome is not known yet."""
KEPT = 64
"""Rows remembered of each list; a screen shows fewer."""


@dataclass(frozen=True)
class Seen:
    """One opportunity. ``verdict`` is what was decided, and why where it was not taken."""

    block: int
    strategy: str
    what: str
    gross_wei: int
    verdict: str
    good: bool


@dataclass(frozen=True)
class Sent:
    """One bundle or transaction of ours; ``net_wei`` once it landed."""

    block: int
    what: str
    status: str
    net_wei: int | None = None


@dataclass
class LiveModel:
    """All amounts in wei; ``started_ns`` and ``now_ns`` from the same clock."""

    chain: str
    mode: str
    started_ns: int
    now_ns: int = 0
    block: int = 0
    base_fee_wei: int = 0
    feed: str = "connecting"
    feed_good: bool = False
    breaker: str = ""
    opportunities: int = 0
    submitted: int = 0
    landed: int = 0
    profit_wei: int = 0
    ledger_difference_wei: int = 0
    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=KEPT))
    sent: deque[Sent] = field(default_factory=lambda: deque(maxlen=KEPT))
    reasons: Counter[str] = field(default_factory=Counter)
    profit_by_block: deque[int] = field(default_factory=lambda: deque([0], maxlen=KEPT))
    profit_by_strategy: Counter[str] = field(default_factory=Counter)
    latency_us: dict[str, dict[str, float]] = field(default_factory=dict)
    rivals: dict[str, int] = field(default_factory=dict)

    def new_block(self, number: int, base_fee_wei: int) -> None:
        self.block, self.base_fee_wei = number, base_fee_wei
        self.profit_by_block.append(self.profit_wei)

    def saw(self, row: Seen) -> None:
        self.opportunities += 1
        self.seen.append(row)
        if not row.good:
            self.reasons[row.verdict] += 1

    def sent_off(self, row: Sent) -> None:
        self.submitted += 1
        self.sent.append(row)

    def settled(self, row: Sent, strategy: str) -> None:
        """``row`` takes the place of the newest row of the same text that is still without outcome."""
        for i in range(len(self.sent) - 1, -1, -1):
            if self.sent[i].what == row.what and self.sent[i].status == SENT:
                self.sent[i] = row
                break
        else:
            self.sent.append(row)
        if row.status == "landed":
            self.landed += 1
        if row.net_wei is not None:
            self.profit_wei += row.net_wei
            self.profit_by_strategy[strategy] += row.net_wei

    def rival(self, name: str) -> None:
        self.rivals[name] = self.rivals.get(name, 0) + 1

    @property
    def uptime_s(self) -> int:
        return max(0, self.now_ns - self.started_ns) // 10**9
