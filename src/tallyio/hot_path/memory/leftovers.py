"""What killed processes left behind, found and removed at the next start."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from tallyio.core.errors import OperatorError
from tallyio.hot_path.memory import header as headers
from tallyio.hot_path.memory.folder import FOLDER, locked, try_lock
from tallyio.hot_path.memory.segment import open_segment, retire


@dataclass(frozen=True)
class Cleared:
    """Names of segments. ``in_use`` were left alone: a living process owns or maps them. So were ``foreign`` files."""

    removed: tuple[str, ...]
    in_use: tuple[str, ...]
    foreign: tuple[str, ...]


def clear_leftovers(prefix: str, *, folder: Path = FOLDER) -> Cleared:
    """Removes the segments whose names begin with ``prefix`` and that no living process owns or maps."""
    return _sorted_out(prefix, folder, remove=True)


def find_leftovers(prefix: str, *, folder: Path = FOLDER) -> Cleared:
    """What ``clear_leftovers`` would do; nothing is changed."""
    return _sorted_out(prefix, folder, remove=False) if folder.exists() else Cleared((), (), ())


def _sorted_out(prefix: str, folder: Path, remove: bool) -> Cleared:
    removed: list[str] = []
    in_use: list[str] = []
    foreign: list[str] = []
    with locked(folder):
        for path in sorted(path for path in folder.iterdir() if path.name.startswith(prefix)):
            try:
                (removed if _clear(path, remove) else in_use).append(path.name)
            except OperatorError:
                foreign.append(path.name)
    return Cleared(tuple(removed), tuple(in_use), tuple(foreign))


def _clear(path: Path, remove: bool) -> bool:
    fd = open_segment(path)
    if fd is None:
        return False
    try:
        left = _is_left(fd, path)
        if left and remove:
            retire(fd, headers.read_header(fd, path), path)
        return left
    finally:
        os.close(fd)


def _is_left(fd: int, path: Path) -> bool:
    """Nobody makes a segment while this process holds the folder's lock, so an unfinished one is left over."""
    header = headers.read_header(fd, path)
    if header is None or header.state == headers.MAKING:
        return True
    return headers.is_abandoned(fd, header) and try_lock(fd, fcntl.LOCK_EX)
