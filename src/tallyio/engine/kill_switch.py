"""The kill switch: a file in the data folder. While it is there nothing is sent, after a restart either."""

import asyncio
import getpass
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tallyio.core.clock import Clock, SystemClock
from tallyio.core.errors import OperatorError
from tallyio.core.files import sync_folder, write_whole

FILE_NAME = "halt.json"
POLL_SECONDS = 0.05


class Halt(msgspec.Struct, frozen=True):
    """Who stopped the searcher, when (ISO 8601, UTC) and why."""

    who: str
    when: str
    why: str


def halt(data_dir: Path, reason: str, *, clock: Clock | None = None) -> Halt:
    """Stop the searcher of ``data_dir``, running or not. On the disk when this returns; the first halt stands."""
    if standing := read(data_dir):
        return standing
    now = datetime.fromtimestamp((clock or SystemClock()).unix_ns() / 1e9, UTC)
    stopped = Halt(_user(), now.isoformat(timespec="seconds"), reason)
    try:
        write_whole(data_dir / FILE_NAME, msgspec.json.format(msgspec.json.encode(stopped)) + b"\n")
    except OSError as e:
        raise OperatorError(
            f"{data_dir}: the halt file cannot be written: {e}", todo="Stop the process itself, then mend the folder"
        ) from e
    return stopped


def resume(data_dir: Path) -> Halt | None:
    """Let the searcher go on; what had stopped it, or None when nothing had."""
    standing = read(data_dir)
    (data_dir / FILE_NAME).unlink(missing_ok=True)
    if standing is not None:
        sync_folder(data_dir)
    return standing


def is_halted(data_dir: Path) -> bool:
    """Whether the file is there, readable or not, or its folder cannot be looked into. One system call."""
    try:
        os.lstat(data_dir / FILE_NAME)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def read(data_dir: Path) -> Halt | None:
    """The standing halt. A file that cannot be read halts as well."""
    try:
        return msgspec.json.decode((data_dir / FILE_NAME).read_bytes(), type=Halt)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError) as e:
        return Halt("unknown", "unknown", f"the halt file cannot be read: {e}")


async def watch(data_dir: Path, on_change: Callable[[bool], None], *, poll_seconds: float = POLL_SECONDS) -> None:
    """Call ``on_change`` with the state at once and then whenever it changes, until cancelled."""
    last: bool | None = None
    while True:
        now = is_halted(data_dir)
        if now != last:
            last = now
            on_change(now)
        await asyncio.sleep(poll_seconds)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
