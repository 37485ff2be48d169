import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tallyio.hot_path as hot_path
from tallyio.hot_path.compiled import cache_folder


def test_a_changed_source_gets_another_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernels' cache is keyed by every source of the room: two processes, one with a line more in a helper."""
    source = Path(hot_path.__file__).parent
    copy = tmp_path / "tallyio_copy"
    copy.mkdir()
    for file in source.rglob("*.py"):
        target = copy / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    code = "import importlib.util as u,sys;s=u.spec_from_file_location('c',sys.argv[1]);m=u.module_from_spec(s);s.loader.exec_module(m);print(m.cache_folder())"  # noqa: E501

    def folder() -> str:
        run = [sys.executable, "-c", code, str(copy / "compiled.py")]
        return subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()

    before = folder()
    assert folder() == before
    (copy / "amm" / "v2.py").write_text((copy / "amm" / "v2.py").read_text() + "\n# changed\n")
    assert folder() != before


def test_the_cache_moves_to_a_temporary_folder_where_home_is_shut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = tmp_path / "shut"
    shut.write_text("a file, not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(shut))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert cache_folder().is_relative_to(tmp_path)


@pytest.mark.parametrize("spoil", [lambda f: f.chmod(0o777), lambda f: (f.rmdir(), f.symlink_to(f.parent))])
def test_a_temporary_cache_that_others_can_write_to_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], object]
) -> None:
    """What lies in a cache is run: a folder that somebody else has prepared is passed by."""
    shut = tmp_path / "shut"
    shut.write_text("a file, not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(shut))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    owned = cache_folder().parent
    shutil.rmtree(owned)
    owned.mkdir(mode=0o700)
    spoil(owned)
    other = cache_folder().parent
    assert other != owned
    assert stat.S_IMODE(other.stat().st_mode) == 0o700


def test_the_last_use_of_a_cache_is_its_time_of_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache_folder()
    os.utime(folder, (1.0, 1.0))
    assert cache_folder() == folder
    assert folder.stat().st_mtime > 1.0


def test_importing_what_searches_does_not_import_numba() -> None:
    code = "import sys, tallyio.hot_path.sizing, tallyio.strategies.search; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
