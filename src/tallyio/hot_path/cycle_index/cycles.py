"""An immutable picture of the cycles: a length of arrays that only grow."""

from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from tallyio.hot_path.cycle_index.rows import CycleRows
from tallyio.hot_path.detector.rows import BLOCK, CYCLE, ENTRY, NO_EDGE

Ids = NDArray[np.int32]


class LeftOut(msgspec.Struct, frozen=True):
    """What the limits have left out since the start: cycles beyond ``max_cycles`` and ``max_cycles_per_pool``, and
    without a base token. ``cut_short`` counts the pools whose walk ended before all their cycles were counted, because
    none of them could be kept any more; ``pools_below_liquidity`` those that take no part now.
    """

    max_cycles: int
    max_cycles_per_pool: int
    base_tokens: int
    cut_short: int
    pools_below_liquidity: int

    @property
    def cycles(self) -> int:
        """By any limit; at least so many, where a walk was cut short."""
        return self.max_cycles + self.max_cycles_per_pool + self.base_tokens


class Cycles:
    """The cycles as they were when the picture was taken.

    ``table`` (cycles, 4) holds each once, ``NO_EDGE`` behind its last edge; its reverse is the same row read from the
    end with every edge turned (``edge ^ 1``). Pools that were added since are not in it. Once a pool leaves the index
    the picture keeps a table of its own, and finds a pool's cycles by reading through it.
    """

    def __init__(self, rows: CycleRows, left_out: LeftOut) -> None:
        self.table = rows.share()
        self.pools = rows.pools
        self.left_out = left_out
        self._rows = rows
        self._renumbered, self._touched = rows.renumbered, rows.touched_count

    def __len__(self) -> int:
        return len(self.table)

    @property
    def live(self) -> CycleRows | None:
        """The rows of the index while they are as the picture was taken; ``None`` since they changed."""
        now = (self._rows.pools, self._rows.touched_count)
        return self._rows if now == (self.pools, self._touched) else None

    def through(self, pools: Sequence[int]) -> Ids:
        """Sorted numbers of the cycles (rows of ``table``) that use any of ``pools``."""
        if self._rows.renumbered != self._renumbered:
            return np.flatnonzero(np.isin(self.table >> 1, pools).any(axis=1)).astype(np.int32)
        parts = [self._row(pool) for pool in pools if 0 <= pool < self.pools]
        found = np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int32)
        return found[: np.searchsorted(found, len(self.table))]

    def _row(self, pool: int) -> Ids:
        first, count = self._rows.row_table[pool, :2]
        words = self._rows.entries.reshape(-1, ENTRY)
        return words[first * BLOCK : first * BLOCK + count, CYCLE]

    @cached_property
    def rows(self) -> list[tuple[int, ...]]:
        """Both directions of every cycle as the edges to trade: cycle ``i`` is row ``2 * i``, its reverse the next."""
        forward = [tuple(edge for edge in row if edge != NO_EDGE) for row in self.table.tolist()]
        return [way for walk in forward for way in (walk, tuple(edge ^ 1 for edge in reversed(walk)))]
