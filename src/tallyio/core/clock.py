"""The one seam through which time, randomness and ids enter, so that a run can be repeated from a seed."""

import random
import time
from typing import Protocol


class Clock(Protocol):
    def unix_ns(self) -> int:
        """Wall-clock time in nanoseconds since 1970."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds of a clock that never steps back; only differences mean anything."""
        ...


class SystemClock:
    def unix_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.perf_counter_ns()


class ManualClock:
    """A clock that moves only when told to; for replay and tests."""

    def __init__(self, now_ns: int = 0) -> None:
        self.now_ns = now_ns

    def advance(self, ns: int) -> None:
        self.now_ns += ns

    def unix_ns(self) -> int:
        return self.now_ns

    def monotonic_ns(self) -> int:
        return self.now_ns


def seeded(seed: int, stream: str) -> random.Random:
    """An independent random stream named ``stream``: adding a stream never shifts another."""
    return random.Random(f"{seed}/{stream}")  # noqa: S311 - simulation, not secrets
