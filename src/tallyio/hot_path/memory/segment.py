"""Named memory that several processes map.

A segment is a file of a memory file system, not ``multiprocessing.shared_memory``, whose tracker removes what other
processes still use. Each process that maps it holds a shared lock on the file for as long as the mapping lives, so
that the kernel itself knows whether anybody is left.
"""

import fcntl
import mmap
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import BugError, OperatorError, RetryableError
from tallyio.hot_path.memory import header as headers
from tallyio.hot_path.memory.folder import FOLDER, locked, path_of, try_lock
from tallyio.hot_path.memory.header import Header
from tallyio.hot_path.memory.pages import huge_bytes, map_file
from tallyio.hot_path.memory.processes import my_identity, pid_namespace

LARGEST = 2**46


class Segment:
    """``words`` is the content as uint64, aligned to a page, zero when new; kernels take its pointer once.

    ``create`` makes it and owns the name, ``attach`` joins, ``adopt`` joins and takes the place of an owner that died.
    """

    def __init__(self, path: Path, mapping: mmap.mmap, size: int) -> None:
        self.path = path
        self.size = size
        self._mapping = mapping
        self._header = np.frombuffer(mapping, np.uint64, headers.BYTES // 8)
        self.words: NDArray[np.uint64] = np.frombuffer(mapping, np.uint64, -(-size // 8), headers.BYTES)

    @classmethod
    def create(cls, name: str, *, layout: int, size: int, huge_pages: bool = False, folder: Path = FOLDER) -> Self:
        """New memory of ``size`` bytes, all reserved. ``layout`` is a 64-bit hash of what the content means.

        What a dead owner left under the name is removed; processes that still map that see ``retired``. Raises
        ``OperatorError`` where a living process owns the name, it is no segment, or memory does not suffice.
        """
        path = path_of(folder, name)
        if not 0 < size <= LARGEST:
            raise OperatorError(f"{path} cannot have {size} bytes", todo=f"choose 1 to {LARGEST}")
        with locked(folder):
            _remove_dead(path)
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_SH)
                made = Header(
                    headers.MAGIC, headers.VERSION, layout, size, my_identity(), pid_namespace(), headers.MAKING
                )
                os.pwrite(fd, made.encoded(), 0)
                segment = cls(path, _mapped(fd, path, size, huge_pages), size)
                segment._header[headers.STATE_WORD] = headers.READY
            except BaseException:
                path.unlink()
                raise
            finally:
                os.close(fd)  # the mapping keeps a descriptor of its own, and with it the lock
        return segment

    @classmethod
    def attach(cls, name: str, *, layout: int, size: int | None = None, folder: Path = FOLDER) -> Self:
        """The memory that another process made. Raises ``RetryableError`` where it is absent, ``OperatorError`` where
        it is torn, foreign, or of another version, layout or size; nothing is changed then. Without ``size`` any will
        do: the content tells.
        """
        with locked(folder):
            return cls._opened(path_of(folder, name), layout, size)

    @classmethod
    def adopt(cls, name: str, *, layout: int, size: int | None = None, folder: Path = FOLDER) -> Self:
        """As ``attach``, and the caller is the owner from now on: for one that goes on where a dead owner stopped."""
        path = path_of(folder, name)
        with locked(folder):
            if (fd := open_segment(path)) is not None:
                try:
                    header = headers.read_header(fd, path)
                    if header is None or header.owner != my_identity():
                        _refuse_living(fd, header, path)
                finally:
                    os.close(fd)
            segment = cls._opened(path, layout, size)
            segment._header[headers.OWNER_WORD] = my_identity()
            segment._header[headers.NAMESPACE_WORD] = pid_namespace()
        return segment

    @classmethod
    def _opened(cls, path: Path, layout: int, size: int | None) -> Self:
        fd = open_segment(path)
        if fd is None:
            raise RetryableError(f"{path} is absent", todo="start the process that makes it first")
        try:
            header = headers.check(headers.read_header(fd, path), path, os.fstat(fd).st_size, layout, size)
            if not try_lock(fd, fcntl.LOCK_SH):
                raise RetryableError(f"{path} is locked by another program", todo="see who holds it (fuser)")
            return cls(path, _mapped(fd, path, header.size, huge_pages=False), header.size)
        finally:
            os.close(fd)

    @property
    def header(self) -> Header:
        return Header(*(int(word) for word in self._header[:7]))

    @property
    def retired(self) -> bool:
        """Whether a new owner has replaced this memory: nobody writes it any more, attach again."""
        return int(self._header[headers.STATE_WORD]) == headers.RETIRED

    def huge_bytes(self) -> int:
        return huge_bytes(self._mapping)

    def remove(self) -> None:
        """The owner's orderly end: the name goes, processes that map the memory see ``retired``."""
        with locked(self.path.parent):
            if self.header.owner != my_identity():
                raise BugError(
                    f"{self.path} belongs to process {self.header.owner_pid}", todo="let its owner remove it"
                )
            if not self.retired:
                self._header[headers.STATE_WORD] = headers.RETIRED
                self.path.unlink(missing_ok=True)

    def succeed(self, previous: "Segment") -> None:
        """Takes the name of ``previous``, both this process's own, without a moment in which there is none; processes
        that map the other see ``retired``.
        """
        with locked(self.path.parent):
            os.replace(self.path, previous.path)
            previous._header[headers.STATE_WORD] = headers.RETIRED
            self.path = previous.path

    def close(self) -> None:
        """Gives the mapping up; with arrays of it still in use, it goes with the last of them."""
        del self._header, self.words
        try:
            self._mapping.close()
        except BufferError:
            del self._mapping

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.header.owner == my_identity():
            self.remove()
        self.close()


def _mapped(fd: int, path: Path, size: int, huge_pages: bool) -> mmap.mmap:
    wanted = headers.file_size(size)
    try:
        if os.fstat(fd).st_size != wanted:
            os.truncate(fd, wanted)
        return map_file(fd, wanted, huge_pages=huge_pages)
    except (OSError, OverflowError, ValueError) as error:
        free = os.fstatvfs(fd)
        raise OperatorError(
            f"{path} cannot have its {wanted} bytes ({error}); {free.f_bavail * free.f_frsize} are free",
            todo="lower the sizes in the configuration or enlarge the file system",
        ) from error


def _refuse_living(fd: int, header: Header | None, path: Path) -> None:
    """Of one that was made whole: the others belong to nobody."""
    if header is None or header.state == headers.MAKING or headers.is_abandoned(fd, header):
        return
    here = header.namespace == pid_namespace()
    raise OperatorError(
        f"{path} belongs to process {header.owner_pid}, which is running"
        + ("" if here else " in another container, or has readers"),
        todo="stop it first, or give this one another name",
    )


def open_segment(path: Path) -> int | None:
    """``None`` where there is none; ``OperatorError`` for a link, a folder, or what else is not a file of ours."""
    try:
        return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OperatorError(f"{path} is not shared memory of TallyIO ({error.strerror})", todo="remove it") from error


def _remove_dead(path: Path) -> None:
    fd = open_segment(path)
    if fd is None:
        return
    try:
        retire(fd, headers.read_header(fd, path), path)
    finally:
        os.close(fd)


def retire(fd: int, header: Header | None, path: Path) -> None:
    """Removes the name, under the folder's lock. Refused while the owner may live, unless it was never made whole."""
    _refuse_living(fd, header, path)
    if header is not None and header.state != headers.MAKING:
        os.pwrite(fd, headers.RETIRED.to_bytes(8, "little"), headers.STATE_WORD * 8)
    path.unlink()
