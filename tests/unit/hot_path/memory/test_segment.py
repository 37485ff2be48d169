"""Named memory: who may open it, what is detected, what is left and cleared."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tallyio.core.errors import BugError, OperatorError, RetryableError
from tallyio.hot_path.memory import header as headers
from tallyio.hot_path.memory.folder import locked
from tallyio.hot_path.memory.leftovers import Cleared, clear_leftovers, find_leftovers
from tallyio.hot_path.memory.processes import identity_of, my_identity
from tallyio.hot_path.memory.segment import Segment

LAYOUT = 0xABCDEF0123456789
Child = subprocess.Popen[str]
Start = Callable[[str], Child]


@pytest.fixture
def start(shm: Path) -> Iterator[Start]:
    """Runs a program with ``folder`` and ``Segment``; it has printed its first line when this returns."""
    children: list[Child] = []

    def run(program: str) -> Child:
        prelude = f"""
        import os, sys, time
        from pathlib import Path
        from tallyio.hot_path.memory.segment import Segment
        folder = Path({str(shm)!r})
        """
        source = textwrap.dedent(prelude) + textwrap.dedent(program)
        child = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "ready"
        return child

    yield run
    for child in children:
        child.kill()
        child.communicate()


def kill(child: Child) -> None:
    os.kill(child.pid, signal.SIGKILL)
    child.wait()


OWNER = f"""
segment = Segment.create("pools", layout={LAYOUT}, size=10_000, folder=folder)
segment.words[:] = 7
print("ready", flush=True)
time.sleep(60)
"""
READER = f"""
segment = Segment.attach("pools", layout={LAYOUT}, size=10_000, folder=folder)
print("ready", flush=True)
time.sleep(60)
"""


def attach(shm: Path, layout: int = LAYOUT, size: int = 10_000) -> Segment:
    return Segment.attach("pools", layout=layout, size=size, folder=shm)


def create(shm: Path, size: int = 10_000) -> Segment:
    return Segment.create("pools", layout=LAYOUT, size=size, folder=shm)


def test_what_one_mapping_writes_another_reads(shm: Path) -> None:
    with create(shm) as mine:
        theirs = attach(shm)
        assert (mine.words.size, mine.words.ctypes.data % 4096) == (1250, 0)
        assert not mine.words.any()
        mine.words[1249] = 2**64 - 1
        assert theirs.words[1249] == 2**64 - 1
        assert mine.path.stat().st_mode & 0o777 == 0o600
        assert mine.path.stat().st_blocks * 512 >= 10_000, "all of it is there"
        assert not theirs.retired
    assert theirs.retired
    assert list(shm.iterdir()) == []
    assert theirs.words[1249] == 2**64 - 1, "the mapping outlives the name"
    theirs.close()


def test_absent_memory_is_said(shm: Path) -> None:
    with pytest.raises(RetryableError, match=r"pools is absent. start the process that makes it first"):
        attach(shm)


def test_other_layouts_and_sizes_are_refused_and_left_as_they_are(shm: Path) -> None:
    with create(shm) as segment:
        before = segment.path.read_bytes()
        with pytest.raises(OperatorError, match=r"layout 1/abcdef0123456789, expected 1/abcdef0123456788"):
            attach(shm, layout=LAYOUT - 1)
        with pytest.raises(OperatorError, match="16384 bytes for a content of 10000, expected 16384 for 10001"):
            attach(shm, size=10_001)
        os.truncate(segment.path, 8192)
        with pytest.raises(OperatorError, match="8192 bytes for a content of 10000, expected 16384 for 10000"):
            attach(shm)
        os.truncate(segment.path, 16384)
        assert segment.path.read_bytes()[: headers.BYTES] == before[: headers.BYTES]


def test_another_header_version_is_refused(shm: Path) -> None:
    with create(shm) as segment:
        segment._header[1] = 2
        with pytest.raises(OperatorError, match="layout 2/abcdef0123456789, expected 1/"):
            attach(shm)


@pytest.mark.parametrize("content", [b"x", b"\x7fELF" + bytes(9000), bytes(16384), b"TALLYSHM"])
def test_a_foreign_file_is_neither_used_nor_removed(shm: Path, content: bytes) -> None:
    path = shm / "pools"
    path.write_bytes(content)
    for use in (attach, create):
        with pytest.raises(OperatorError, match="not shared memory of TallyIO"):
            use(shm)
    assert clear_leftovers("", folder=shm) == Cleared((), (), ("pools",))
    assert path.read_bytes() == content


def test_a_link_or_folder_is_foreign(shm: Path) -> None:
    with create(shm) as segment:
        (shm / "link").symlink_to(segment.path)
        (shm / "folder").mkdir()
        for name in ("link", "folder"):
            with pytest.raises(OperatorError, match="not shared memory of TallyIO"):
                Segment.attach(name, layout=LAYOUT, size=10_000, folder=shm)
        assert clear_leftovers("", folder=shm) == Cleared((), ("pools",), ("folder", "link"))


@pytest.mark.parametrize("bytes_left", [0, 56, 4096])
def test_memory_whose_maker_died_is_torn_and_made_anew(shm: Path, bytes_left: int) -> None:
    dead = my_identity() + (1 << 40)
    half = headers.Header(headers.MAGIC, headers.VERSION, LAYOUT, 10_000, dead, 0, headers.MAKING)
    (shm / "pools").write_bytes(half.encoded().ljust(4096, b"\0")[:bytes_left])
    with pytest.raises(OperatorError, match=r"pools is torn: .* died while making or replacing it"):
        attach(shm)
    with create(shm):
        attach(shm).close()
    (shm / "pools").write_bytes(half.encoded().ljust(4096, b"\0")[:bytes_left])
    assert clear_leftovers("poo", folder=shm) == Cleared(("pools",), (), ())


def test_a_living_owner_keeps_its_name(shm: Path, start: Start) -> None:
    owner = start(OWNER)
    with pytest.raises(OperatorError, match=f"belongs to process {owner.pid}, which is running"):
        create(shm)
    with pytest.raises(OperatorError, match="which is running"):
        Segment.adopt("pools", layout=LAYOUT, size=10_000, folder=shm)
    assert clear_leftovers("", folder=shm) == Cleared((), ("pools",), ())
    segment = attach(shm)
    with pytest.raises(BugError, match=f"belongs to process {owner.pid}"):
        segment.remove()
    assert segment.words[3] == 7


def test_a_killed_owner_is_followed_and_its_readers_are_told(shm: Path, start: Start) -> None:
    kill(start(OWNER))
    reader = attach(shm)
    assert clear_leftovers("", folder=shm) == Cleared((), ("pools",), ()), "a living process maps it"
    assert not reader.retired
    with create(shm) as fresh:
        assert reader.retired
        assert reader.words[3] == 7
        assert fresh.words[3] == 0


def test_a_successor_can_go_on_where_a_killed_owner_stopped(shm: Path, start: Start) -> None:
    kill(start(OWNER))
    with Segment.adopt("pools", layout=LAYOUT, size=10_000, folder=shm) as segment:
        assert segment.words[3] == 7
        assert segment.header.owner == my_identity()
    assert list(shm.iterdir()) == []


def test_leftovers_of_the_dead_are_cleared_once_nobody_maps_them(shm: Path, start: Start) -> None:
    owner = start(OWNER)
    reader = start(READER)
    kill(owner)
    assert clear_leftovers("", folder=shm) == Cleared((), ("pools",), ())
    kill(reader)
    assert clear_leftovers("other", folder=shm) == Cleared((), (), ())
    assert clear_leftovers("", folder=shm) == Cleared(("pools",), (), ())
    assert list(shm.iterdir()) == []


def test_a_process_number_used_again_is_not_its_owner(shm: Path) -> None:
    segment = create(shm)
    segment._header[headers.OWNER_WORD] = identity_of(1) + (1 << 22)  # process 1, started a tick later
    assert not segment.header.owner_may_live()
    segment.close()
    assert clear_leftovers("", folder=shm) == Cleared(("pools",), (), ())


@pytest.mark.parametrize("follow", ["clear", "create", "adopt"])
def test_the_owner_in_another_container_is_judged_by_what_it_maps(shm: Path, follow: str) -> None:
    """Its number says nothing here; memory that outlives a container's restart must not stop the next start."""
    segment = create(shm)
    segment._header[headers.OWNER_WORD] = 1
    segment._header[headers.NAMESPACE_WORD] = 1
    assert clear_leftovers("", folder=shm) == Cleared((), ("pools",), ())
    with pytest.raises(OperatorError, match="in another container, or has readers"):
        create(shm)
    with pytest.raises(OperatorError, match="in another container, or has readers"):
        Segment.adopt("pools", layout=LAYOUT, size=10_000, folder=shm)
    segment.close()
    if follow == "clear":
        assert find_leftovers("", folder=shm) == Cleared(("pools",), (), ())
        assert clear_leftovers("", folder=shm) == Cleared(("pools",), (), ())
    elif follow == "create":
        create(shm).remove()
    else:
        adopted = Segment.adopt("pools", layout=LAYOUT, size=10_000, folder=shm)
        assert adopted.header.owner == my_identity()
        assert not headers.is_abandoned(-1, adopted.header)
        adopted.remove()
    assert list(shm.iterdir()) == []


