"""Where shared memory has its names, and the one lock under which names are made, opened and removed."""

import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tallyio.core.errors import OperatorError, RetryableError

FOLDER = Path("/dev/shm") / f"tallyio-{os.getuid()}"  # noqa: S108  (mode 0700 and ours, or refused)
LOCK_WAIT_S = 30.0

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")


def path_of(folder: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise OperatorError(
            f"shared memory cannot be called {name[:120]!r}", todo="use up to 100 of a-z, 0-9, _, . and -"
        )
    return folder / name


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Makes ``folder`` where it is absent and holds its lock, which the kernel takes back from a killed holder.

    Raises ``OperatorError`` where another user owns the folder or may look into it, ``RetryableError`` where somebody
    has held the lock for half a minute.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise OperatorError(
            f"{folder} cannot hold shared memory ({error.strerror})",
            todo="mount a tmpfs there, as Linux does on /dev/shm, and remove what stands in the way",
        ) from error
    try:
        status = os.fstat(fd)
        if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise OperatorError(
                f"{folder} belongs to user {status.st_uid} with mode {stat.S_IMODE(status.st_mode):04o}, "
                f"expected user {os.getuid()} and mode 0700",
                todo="remove it: shared memory that others can change is not used",
            )
        _take(fd, folder)
        yield
    finally:
        os.close(fd)


def _take(fd: int, folder: Path) -> None:
    deadline = time.monotonic() + LOCK_WAIT_S
    while not try_lock(fd, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            raise RetryableError(f"{folder} has been locked for {LOCK_WAIT_S:g} s", todo="see who hangs there (fuser)")
        time.sleep(0.002)


def try_lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
