"""A run's folder: begun once, gone on with, never another run's."""

from pathlib import Path

import pytest

from tallyio.backtest.study.folder import RunFolder
from tallyio.backtest.study.identity import Identity
from tallyio.backtest.study.inputs import Input
from tallyio.core.errors import OperatorError

RUN = Identity("archives", "settings", "code")
ONE = Input("a/0000000100.parquet", 1, 100, "content")


def test_results_are_kept_for_this_very_run(tmp_path: Path, block) -> None:
    folder = RunFolder(tmp_path / "out", RUN)
    folder.begin(resume=False)
    result = block(100)
    assert folder.load(ONE) is None
    folder.store(ONE, result.__class__(RUN.key(ONE), 1, 100, result.hash))
    again = RunFolder(tmp_path / "out", RUN)
    with pytest.raises(OperatorError, match="--resume"):
        again.begin(resume=False)
    again.begin(resume=True)
    found = again.load(ONE)
    assert found is not None
    assert (found.number, found.key) == (100, RUN.key(ONE))
    assert again.load(Input(ONE.path, 1, 100, "other content")) is None


def test_a_result_that_is_damaged_or_of_other_inputs_is_made_again(tmp_path: Path, block) -> None:
    folder = RunFolder(tmp_path, RUN)
    folder.begin(resume=False)
    folder.store(ONE, block(100))  # under a key that is not its own
    assert folder.load(ONE) is None
    [path] = (tmp_path / "blocks").iterdir()
    path.write_bytes(b"{")
    assert folder.load(ONE) is None


@pytest.mark.parametrize("part", ["archives", "settings", "code"])
def test_another_run_is_refused_by_what_differs(tmp_path: Path, part: str) -> None:
    RunFolder(tmp_path, RUN).begin(resume=False)
    other = Identity(**{name: ("other" if name == part else name) for name in ("archives", "settings", "code")})
    for resume in (True, False):
        with pytest.raises(OperatorError, match=f"another run: other {part}"):
            RunFolder(tmp_path, other).begin(resume=resume)


def test_what_is_no_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("mine")
    with pytest.raises(OperatorError, match="not empty"):
        RunFolder(tmp_path, RUN).begin(resume=True)
    assert [each.name for each in tmp_path.iterdir()] == ["letters"]
    with pytest.raises(OperatorError, match="no folder"):
        RunFolder(tmp_path / "letters", RUN).begin(resume=False)


def test_drafts_of_a_killed_run_are_cleared(tmp_path: Path) -> None:
    (tmp_path / ".run.json.abc").write_text("{")
    folder = RunFolder(tmp_path, RUN)
    folder.begin(resume=False)
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / ".0000000100-aa.json.xyz").write_text("{")
    (tmp_path / ".result.json.xyz").write_text("{")
    folder.begin(resume=True)
    assert {each.name for each in tmp_path.rglob("*")} == {"run.json", "blocks"}
