"""The kill switch: on the disk at once, seen within a tenth of a second, and standing until an operator resumes."""

import asyncio
import json
from pathlib import Path

import pytest

from tallyio.core.clock import ManualClock
from tallyio.core.errors import OperatorError
from tallyio.engine.kill_switch import FILE_NAME, halt, is_halted, read, resume, watch


def test_halt_says_who_when_and_why_and_stands(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert not is_halted(data)
    stopped = halt(data, "looks odd", clock=ManualClock(1_700_000_000 * 10**9))
    assert is_halted(data)
    assert json.loads((data / FILE_NAME).read_text()) == {
        "who": stopped.who,
        "when": "2023-11-14T22:13:20+00:00",
        "why": "looks odd",
    }
    assert halt(data, "again").why == "looks odd"
    assert [p.name for p in data.iterdir()] == [FILE_NAME]


def test_only_resume_lifts_it(tmp_path: Path) -> None:
    stopped = halt(tmp_path, "why")
    assert resume(tmp_path) == stopped
    assert not is_halted(tmp_path)
    assert resume(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xff", b"[]"])
def test_an_unreadable_file_halts_too(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert is_halted(tmp_path)
    found = read(tmp_path)
    assert found is not None
    assert "cannot be read" in found.why
    resume(tmp_path)
    assert not is_halted(tmp_path)


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match="cannot be written"):
        halt(tmp_path / "file" / "data", "why")


async def test_a_running_searcher_sees_every_change_within_a_tenth_of_a_second(tmp_path: Path) -> None:
    seen: asyncio.Queue[bool] = asyncio.Queue()
    task = asyncio.create_task(watch(tmp_path, seen.put_nowait))
    room = 0.5  # a tenth of a second, and room for a busy machine
    try:
        assert await asyncio.wait_for(seen.get(), room) is False
        halt(tmp_path, "why")
        assert await asyncio.wait_for(seen.get(), room) is True
        resume(tmp_path)
        assert await asyncio.wait_for(seen.get(), room) is False
        await asyncio.sleep(0.15)
        assert seen.empty()
    finally:
        task.cancel()
