"""Prediction against execution: how far off our proposals were, and how often what should have worked did not.

An error is what happened less what was predicted: gross profit in wei (before gas and bid), gas in units of gas.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

import msgspec

from tallyio.core.ranks import nearest_rank

SUCCEEDED = ("landed", "succeeded")


class Prediction(msgspec.Struct, frozen=True):
    """One proposal that was predicted to succeed. ``outcome`` is what became of it (``landed``, ``succeeded``, or how
    it ended otherwise); ``gross_wei`` and ``gas`` are what it made and used, where it succeeded."""

    opportunity_id: str
    strategy: str
    hops: int
    predicted_gross_wei: int
    predicted_gas: int
    outcome: str
    gross_wei: int = 0
    gas: int = 0


class Distribution(msgspec.Struct, frozen=True):
    """Of errors; percentiles by nearest rank, the mean rounded down. ``worst`` is the one that hurts most."""

    count: int
    mean: int
    p5: int
    p50: int
    p95: int
    p99: int
    worst: int


class Errors(msgspec.Struct, frozen=True):
    """Of the proposals that succeeded; None where none did. ``outcomes`` counts all of them."""

    outcomes: dict[str, int]
    profit_wei: Distribution | None
    gas: Distribution | None


class Validation(msgspec.Struct, frozen=True):
    """``step`` names what is compared. The parts count the same proposals again, by strategy and by number of swaps."""

    step: str
    all: Errors
    by_strategy: dict[str, Errors]
    by_hops: dict[str, Errors]


def validate(step: str, predictions: Iterable[Prediction]) -> Validation:
    """Pure; every prediction counts once in each of the three ways to look at them."""
    predictions = list(predictions)
    return Validation(
        step=step,
        all=_errors(predictions),
        by_strategy=_grouped(predictions, lambda p: p.strategy),
        by_hops=_grouped(predictions, lambda p: str(p.hops)),
    )


def _grouped(predictions: Sequence[Prediction], key: Callable[[Prediction], str]) -> dict[str, Errors]:
    groups: dict[str, list[Prediction]] = defaultdict(list)
    for prediction in predictions:
        groups[key(prediction)].append(prediction)
    return {name: _errors(groups[name]) for name in sorted(groups)}


def _errors(predictions: Sequence[Prediction]) -> Errors:
    succeeded = [p for p in predictions if p.outcome in SUCCEEDED]
    return Errors(
        outcomes=dict(Counter(p.outcome for p in predictions).most_common()),
        profit_wei=_distribution([p.gross_wei - p.predicted_gross_wei for p in succeeded], min),
        gas=_distribution([p.gas - p.predicted_gas for p in succeeded], max),
    )


def _distribution(errors: list[int], worst: Callable[[list[int]], int]) -> Distribution | None:
    if not errors:
        return None
    ordered = sorted(errors)
    p5, p50, p95, p99 = (nearest_rank(ordered, percent) for percent in (5, 50, 95, 99))
    return Distribution(len(ordered), sum(ordered) // len(ordered), p5, p50, p95, p99, worst(ordered))
