"""The kill switch: a file in the data folder. While it is there nothing is sent, after a restart either."""

import asyncio
import contextlib
import getpass
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tallyio.core.clock import Clock, SystemClock
from tallyio.core.errors import OperatorError

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
        data_dir.mkdir(parents=True, exist_ok=True)
        _write(data_dir / FILE_NAME, msgspec.json.format(msgspec.json.encode(stopped)) + b"\n")
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
        _sync(data_dir)
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


def _write(path: Path, content: bytes) -> None:
    fd, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
