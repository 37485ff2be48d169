"""Exact latency percentiles per stage: every sample is kept (8 bytes each), nothing is estimated."""

from array import array
from collections import defaultdict

from tallyio.core.ranks import nearest_rank


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
    return {f"p{q}": nearest_rank(ordered, q) / 1000 for q in (50, 99)}
