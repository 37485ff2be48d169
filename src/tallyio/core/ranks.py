"""Percentiles of whole numbers that are themselves among the numbers."""

from collections.abc import Sequence


def nearest_rank(ordered: Sequence[int], percent: int) -> int:
    """The smallest of ``ordered`` (ascending, not empty) that at least ``percent`` per cent of all do not exceed."""
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]
