"""The first page of a segment: what it is, how large, whose, and whether it was made whole."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tallyio.core.errors import OperatorError
from tallyio.hot_path.memory.folder import try_lock
from tallyio.hot_path.memory.processes import is_alive, pid_namespace, pid_of

BYTES = 4096
MAGIC = int.from_bytes(b"TALLYSHM", "little")
VERSION = 1

MAKING, READY, RETIRED = 1, 2, 3
OWNER_WORD, NAMESPACE_WORD, STATE_WORD = 4, 5, 6


@dataclass(frozen=True)
class Header:
    magic: int
    version: int
    layout: int
    size: int
    owner: int
    namespace: int
    state: int

    def encoded(self) -> bytes:
        values = (self.magic, self.version, self.layout, self.size, self.owner, self.namespace, self.state)
        return np.array(values, "<u8").tobytes()

    @property
    def owner_pid(self) -> int:
        return pid_of(self.owner)

    def owner_may_live(self) -> bool:
        """False where the owner is surely gone; one of another container cannot be judged by its number."""
        return self.namespace != pid_namespace() or is_alive(self.owner)


def is_abandoned(fd: int, header: Header) -> bool:
    """Whether the owner is gone. ``fd`` is one without a lock: where the owner's number says nothing here, as after the
    restart of a container whose memory outlives it, the owner is gone when nobody maps the memory.
    """
    if header.namespace == pid_namespace():
        return not is_alive(header.owner)
    return try_lock(fd, fcntl.LOCK_EX)


def read_header(fd: int, path: Path) -> Header | None:
    """``None`` for a file whose maker died before the first write; ``OperatorError`` for what is no segment of ours."""
    raw = os.pread(fd, 7 * 8, 0)
    if not raw:
        return None
    values = [int(value) for value in np.frombuffer(raw[: len(raw) // 8 * 8], "<u8")]
    if len(values) < 7 or values[0] != MAGIC:
        raise OperatorError(
            f"{path} is not shared memory of TallyIO: it begins with {raw[:8]!r}, "
            f"expected {MAGIC.to_bytes(8, 'little')!r}",
            todo="remove it if it is yours, or choose another name",
        )
    return Header(*values)


def check(header: Header | None, path: Path, file_bytes: int, layout: int, size: int | None) -> Header:
    """The header of a whole segment with the ``layout`` and ``size`` that the caller was built for, or an error."""
    if header is None or header.state != READY:
        who = f"process {header.owner_pid}" if header else "a process"
        raise OperatorError(
            f"{path} is torn: {who} died while making or replacing it", todo="start its owner again, which clears it"
        )
    if header.version != VERSION or header.layout != layout:
        raise OperatorError(
            f"{path} has layout {header.version}/{header.layout:016x}, expected {VERSION}/{layout:016x}",
            todo="run the same version of TallyIO with the same sizes in all processes",
        )
    size = header.size if size is None else size
    if header.size != size or file_bytes != file_size(size):
        raise OperatorError(
            f"{path} has {file_bytes} bytes for a content of {header.size}, expected {file_size(size)} for {size}",
            todo="run all processes with the same sizes in the configuration",
        )
    return header


def file_size(size: int) -> int:
    return BYTES + -(-size // BYTES) * BYTES
