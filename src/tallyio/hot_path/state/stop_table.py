"""All pools' stops in one table. A change is written to a fresh range while the former one still serves readers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import ChainDataError
from tallyio.hot_path.state.aligned import aligned
from tallyio.hot_path.state.layout import STOP, STOP_FLOATS
from tallyio.hot_path.state.ranges import Ranges
from tallyio.hot_path.state.stop_memory import StopMemory
from tallyio.hot_path.state.stop_rows import NO_POOL, write_stops

MOST = 2**24


class StopTable:
    """``words`` (``STOP`` a stop), ``floats`` (``STOP_FLOATS`` a stop) and ``ticks``, flat. Those of ``memory`` have
    one size for good; without it they are this process's own, and others when the table grows, up to ``most`` stops.
    """

    def __init__(self, most: int = MOST, memory: StopMemory | None = None) -> None:
        self.words: NDArray[np.uint64] = aligned(0) if memory is None else memory.words
        self.floats = np.zeros(0) if memory is None else memory.floats
        self.ticks = np.zeros(0, np.int64) if memory is None else memory.ticks
        self._most = most if memory is None else len(memory.ticks)
        self._ranges = Ranges(self._most)
        self._held: dict[int, tuple[int, int, int, int]] = {}

    def put(
        self, pool: int, ticks: NDArray[np.int64], nets: NDArray[np.uint64], spacing: int, fee_pips: int
    ) -> tuple[int, int, int]:
        """Where the pool's stops lie now: begin, the first of those above, end. ``ticks`` (count,) ascends, ``nets``
        (count, 2) in limbs. The former range may be written over from the next ``put`` on.

        Raises ``OperatorError`` when the table is full and ``ChainDataError`` for ticks that are no pool's; the former
        stops are as they were then.
        """
        former = self._held.get(pool, (0, 0, 0, 0))
        span = int(ticks[-1] - ticks[0]) // (256 * spacing) + 2 if len(ticks) else 0
        begin, size = self._ranges.take(2 * (len(ticks) + span))
        self._hold(self._ranges.used)
        found: Any = write_stops(
            ticks, nets, spacing, fee_pips, self.words, self.floats, self.ticks, *former[:3], begin
        )  # fmt: skip
        middle, end = found
        if middle == NO_POOL:
            self._ranges.give(begin, size)
            raise ChainDataError(f"the ticks of pool {pool} give it a liquidity that no pool can have")
        if former[3]:
            self._ranges.give(former[0], former[3])
        self._held[pool] = begin, middle, end, size
        return begin, middle, end

    @property
    def used(self) -> int:
        """How many stops' room has ever been taken."""
        return self._ranges.used

    def drop(self, pool: int) -> None:
        """The pool has no stops from now on."""
        begin, _, _, size = self._held.pop(pool, (0, 0, 0, 0))
        if size:
            self._ranges.give(begin, size)

    def adopt(self, words: NDArray[np.uint64], floats: NDArray[np.float64], ticks: NDArray[np.int64]) -> None:
        """These stops in place of all others; a pool that is ``put`` afterwards gets a range behind them."""
        self.words, self.floats, self.ticks = aligned(words.size), floats, ticks
        self.words[:] = words
        self._ranges, self._held = Ranges(self._most, len(ticks)), {}

    def _hold(self, needed: int) -> None:
        if needed <= len(self.ticks):
            return
        size = min(self._most, max(needed, 2 * len(self.ticks)))
        words, floats, ticks = aligned(size * STOP), np.zeros(size * STOP_FLOATS), np.zeros(size, np.int64)
        words[: self.words.size], floats[: self.floats.size], ticks[: self.ticks.size] = (
            self.words,
            self.floats,
            self.ticks,
        )
        self.words, self.floats, self.ticks = words, floats, ticks
