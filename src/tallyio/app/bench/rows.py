"""A suite's result judged: the row that is printed and kept."""

from typing import Any

import msgspec
import numpy as np

from tallyio.app.bench.goals import GOALS, Goal, said
from tallyio.app.bench.result import Result


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Times in nanoseconds, None where there is none. ``ratio`` is the reference's time over the median; ``met`` is
    None where there is no goal or nothing was measured."""

    name: str
    p50_ns: float | None
    p99_ns: float | None
    goal_ns: float | None
    reference: str
    reference_ns: float | None
    ratio: float | None
    samples: int
    goal: str
    met: bool | None
    counted: int | None = None
    note: str = ""


def judge(result: Result) -> Row:
    """The row, its goal looked up by the result's name."""
    goal = GOALS.get(result.name)
    counted = _count(result, goal)
    times = np.asarray(result.times_ns if counted is None else (), dtype=np.float64)
    p50, p99 = (float(p) for p in np.percentile(times, (50, 99))) if len(times) else (None, None)
    ratio = result.reference_ns / p50 if p50 and result.reference_ns else None
    row = Row(
        name=result.name,
        p50_ns=p50,
        p99_ns=p99,
        goal_ns=_goal_ns(goal, result.reference_ns),
        reference=result.reference,
        reference_ns=result.reference_ns,
        ratio=ratio,
        samples=len(times) or (1 if counted is not None else 0),
        goal=said(goal),
        met=None,
        counted=counted,
        note=result.note,
    )
    return msgspec.structs.replace(row, met=_met(row, goal))


def _count(result: Result, goal: Goal | None) -> int | None:
    """A row whose goal is a count may also give it as its times."""
    if result.counted is not None or goal is None or goal.count is None or not len(result.times_ns):
        return result.counted
    return int(np.max(result.times_ns))


def _goal_ns(goal: Goal | None, reference_ns: float | None) -> float | None:
    """What the median may take: as a time, or by the reference's; a count's bound as it is."""
    if goal is None:
        return None
    if goal.count is not None or goal.p50_ns is not None:
        return goal.p50_ns if goal.count is None else goal.count
    if reference_ns is None:
        return None
    if goal.min_ratio is not None:
        return reference_ns / goal.min_ratio
    return reference_ns * goal.max_over_reference if goal.max_over_reference is not None else None


def _met(row: Row, goal: Goal | None) -> bool | None:
    """A bound whose measure is missing is not met; a row without any measure is not judged."""
    if goal is None or not row.samples:
        return None
    checks: list[tuple[float | None, float | None, bool]] = [
        (row.p50_ns, goal.p50_ns, True),
        (row.p99_ns, goal.p99_ns, True),
        (row.ratio, goal.min_ratio, False),
        (1 / row.ratio if row.ratio else None, goal.max_over_reference, True),
        (row.counted, goal.count, True),
    ]
    return all(
        found is not None and (found <= bound if at_most else found >= bound)
        for found, bound, at_most in checks
        if bound is not None
    )


def as_json(row: Row) -> dict[str, Any]:
    return msgspec.structs.asdict(row)
