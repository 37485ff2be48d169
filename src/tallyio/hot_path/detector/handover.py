"""Detector to executor, between processes: opportunities wait on a ring in shared memory, and each is handed out once
at most, whichever side is killed and starts again.

* A message is taken off the ring before it is handed out: a consumer killed then loses that one and repeats none.
* The mark, kept beside the ring, is the last update and rank handed out. A producer that starts again may tell what it
  told before: stamps up to the mark are passed by and counted as repeated. So stamps are to grow from update to update,
  and replaying an update is to give it the stamp that it had.
* A full ring refuses the newest opportunity and counts it; what waits is never overwritten. The executor is behind
  then, and the pools' next update tells what still pays.
"""

from pathlib import Path
from typing import Any, Self

import numpy as np

from tallyio.core.errors import RetryableError
from tallyio.hot_path.detector.detector import Candidate, candidate
from tallyio.hot_path.memory import spsc
from tallyio.hot_path.memory.arena import Arena, Reservation, bytes_needed, version_hash
from tallyio.hot_path.memory.folder import FOLDER
from tallyio.hot_path.memory.ring_layout import CAPACITY
from tallyio.hot_path.memory.rings import SpscRing
from tallyio.hot_path.memory.segment import Segment

STAMP, RANKS, HANDED, REPEATED = 0, 1, 2, 3


def _reservations(capacity: int) -> tuple[Reservation, Reservation]:
    return Reservation("mark", np.uint64, (16,)), Reservation("ring", np.uint64, (spsc.words_needed(capacity),))


class Handover:
    """``ring`` goes to ``Detector(..., ring=...)`` in the producer; the consumer calls ``take``. Each takes its part
    of the ring first (``ring.take_producer``, ``ring.take_consumer``), which only one living process may have.
    """

    def __init__(self, segment: Segment, ring: SpscRing, mark: Any) -> None:
        self.ring = ring
        self._segment = segment
        self._mark = mark

    @classmethod
    def open(cls, name: str, capacity: int, *, folder: Path = FOLDER) -> Self:
        """The producer's: what a dead one left, with all that waits there and the mark, else a new one for
        ``capacity`` opportunities (a power of two). Raises ``OperatorError`` while another process owns the name.
        """
        try:
            segment = Segment.adopt(name, layout=version_hash(_reservations(2)), folder=folder)
        except RetryableError:
            wanted = _reservations(capacity)
            segment = Segment.create(
                name, layout=version_hash(_reservations(2)), size=bytes_needed(wanted), folder=folder
            )
        mark, words = _laid_out(segment)
        if not words[CAPACITY]:  # new, or its maker died before the ring was there
            return cls(segment, SpscRing.make(words, capacity), mark)
        return cls(segment, SpscRing.open(words), mark)

    @classmethod
    def attach(cls, name: str, *, folder: Path = FOLDER) -> Self:
        """The consumer's. Raises ``RetryableError`` where no producer has made it, ``OperatorError`` where it is torn,
        foreign, or of another version.
        """
        segment = Segment.attach(name, layout=version_hash(_reservations(2)), folder=folder)
        mark, words = _laid_out(segment)
        if not words[CAPACITY]:
            raise RetryableError(f"{folder / name} has no ring yet: its owner is about to make it", todo="try again")
        return cls(segment, SpscRing.open(words), mark)

    def take(self) -> Candidate | None:
        """The oldest opportunity not yet handed out, ``None`` while there is none. It will not be handed out again."""
        mark = self._mark
        while (words := self.ring.pop()) is not None:
            found = candidate(words)
            last = int(mark[STAMP])
            if found.stamp < last or (found.stamp == last and found.rank < int(mark[RANKS])):
                mark[REPEATED] += np.uint64(1)
                continue
            mark[STAMP], mark[RANKS] = found.stamp, found.rank + 1
            mark[HANDED] += np.uint64(1)
            return found
        return None

    @property
    def stamp(self) -> int:
        """Of the last opportunity handed out: a producer that starts again goes on from there."""
        return int(self._mark[STAMP])

    @property
    def counts(self) -> dict[str, int]:
        """Handed out, passed by as told before, and lost to the full ring, since the memory was made."""
        return {"handed": int(self._mark[HANDED]), "repeated": int(self._mark[REPEATED]), "lost": self.ring.refused}

    @property
    def retired(self) -> bool:
        return self._segment.retired

    def remove(self) -> None:
        """The producer's orderly end."""
        self._segment.remove()

    def close(self) -> None:
        del self.ring, self._mark
        self._segment.close()


def _laid_out(segment: Segment) -> tuple[Any, Any]:
    arena = Arena(segment.words)
    mark = arena.reserve(_reservations(2)[0])
    return mark, segment.words[arena.used // 8 :]
