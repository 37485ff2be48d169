"""Which caches of compiled kernels are removed."""

import os
from pathlib import Path

import pytest

from tallyio.app.warmup import KEPT, KEPT_S, RECENT_S, prune

NOW = 2_000_000_000.0


def cache(root: Path, number: int, age_s: float) -> Path:
    folder = root / f"{number:016x}"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "kernel.nbc").write_bytes(b"code")
    os.utime(folder, (NOW - age_s, NOW - age_s))
    return folder


def test_old_ones_go_and_what_was_used_lately_stays(tmp_path: Path) -> None:
    current, old, young = (
        cache(tmp_path, 1, 10 * KEPT_S),
        cache(tmp_path, 2, KEPT_S + 1),
        cache(tmp_path, 3, KEPT_S - 1),
    )
    assert prune(current, NOW) == [old.name]
    assert current.exists()
    assert young.exists()
    assert not old.exists()


def test_beyond_a_number_the_longest_unused_go(tmp_path: Path) -> None:
    folders = [cache(tmp_path, n, RECENT_S + 60 * n) for n in range(KEPT + 3)]
    assert prune(folders[0], NOW) == [folder.name for folder in folders[-3:]]


def test_one_that_may_be_in_use_is_never_removed(tmp_path: Path) -> None:
    folders = [cache(tmp_path, n, 10) for n in range(KEPT + 3)]
    assert prune(folders[0], NOW) == []


@pytest.mark.parametrize("name", ["notes", "0123456789abcdeg", "0123456789abcdef0"])
def test_nothing_else_is_touched(tmp_path: Path, name: str) -> None:
    current = cache(tmp_path, 1, 0)
    other = tmp_path / name
    other.mkdir()
    os.utime(other, (0, 0))
    assert prune(current, NOW) == []
    assert other.exists()
