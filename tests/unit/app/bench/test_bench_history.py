"""The figures kept, and what counts as a regression."""

import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tallyio.app.bench.history import as_markdown, entry_of, last_like, read, record, regressions
from tallyio.core.errors import OperatorError


def run(ratio: float | None = 10.0, cpu: str = "One", reference: str = "r") -> dict[str, Any]:
    row = {"name": "muldiv", "p50_ns": 40.0, "p99_ns": 50.0, "goal_ns": 45.0, "reference": reference, "ratio": ratio}
    row |= {"samples": 100, "met": True, "counted": None, "note": ""}
    empty = {**row, "name": "v2.quote", "samples": 0, "met": None}
    machine = {"cpu": cpu, "architecture": "x86_64", "cores": 2, "virtual": True, "load": [0.1, 0.1, 0.1]}
    return {"rows": [row, empty], "machine": machine, "versions": {"numba": "1"}, "seed": 1, "samples": 100}


def test_runs_are_appended_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    record(path, run(10.0))
    record(path, run(12.0, cpu="Other"))
    entries = read(path)
    assert [entry.rows["muldiv"].ratio for entry in entries] == [10.0, 12.0]
    assert "v2.quote" not in entries[0].rows, "it was not measured"
    page = (tmp_path / "history.md").read_text()
    assert page == as_markdown(entries)
    assert page.index("cpu Other") < page.index("cpu One"), "newest first"
    assert "| `muldiv` | 40 ns | 50 ns | yes | r | 12 | 100 |" in page


def test_only_the_same_machine_is_compared_with(tmp_path: Path) -> None:
    entries = [entry_of(run(10.0)), entry_of(run(20.0)), entry_of(run(30.0, cpu="Other"))]
    last = last_like(entries, run()["machine"] | {"load": [9.0, 9.0, 9.0]})
    assert last is entries[1]
    assert last_like(entries, run(cpu="Third")["machine"]) is None


@pytest.mark.parametrize(
    ("now", "found"),
    [(run(10.0), 0), (run(8.1), 0), (run(7.9), 1), (run(40.0), 0), (run(None), 0), (run(1.0, reference="another"), 0)],
)
def test_a_fall_of_more_than_a_fifth_is_a_regression(now: dict[str, Any], found: int) -> None:
    worse = regressions(entry_of(run(10.0)), entry_of(now))
    assert len(worse) == found
    if found:
        assert str(worse[0]) == "muldiv: ratio 10 before, 7.9 now (-21%)"


def test_a_row_that_is_gone_is_no_regression() -> None:
    now = msgspec.structs.replace(entry_of(run()), rows={})
    assert regressions(entry_of(run()), now) == []


def test_a_damaged_history_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_text('[{"date": 1}]')
    with pytest.raises(OperatorError, match=r"history\.json"):
        record(path, run())
    assert path.read_text() == '[{"date": 1}]'


def test_a_run_that_measured_nothing_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    with pytest.raises(OperatorError, match="nothing was measured"):
        record(path, run() | {"rows": run()["rows"][1:]})
    assert not path.exists()


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="there is no folder"):
        record(tmp_path / "nowhere" / "history.json", run())
    assert stat.S_ISDIR(tmp_path.stat().st_mode)
    assert list(tmp_path.iterdir()) == []
