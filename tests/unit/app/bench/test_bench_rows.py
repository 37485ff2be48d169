"""A result beside its goal."""

import numpy as np
import pytest

from tallyio.app.bench.goals import GOALS, nanoseconds, said, times
from tallyio.app.bench.result import Result, Setting, absent
from tallyio.app.bench.rows import judge


def result(name: str, *times: float, reference_ns: float | None = None, counted: int | None = None) -> Result:
    return Result(name, np.array(times, dtype=np.float64), "reference", reference_ns, counted)


@pytest.mark.parametrize(
    ("given", "met"),
    [
        (result("muldiv", 45, 45), True),
        (result("muldiv", 46, 46), False),
        (result("update.none.10k", *[90] * 99, 340), True),
        (result("update.none.10k", *[90] * 90, *[400] * 10), False),
        (result("sign.1559", 20_000, reference_ns=300_000), True),
        (result("sign.1559", 20_000, reference_ns=200_000), False),
        (result("sign.1559", 20_000), False),
        (result("sign.1559", 26_000, reference_ns=600_000), False),
        (result("ring.oneway", 130, reference_ns=100), True),
        (result("ring.oneway", 131, reference_ns=100), False),
        (result("allocations", counted=0), True),
        (result("allocations", 0, 0), True),
        (result("allocations", 0, 3), False),
        (absent("muldiv", "not here"), None),
        (result("something.else", 1), None),
    ],
)
def test_a_row_meets_its_goal_when_every_bound_holds(given: Result, met: bool | None) -> None:
    assert judge(given).met is met


def test_percentiles_and_ratio() -> None:
    row = judge(result("x", *range(1, 102), reference_ns=102))
    assert (row.p50_ns, row.p99_ns, row.samples) == (51, 100, 101)
    assert row.ratio == 2


def test_a_goal_by_ratio_is_told_as_a_time() -> None:
    assert judge(result("degenbot.v2.quote", 10, reference_ns=1000)).goal_ns == 50
    assert judge(result("ring.oneway", 10, reference_ns=100)).goal_ns == pytest.approx(130)
    assert judge(result("degenbot.v2.quote", 10)).goal_ns is None


def test_what_cannot_be_measured_says_why() -> None:
    row = judge(absent("v2.quote", "no second core"))
    assert (row.p50_ns, row.p99_ns, row.ratio, row.samples, row.note) == (None, None, None, 0, "no second core")


def test_every_goal_can_be_said() -> None:
    assert all(said(goal) for goal in GOALS.values())
    assert said(GOALS["update.none.10k"]) == "p50 ≤ 100 ns, p99 ≤ 350 ns"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5 ns"), (95, "95 ns"), (1500, "1.5 µs"), (2.5e6, "2.5 ms"), (8e8, "800 ms"), (2e9, "2 s")],
)
def test_times_are_written_in_their_unit(value: float, text: str) -> None:
    assert nanoseconds(value) == text


def test_rows_are_asked_for_by_name_or_pattern() -> None:
    assert Setting(1, 1, None).wants("v2.quote")
    asked = Setting(1, 1, None, only=("update.*", "muldiv"))
    assert asked.wants("update.one.v2")
    assert asked.wants("muldiv")
    assert not asked.wants("v2.quote")


@pytest.mark.parametrize(("ratio", "text"), [(0.8371, "0.837"), (19.12, "19.1"), (999.4, "999"), (2774, "2,770")])
def test_ratios_are_written_without_an_exponent(ratio: float, text: str) -> None:
    assert times(ratio) == text
