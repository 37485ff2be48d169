"""A whole backtest over recorded blocks: the same result however it is run, whole whatever stops it."""

import errno
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tallyio.app.backtest import backtest
from tallyio.archive.importing import import_files
from tallyio.backtest.study.pool import Work
from tallyio.cli.main import run
from tallyio.core.errors import OperatorError

ROOT = Path(__file__).parents[2]
PLACES = [folder / "shared" / "data" / "mainnet-blocks" for folder in (ROOT.parent, ROOT.parent.parent)]
DATA = next((place for place in PLACES if place.is_dir()), PLACES[0])
BLOCKS = (15537393, 15537394, 19933122)
REAL = 15537394
"""The block with an arbitrage whose taker is known."""
SETTINGS = """
[backtest]
inclusion_bps = 10000
[backtest.grid]
bid_share_bps = [1000, 5000]
min_profit_wei = [100000000000000, 1000000000000000000]
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is absent: this judge cannot speak here")
    out = tmp_path_factory.mktemp("archive")
    import_files([DATA / f"{number}.json.gz" for number in BLOCKS], out)
    return out


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("settings") / "backtest.toml"
    path.write_text(SETTINGS)
    return path


@pytest.fixture(scope="module")
def done(archive: Path, settings: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("out")
    return out, backtest([archive], out, config=settings, jobs=1)


def table(folder: Path, name: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(folder / f"{name}.parquet").to_pylist()
    return rows


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_recorded_arbitrage_is_won_by_who_bids_more_than_was_paid(done: tuple[Path, dict[str, Any]]) -> None:
    out, found = done
    rows = [row for row in table(out, "proposals") if row["block"] == REAL and row["rival"]]
    [real] = [each for each in json.loads((DATA / "cyclic_arbs.json").read_text()) if each["block"] == REAL]
    low, high = (next(row for row in rows if row["parameters"] == number) for number in (0, 2))
    for row, fate in ((low, "outbid"), (high, "won")):
        assert row["rival"] == real["tx"]
        assert set(row["pools"]) == {swap["pool"] for swap in real["swaps"]}
        assert row["gross_wei"] >= int(real["realised_profit"])
        assert row["net_wei"] == row["gross_wei"] - row["gas_wei"] - row["bid_wei"]
        assert (row["fate"], row["to_proposer_wei"] > row["rival_wei"]) == (fate, fate == "won")
    assert found["chosen"]["bid_share_bps"] == 5_000
    errors = found["validation"]["all"]
    succeeded = [row for row in table(out, "proposals") if row["parameters"] == 2 and row["outcome"] == "succeeded"]
    assert errors["outcomes"]["succeeded"] == errors["gas"]["count"] == len(succeeded) > 0
    assert errors["gas"]["worst"] == max(row["gas_used"] - row["predicted_gas"] for row in succeeded)
    assert set(found["lost"]) <= {"taken for less"}  # ours uses more gas than theirs did
    assert found["train_wei"] + found["test_wei"] >= int(high["net_wei"])
    assert {row["parameters"] for row in table(out, "proposals")} == {0, 2}  # nothing leaves a whole ether


def test_the_tables_add_up(done: tuple[Path, dict[str, Any]]) -> None:
    out, found = done
    proposals, blocks, sets = (table(out, name) for name in ("proposals", "blocks", "parameters"))
    assert [row["block"] for row in blocks] == sorted(BLOCKS)
    assert [row["part"] for row in blocks] == ["train", "train", "test"]
    for number, row in enumerate(sets):
        won = [each for each in proposals if each["parameters"] == number and each["fate"] == "won"]
        earned = sum(each["net_wei"] for each in won)
        assert (row["won"], row["train_wei"] + row["test_wei"]) == (len(won), earned)
        assert sum(block["profit_wei"][number] for block in blocks) == earned <= row["bound_wei"]
    assert [row["chosen"] for row in sets].index(True) == found["chosen"]["number"]
    assert json.loads((out / "result.json").read_bytes()) == {k: v for k, v in found.items() if k != "files"}


def test_the_page_stands_alone(done: tuple[Path, dict[str, Any]]) -> None:
    out, found = done
    page = (out / "backtest.html").read_text()
    assert found["output_hash"] in page
    assert "http" not in page.replace("http-equiv", "")
    for said in (*found["warnings"], "Profit over blocks", "Lost by reason", "What is taken for granted"):
        assert said.replace("'", "&#39;") in page


def test_the_same_result_with_more_processes_from_the_files_that_were_imported(
    archive: Path, settings: Path, done: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    again = sorted(archive.iterdir(), reverse=True)
    found = backtest([*again, archive], tmp_path / "out", config=settings, jobs=2)
    assert found["output_hash"] == done[1]["output_hash"]
    assert files(tmp_path / "out") == files(done[0])


def test_another_seed_or_another_archive_is_another_run(
    archive: Path, settings: Path, done: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(SETTINGS.replace("inclusion_bps", "seed = 9\ninclusion_bps"))
    before = files(done[0])
    with pytest.raises(OperatorError, match="another run: other settings"):
        backtest([archive], done[0], config=other, resume=True)
    with pytest.raises(OperatorError, match="another run: other archives"):
        backtest([next(iter(sorted(archive.iterdir())))], done[0], config=settings, resume=True)
    with pytest.raises(OperatorError, match="--resume"):
        backtest([archive], done[0], config=settings)
    assert files(done[0]) == before


def test_a_disk_that_fills_up_and_the_run_goes_on_when_it_has_room(
    archive: Path,
    settings: Path,
    done: tuple[Path, dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    words = ["backtest", str(archive), "--out", str(out), "--config", str(settings), "--jobs", "1", "--json"]
    room, sync = [3], os.fsync

    def filling(fd: int) -> None:
        room[0] -= 1
        if room[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(fd)

    monkeypatch.setattr(os, "fsync", filling)
    assert run(words) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("error: ")) == ("", 1)
    assert "No space left on device" in said.err
    monkeypatch.undo()
    kept = {name: content for name, content in files(out).items() if name.startswith("blocks")}
    assert len(kept) == 1
    assert set(files(out)) == {"run.json", *kept}
    assert run([*words, "--resume"]) == 0
    assert json.loads(capsys.readouterr().out)["output_hash"] == done[1]["output_hash"]
    assert files(out) == files(done[0])
    assert kept.items() <= files(out).items()


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 KiB."""
    place = tmp_path / "tiny"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_file_system_leaves_whole_files_alone(
    archive: Path, settings: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["backtest", str(archive), "--out", str(tiny / "out"), "--config", str(settings), "--jobs", "1"]
    assert run(words) == 2
    assert "No space left on device" in capsys.readouterr().err
    for name, content in files(tiny / "out").items():
        assert json.loads(content), name
    assert not (tiny / "out" / "result.json").exists()


def test_work_goes_to_another_process_whole(done: tuple[Path, dict[str, Any]]) -> None:
    import pickle

    from tallyio.backtest.exchanges import exchanges_of
    from tallyio.backtest.study.folder import RunFolder
    from tallyio.backtest.study.identity import Identity
    from tallyio.backtest.study.settings import BacktestSettings

    work = Work(RunFolder(done[0], Identity("a", "b", "c")), BacktestSettings(), exchanges_of(1))
    again = pickle.loads(pickle.dumps(work))  # noqa: S301 - our own bytes
    assert (again.settings, again.exchanges, again.folder.path) == (work.settings, work.exchanges, work.folder.path)
