"""Suites are found, run and their failures told; with suites of the test's own."""

import os
from pathlib import Path

import pytest

from tallyio.app.bench import runner, suites
from tallyio.app.bench.options import BenchOptions
from tallyio.app.bench.result import Setting
from tallyio.core.errors import OperatorError

HEAD = "import os\nimport numpy as np\nfrom tallyio.app.bench.result import Result\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The suites' package holds the modules of a folder, and none of its own."""
    monkeypatch.setattr(suites, "__path__", [str(tmp_path)])
    return tmp_path


def write(folder: Path, name: str, body: str, head: str = "") -> None:
    folder.joinpath(f"{name}.py").write_text(f"{HEAD}{head}\ndef run(setting):\n    {body}\n")


def test_a_row_without_a_reference_stands_beside_the_yardstick(folder: Path) -> None:
    write(
        folder,
        "probe_yardstick",
        "yield Result('probe.a', np.ones(3)); yield Result('probe.b', np.ones(3), 'own', 7.0)",
    )
    done = runner.run_suites(Setting(1, 3, None, only=("probe.*",)), lambda name: None)
    first, second = done.rows
    assert first.reference == runner.WHAT
    assert first.ratio is not None
    assert first.ratio > 0
    assert (second.reference, second.ratio) == ("own", 7.0)
    assert done.failed == []


def test_a_suite_that_cannot_run_here_gives_rows_that_say_why(folder: Path) -> None:
    head = "from tallyio.core.errors import OperatorError\nROWS = ('probe.c', 'probe.d')\n"
    write(
        folder,
        "probe_absent",
        "yield Result('probe.c', np.ones(3)); raise OperatorError('there is no second core')",
        head,
    )
    done = runner.run_suites(Setting(1, 3, None, only=("probe.*",)), lambda name: None)
    measured, missing = done.rows
    assert (measured.name, measured.samples) == ("probe.c", 3)
    assert (missing.name, missing.samples, missing.note) == ("probe.d", 0, "there is no second core")
    assert done.failed == []


def test_a_fault_in_one_suite_leaves_the_others_their_rows(folder: Path) -> None:
    write(folder, "probe_fault", "raise ValueError('broken'); yield")
    write(folder, "probe_sound", "yield Result('probe.e', np.ones(3))")
    done = runner.run_suites(Setting(1, 3, None), lambda name: None)
    rows = {row.name: row for row in done.rows}
    assert done.failed == ["probe_fault"]
    assert rows["suite.probe_fault"].note == "failed: ValueError: broken"
    assert rows["probe.e"].samples == 3
    assert rows["muldiv"].note == "no suite gave it"


def test_a_suite_whose_rows_nobody_wants_is_not_run(folder: Path) -> None:
    write(folder, "probe_unwanted", "raise ValueError('it ran')\n    yield", "ROWS = ('probe.f',)\n")
    write(folder, "probe_wanted", "yield Result('probe.g', np.ones(3))")
    done = runner.run_suites(Setting(1, 3, None, only=("probe.g",)), lambda name: None)
    assert [row.name for row in done.rows] == ["probe.g"]


def test_an_unknown_row_is_refused(folder: Path) -> None:
    with pytest.raises(OperatorError, match="no row is called nonsense"):
        runner.run_suites(Setting(1, 3, None, only=("nonsense",)), lambda name: None)


def test_a_suite_runs_on_its_core_and_the_process_gets_its_cores_back(folder: Path) -> None:
    before = os.sched_getaffinity(0)
    core = max(before)
    body = "yield Result('probe.{}', np.array([len(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))], float))"
    write(folder, "probe_bound", body.format("h"))
    write(folder, "probe_free", body.format("i"), "PLACES_ITSELF = True\n")
    done = runner.run_suites(Setting(1, 3, core, only=("probe.*",)), lambda name: None)
    bound, free = done.rows
    assert (bound.p50_ns, bound.p99_ns) == ((1 + core) / 2, pytest.approx(1 + 0.99 * (core - 1)))
    assert (free.p50_ns) == (len(before) + core) / 2
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"seed": -1}, {"core": -2}, {"seed": 2**63}])
def test_numbers_that_mean_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(OperatorError, match=f"--{next(iter(wrong))}: found"):
        BenchOptions(**wrong)
