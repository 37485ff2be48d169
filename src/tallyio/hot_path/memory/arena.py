"""Arrays laid one after another into memory that was reserved at start."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tallyio.core.errors import BugError, OperatorError
from tallyio.hot_path.compiled import DIGEST

ALIGNMENT = 128
"""Bytes: two cache lines, which processors fetch together."""


@dataclass(frozen=True)
class Reservation:
    """An array to come. ``name`` is for people and for the layout's hash."""

    name: str
    dtype: DTypeLike
    shape: tuple[int, ...]
    alignment: int = ALIGNMENT

    @property
    def size(self) -> int:
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    def offset_from(self, used: int) -> int:
        return -(-used // self.alignment) * self.alignment


def bytes_needed(reservations: Iterable[Reservation]) -> int:
    used = 0
    for reservation in reservations:
        used = reservation.offset_from(used) + reservation.size
    return used


def layout_hash(reservations: Iterable[Reservation]) -> int:
    """64 bits that differ where names, types, shapes or order do: the ``layout`` of a segment that holds them."""
    digest = blake2b(digest_size=8)
    for each in reservations:
        shape = ",".join(map(str, each.shape))
        digest.update(f"{each.name}|{np.dtype(each.dtype).descr}|{shape}|{each.alignment}\n".encode())
    return int.from_bytes(digest.digest(), "little")


def version_hash(reservations: Iterable[Reservation]) -> int:
    """``layout_hash`` together with this version of the kernels: memory of another is refused."""
    own = layout_hash(reservations).to_bytes(8, "little")
    return int.from_bytes(blake2b(own + DIGEST.encode(), digest_size=8).digest(), "little")


class Arena:
    """Gives out the memory of ``words`` once, front to back; nothing is ever given back.

    Processes that make the same reservations in the same order over one segment share the arrays.
    """

    def __init__(self, words: NDArray[np.uint64]) -> None:
        self._bytes = words.view(np.uint8)
        self.size = words.nbytes
        self.used = 0

    def reserve(self, reservation: Reservation) -> NDArray[Any]:
        """The array, C-contiguous, as it lies in memory. Raises ``OperatorError`` where it does not fit."""
        start = reservation.offset_from(self.used)
        end = start + reservation.size
        if end > self.size:
            raise OperatorError(
                f"no room for {reservation.name}: {reservation.size} bytes after {self.used} of {self.size}",
                todo="enlarge the memory in the configuration",
            )
        if (self._bytes.ctypes.data + start) % reservation.alignment:
            raise BugError(f"the arena of {reservation.name} is not aligned to {reservation.alignment} bytes")
        self.used = end
        return self._bytes[start:end].view(reservation.dtype).reshape(reservation.shape)