def test_two_that_start_at_once_do_not_both_get_it(shm: Path, start: Start) -> None:
    race = f"""
    print("ready", flush=True)
    while time.time() < {time.time() + 1.5}:
        pass
    wins = 0
    for turn in range(40):
        try:
            Segment.create(f"race{{turn}}", layout=1, size=100, folder=folder)
            wins += 1
        except Exception as error:
            assert "which is running" in str(error), error
    print(wins, flush=True)
    time.sleep(60)
    """
    children = [start(race) for _ in range(2)]
    wins = [int(child.stdout.readline()) for child in children if child.stdout]
    assert sum(wins) == 40


def test_memory_that_cannot_be_had_is_an_error_at_start(shm: Path) -> None:
    free = os.statvfs(shm).f_bavail * os.statvfs(shm).f_frsize
    for huge_pages in (False, True):
        with pytest.raises(
            OperatorError, match=r"cannot have its \d+ bytes .*No space left.* are free. lower the sizes"
        ):
            Segment.create("pools", layout=1, size=free + 2**30, huge_pages=huge_pages, folder=shm)
    for size in (0, -1, 2**60, 2**80):
        with pytest.raises(OperatorError, match="choose 1 to"):
            create(shm, size)
    assert list(shm.iterdir()) == []


def test_huge_pages_are_asked_for_and_what_came_is_said(shm: Path) -> None:
    with Segment.create("pools", layout=1, size=4 * 2**20, huge_pages=True, folder=shm) as segment:
        assert segment.huge_bytes() % 2**21 == 0
        assert segment.huge_bytes() <= 4 * 2**20 + 4096
        assert segment.words.nbytes == 4 * 2**20


@pytest.mark.parametrize("name", ["", "a/b", "..", "A", "x" * 101, "a\0"])
def test_names_that_are_none(shm: Path, name: str) -> None:
    with pytest.raises(OperatorError, match="shared memory cannot be called"):
        Segment.create(name, layout=1, size=100, folder=shm)


def test_a_folder_that_others_may_enter_is_refused(shm: Path) -> None:
    shm.chmod(0o755)
    with pytest.raises(OperatorError, match=r"mode 0755, expected user .* and mode 0700"), locked(shm):
        pass
    shm.chmod(0o700)
    with locked(shm):
        pass


def test_a_folder_that_cannot_be_is_said(shm: Path) -> None:
    (shm / "file").touch()
    (shm / "link").symlink_to(shm)
    for name in ("file", "link", "absent/absent"):
        with pytest.raises(OperatorError, match=rf"{name} cannot hold shared memory"):
            Segment.create("pools", layout=1, size=100, folder=shm / name)


def test_closing_with_arrays_in_use_keeps_them(shm: Path) -> None:
    segment = create(shm)
    kept = segment.words[5:9]
    segment.remove()
    segment.close()
    kept[:] = 3
    assert kept.tolist() == [3] * 4
    assert isinstance(kept, np.ndarray)
