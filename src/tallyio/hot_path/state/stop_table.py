"""All pools' stops in one table: each pool has a range with room, and moves to a larger one when it outgrows it."""

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import OperatorError
from tallyio.hot_path.state.aligned import aligned
from tallyio.hot_path.state.layout import STOP
from tallyio.hot_path.state.stops import Stops

MOST = 2**24
_LEAST = 16


class StopTable:
    """``words`` (``STOP`` a stop), ``floats`` (2 a stop) and ``ticks``, flat; the arrays change when the table grows.

    Ranges are powers of two; those left free are taken again by pools of the same size. ``most`` is in stops.
    """

    def __init__(self, most: int = MOST) -> None:
        self.words, self.floats, self.ticks = aligned(0), np.zeros(0), np.zeros(0, np.int64)
        self._most, self._used = most, 0
        self._ranges: dict[int, tuple[int, int]] = {}
        self._free: dict[int, list[int]] = {}

    def put(self, pool: int, below: Stops, above: Stops) -> tuple[int, int, int]:
        """Where the pool's stops lie now: begin, the first of ``above``, end. Raises ``OperatorError`` when full, and
        then the pool keeps its former stops."""
        split, count = len(below.ticks), len(below.ticks) + len(above.ticks)
        begin, room = self._ranges.get(pool, (0, 0))
        if count > room:
            begin = self._move(pool, max(_LEAST, 1 << (count - 1).bit_length()))
        middle, end = begin + split, begin + count
        for first, last, stops in ((begin, middle, below), (middle, end, above)):
            self.words[first * STOP : last * STOP] = stops.words.ravel()
            self.floats[first * 2 : last * 2] = stops.floats.ravel()
            self.ticks[first:last] = stops.ticks
        return begin, middle, end

    def adopt(self, words: NDArray[np.uint64], floats: NDArray[np.float64], ticks: NDArray[np.int64]) -> None:
        """These stops in place of all others; a pool that is ``put`` afterwards gets a range behind them."""
        self.words, self.floats, self.ticks = aligned(words.size), floats, ticks
        self.words[:] = words
        self._used, self._ranges, self._free = len(ticks), {}, {}

    def _move(self, pool: int, room: int) -> int:
        free = self._free.get(room)
        begin = free.pop() if free else self._extend(room)
        if pool in self._ranges:
            old, size = self._ranges[pool]
            self._free.setdefault(size, []).append(old)
        self._ranges[pool] = begin, room
        return begin

    def _extend(self, room: int) -> int:
        begin, needed = self._used, self._used + room
        if needed > self._most:
            raise OperatorError(
                f"the stops need room for {needed}, the table holds {self._most}", todo="follow fewer v3 pools"
            )
        if needed > len(self.ticks):
            size = min(self._most, max(needed, 2 * len(self.ticks)))
            words, floats, ticks = aligned(size * STOP), np.zeros(size * 2), np.zeros(size, np.int64)
            words[: begin * STOP] = self.words[: begin * STOP]
            floats[: begin * 2] = self.floats[: begin * 2]
            ticks[:begin] = self.ticks[:begin]
            self.words, self.floats, self.ticks = words, floats, ticks
        self._used = needed
        return begin
