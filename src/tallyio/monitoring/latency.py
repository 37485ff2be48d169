"""Exact latency percentiles per stage: every sample is kept (8 bytes each), nothing is estimated."""

from array import array
from collections import defaultdict


class LatencyCollector:
    """``record`` takes nanoseconds; ``summary`` answers microseconds."""

    def __init__(self) -> None:
        self._samples: dict[str, array[int]] = defaultdict(lambda: array("q"))

    def record(self, stage: str, ns: int) -> None:
        self._samples[stage].append(ns)

    def count(self, stage: str) -> int:
        return len(self._samples[stage]) if stage in self._samples else 0

    def summary(self) -> dict[str, dict[str, float]]:
        """stage → {p50, p99} in microseconds, by the nearest-rank definition; stages in the order first seen."""
        return {stage: _percentiles(samples) for stage, samples in self._samples.items()}


def _percentiles(samples: "array[int]") -> dict[str, float]:
    ordered = sorted(samples)
    # Nearest rank: the smallest sample that at least q per cent of all samples do not exceed.
    rank = {q: ordered[max(0, -(-q * len(ordered) // 100) - 1)] for q in (50, 99)}
    return {f"p{q}": ns / 1000 for q, ns in rank.items()}
