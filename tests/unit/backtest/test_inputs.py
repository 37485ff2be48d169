"""The archives of a backtest: each block once, of one chain; what is wrong is one clear error."""

import shutil
from pathlib import Path

import msgspec
import pytest

from tallyio.app.backtest import backtest
from tallyio.archive.records import ArchivedBlock, ArchiveError
from tallyio.archive.store import path_of, write_block
from tallyio.backtest.study.inputs import find_inputs
from tallyio.core.errors import ChainDataError, ConfigError, OperatorError, TallyError


def heard(name: str, done: int, total: int) -> None:
    assert 0 <= done < total


def test_a_block_that_is_there_twice_counts_once(tmp_path: Path, small_block: ArchivedBlock) -> None:
    one = write_block(tmp_path / "one", small_block)
    (tmp_path / "two").mkdir()
    two = Path(shutil.copy(one, tmp_path / "two"))
    [found] = find_inputs([one, two], heard)
    assert (found.path, found.chain_id, found.number) == (str(one), 1, small_block.number)


def test_two_archives_of_one_block_are_refused(tmp_path: Path, small_block: ArchivedBlock) -> None:
    one = write_block(tmp_path / "one", small_block)
    two = write_block(tmp_path / "two", msgspec.structs.replace(small_block, receipts=None))
    with pytest.raises(OperatorError, match=f"different archives of block {small_block.number}"):
        find_inputs([one, two], heard)


def test_mixed_chains_are_refused(tmp_path: Path, small_block: ArchivedBlock) -> None:
    one = write_block(tmp_path / "one", small_block)
    two = write_block(tmp_path / "two", msgspec.structs.replace(small_block, chain_id=10, rules="shanghai"))
    with pytest.raises(OperatorError, match=r"two.* is of chain 10, .*one.* of chain 1"):
        find_inputs([one, two], heard)


def test_what_is_named_wrong_is_said_and_nothing_is_written(tmp_path: Path, small_block: ArchivedBlock) -> None:
    out, archive, empty = tmp_path / "out", tmp_path / "archive", tmp_path / "empty"
    empty.mkdir()
    path = write_block(archive, small_block)
    cases: list[tuple[Path, dict[str, object], type[TallyError], str]] = [
        (tmp_path / "absent", {}, OperatorError, "no such file or folder"),
        (empty, {}, ArchiveError, "holds no archived block"),
        (archive, {"jobs": -1}, OperatorError, "--jobs: found -1"),
        (archive, {"config": tmp_path / "absent.toml"}, ConfigError, "no such file"),
        (archive, {"exchanges": tmp_path / "absent.toml"}, ConfigError, "no such file"),
    ]
    for place, options, kind, said in cases:
        with pytest.raises(kind, match=said):
            backtest([place], out, **options)  # type: ignore[arg-type]
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ArchiveError, match="cut off or corrupt"):
        backtest([archive], out)
    assert not out.exists()


def test_a_chain_without_known_exchanges_is_named(tmp_path: Path, small_block: ArchivedBlock) -> None:
    write_block(tmp_path / "a", msgspec.structs.replace(small_block, chain_id=31_337, rules="shanghai"))
    with pytest.raises(OperatorError, match="no exchanges of chain 31337"):
        backtest([tmp_path / "a"], tmp_path / "out")


def test_blocks_of_which_none_can_be_replayed(
    tmp_path: Path, small_block: ArchivedBlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its one transaction is not signed: the block was never executed anywhere, and nothing is searched in it."""
    monkeypatch.setattr("tallyio.app.backtest.prepare", lambda: None)
    path = write_block(tmp_path / "a", small_block)
    assert path == path_of(tmp_path / "a", small_block.number)
    with pytest.raises(ChainDataError, match="none of 1 blocks could be replayed; the first: "):
        backtest([tmp_path / "a"], tmp_path / "out", jobs=1)
    assert not (tmp_path / "out" / "result.json").exists()
