"""Rings as a process opens them: who may produce and consume, and messages one at a time from Python.

Kernels use the functions of ``spsc`` and ``mpsc`` on ``ring.words`` (or its pointer) after a role has been taken.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import OperatorError
from tallyio.hot_path.memory import mpsc, spsc
from tallyio.hot_path.memory import ring_layout as layout
from tallyio.hot_path.memory.processes import UNKNOWN, is_alive, my_identity
from tallyio.hot_path.memory.roles import leave_role, swap, take_role

_RECLAIMING = 1 << 63


class _Ring:
    def __init__(self, words: NDArray[np.uint64]) -> None:
        self.words = words
        self._payload = np.zeros(self.payload_words, np.uint64)

    @property
    def capacity(self) -> int:
        return int(self.words[layout.CAPACITY])

    @property
    def payload_words(self) -> int:
        return int(self.words[layout.WIDTH]) - 1

    @property
    def refused(self) -> int:
        """Messages that found the ring full."""
        return int(self.words[layout.REFUSED])

    def __len__(self) -> int:
        """Messages in it just now; only a hint while others work."""
        head = int(self.words[layout.HEAD])
        return max(0, int(self.words[layout.TAIL]) - head)

    def take_consumer(self) -> None:
        take_role(self.words, layout.CONSUMER, "consumer of this ring")

    def leave_consumer(self) -> None:
        leave_role(self.words, layout.CONSUMER)

    def _message(self, payload: tuple[int, ...]) -> NDArray[np.uint64]:
        self._payload[: len(payload)] = payload
        self._payload[len(payload) :] = 0
        return self._payload


class SpscRing(_Ring):
    """One producer, one consumer."""

    @classmethod
    def make(cls, words: NDArray[np.uint64], capacity: int, lines: int = 1) -> Self:
        """An empty ring in zeroed ``words`` (``spsc.words_needed``) for ``capacity`` messages, a power of two."""
        layout.format_ring(words, spsc.KIND, capacity, lines, spsc.words_needed(capacity, lines))
        return cls(words)

    @classmethod
    def open(cls, words: NDArray[np.uint64]) -> Self:
        layout.check_ring(words, spsc.KIND, spsc.words_needed)
        return cls(words)

    def take_producer(self) -> None:
        """Raises ``OperatorError`` while another process has the part; goes on where a dead one stopped."""
        take_role(self.words, layout.PRODUCER, "producer of this ring")
        spsc.resume_producer(self.words)

    def leave_producer(self) -> None:
        leave_role(self.words, layout.PRODUCER)

    def push(self, *payload: int) -> bool:
        return bool(spsc.push(self.words, self._message(payload)))

    def pop(self) -> tuple[int, ...] | None:
        return tuple(map(int, self._payload)) if spsc.pop(self.words, self._payload) else None


class MpscRing(_Ring):
    """Up to 255 producers, one consumer."""

    @classmethod
    def make(cls, words: NDArray[np.uint64], capacity: int, lines: int = 1) -> Self:
        """An empty ring in ``words`` (``mpsc.words_needed``) for ``capacity`` messages, a power of two."""
        layout.format_ring(words, mpsc.KIND, capacity, lines, mpsc.words_needed(capacity, lines))
        mpsc.format_slots(words)
        return cls(words)

    @classmethod
    def open(cls, words: NDArray[np.uint64]) -> Self:
        layout.check_ring(words, mpsc.KIND, mpsc.words_needed)
        return cls(words)

    @property
    def abandoned(self) -> int:
        """Claims of dead producers that the consumer skipped."""
        return int(self.words[layout.ABANDONED])

    def take_producer(self) -> int:
        """A producer's number, for this process until ``leave_producer``; each thread that produces takes its own.

        Dead producers' numbers are freed first. Raises ``OperatorError`` where 255 living ones have them all.
        """
        self.release_dead()
        mine = my_identity()
        for number in range(1, mpsc.PRODUCERS):
            if self._take(number, UNKNOWN, mine):
                return number
        raise OperatorError(
            f"all {mpsc.PRODUCERS - 1} producers of this ring are running processes", todo="stop some of them"
        )

    def leave_producer(self, number: int) -> None:
        self._take(number, my_identity(), UNKNOWN)

    def release_dead(self) -> int:
        """Frees the numbers of dead producers and marks their unpublished claims, which the consumer then skips.

        Returns how many numbers. For a consumer that has met ``UNFINISHED`` for longer than a claim can take.
        """
        holders = [int(holder) for holder in self.words[layout.HEAD_WORDS : layout.HEAD_WORDS + mpsc.PRODUCERS]]
        dead = {holder for holder in set(holders) if holder != UNKNOWN and not is_alive(holder & ~_RECLAIMING)}
        return sum(holder in dead and self._reclaim(number, holder) for number, holder in enumerate(holders))

    def push(self, producer: int, *payload: int) -> bool:
        return bool(mpsc.push(self.words, np.uint64(producer), self._message(payload)))

    def pop(self) -> tuple[int, ...] | None:
        """The oldest message, ``None`` without one or while the oldest is unfinished."""
        slot = mpsc.pop(self.words, self._payload)
        return tuple(map(int, self._payload)) if slot > mpsc.UNFINISHED else None

    def _take(self, number: int, old: int, new: int) -> bool:
        return bool(swap(self.words, np.int64(layout.HEAD_WORDS + number), np.uint64(old), np.uint64(new)))

    def _reclaim(self, number: int, holder: int) -> bool:
        """Only the process whose mark is in the table may mark a dead holder's claims: another, late, would mark those
        of its successor.
        """
        mark = my_identity() | _RECLAIMING
        if not self._take(number, holder, mark):
            return False
        mpsc.abandon(self.words, np.uint64(number))
        return self._take(number, mark, UNKNOWN)
