"""One writer a data folder: an advisory lock that the kernel drops when its process dies, however it dies."""

import fcntl
import os
from pathlib import Path

from tallyio.core.errors import OperatorError


class WriterLock:
    """Held from construction to ``release``. The file keeps the holder's process id for the error of the next one."""

    def __init__(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 32).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise OperatorError(
                f"the data folder {path.parent} is in use by another searcher (process {holder})",
                todo="Stop that one, or give this one a data folder of its own",
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd: int | None = fd

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
