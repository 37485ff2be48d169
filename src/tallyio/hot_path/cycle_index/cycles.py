"""An immutable picture of the cycles: a length of arrays that only grow."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tallyio.hot_path.cycle_index.rows import CycleRows
from tallyio.hot_path.detector.rows import BLOCK, CYCLE, ENTRY, NO_EDGE

Ids = NDArray[np.int32]


class Cycles:
    """The cycles as they were when the picture was taken.

    ``table`` (cycles, 4) holds each once, ``NO_EDGE`` behind its last edge; its reverse is the same row read from the
    end with every edge turned (``edge ^ 1``). Pools that were added since are not in it. Once a pool leaves the index
    the picture keeps a table of its own, and finds a pool's cycles by reading through it.
    """

    def __init__(self, rows: CycleRows, table: NDArray[np.int32], pools: int) -> None:
        self.table = table
        self.pools = pools
        self._rows = rows
        self._renumbered = rows.renumbered

    def __len__(self) -> int:
        return len(self.table)

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
    def edges(self) -> NDArray[np.int32]:
        """Both directions of every cycle, (2 * cycles, 4): cycle ``i`` is row ``2 * i``, its reverse the next."""
        used = self.table != NO_EDGE
        places = used.sum(axis=1)[:, None] - 1 - np.arange(self.table.shape[1])
        backwards = np.take_along_axis(self.table, np.maximum(places, 0), axis=1) ^ 1
        both = np.stack((self.table, np.where(used, backwards, NO_EDGE)), axis=1).reshape(-1, self.table.shape[1])
        both.flags.writeable = False
        return both

    @cached_property
    def rows(self) -> list[tuple[int, ...]]:
        """``edges`` as plain tuples, without padding."""
        return [tuple(edge for edge in row if edge != NO_EDGE) for row in self.edges.tolist()]

    def of_pools(self, pools: Sequence[int]) -> Ids:
        """Sorted numbers of the rows of ``edges`` that use any of ``pools``."""
        found = self.through(pools)
        return np.repeat(2 * found, 2) + np.tile(np.array([0, 1], np.int32), len(found))
