"""The rows that the compiled scan reads, growing: ``detector/rows.py`` says what lies in them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import OperatorError
from tallyio.hot_path.cycle_index.layout import BLOCKS, CYCLES, FREE, MOVED, RANGE, RING, SHORT_OF, TALLY, TOUCHED
from tallyio.hot_path.detector.rows import BLOCK, ENTRY, MAX_HOPS, NO_EDGE
from tallyio.hot_path.state.aligned import aligned

MOST_BLOCKS = 2**31 // (2 * BLOCK)
"""Places are 32-bit numbers, and the scan tells one with a direction."""


class CycleRows:
    """The cycles (``edges``, four a cycle) and, for each pool, its entries of them.

    Edge ``2 * pool`` sells the pool's token0, ``2 * pool + 1`` its token1. ``none``, behind the edges of ``most_pools``
    pools, is the edge whose rate is 1. Arrays are replaced when they grow; what they hold of cycles changes in place
    when one is removed, so whoever keeps a part of ``edges`` over that first says ``share``.
    """

    def __init__(self, most_pools: int) -> None:
        self.most_pools = most_pools
        self.none = 2 * most_pools
        self.pools = 0
        self.ranges = np.zeros(0, np.int64)
        self.entries = aligned(0, np.int32)
        self.edges = np.zeros(0, np.int32)
        self.home = np.zeros(0, np.int32)
        self.tally = np.zeros(TALLY, np.int64)
        self.tally[FREE:] = -1
        self.touched = np.zeros(RING, np.int32)
        self._shared = False

    def __len__(self) -> int:
        return int(self.tally[CYCLES])

    @property
    def blocks(self) -> int:
        """Blocks of sixteen entries that there is room for."""
        return len(self.entries) // (BLOCK * ENTRY)

    @property
    def table(self) -> NDArray[np.int32]:
        """The cycles, (cycles, 4), ``NO_EDGE`` behind the last edge; it stands until one is removed."""
        return self.edges[: len(self) * MAX_HOPS].reshape(-1, MAX_HOPS)

    @property
    def renumbered(self) -> int:
        """How many cycles were ever removed: each time the last one got the number of one that went."""
        return int(self.tally[MOVED])

    @property
    def touched_count(self) -> int:
        """How often a row was touched: see ``touched_since``."""
        return int(self.tally[TOUCHED])

    @property
    def row_table(self) -> NDArray[np.int64]:
        """By pool: first block, entries, blocks of room, and a word unused."""
        return self.ranges[: self.pools * RANGE].reshape(-1, RANGE)

    def share(self) -> NDArray[np.int32]:
        """The cycles as they are now, not to be written to: the next removal copies them first."""
        self._shared = True
        table = self.table
        table.flags.writeable = False
        return table

    def unshare(self) -> None:
        """Before a removal: what was shared stays as it is."""
        if self._shared:
            used = len(self) * MAX_HOPS
            copied = np.empty_like(self.edges)
            copied[:used] = self.edges[:used]
            self.edges = copied
            self._shared = False

    def add_pools(self, count: int) -> None:
        """Room for the rows of ``count`` more pools, empty at first."""
        if self.pools + count > self.most_pools:
            raise OperatorError(
                f"{self.pools + count} pools, the rows hold {self.most_pools}", todo="raise the most pools of the index"
            )
        self.pools += count
        self.ranges = grown(self.ranges, self.pools * RANGE)

    def grow_cycles(self, needed: int) -> None:
        if needed > len(self.home):
            self.home = grown(self.home, needed)
            self.edges = grown(self.edges, len(self.home) * MAX_HOPS, NO_EDGE)
            self._shared = False

    def grow(self) -> None:
        """After a kernel found no room for one more cycle: twice as much of what was missing."""
        if len(self) >= len(self.home):
            self.grow_cycles(len(self) + 1)
        else:
            self.grow_blocks()

    def grow_blocks(self) -> None:
        """After a kernel found no room: at least as much as it missed, and twice as much as there is."""
        needed = int(self.tally[BLOCKS] + self.tally[SHORT_OF])
        if needed > MOST_BLOCKS:
            raise OperatorError(
                f"the rows of {len(self)} cycles need {needed} blocks, 32-bit places allow {MOST_BLOCKS}",
                todo="lower the limit of cycles",
            )
        size = min(MOST_BLOCKS, max(needed, 2 * self.blocks)) * BLOCK * ENTRY
        entries = aligned(size, np.int32)
        entries[: len(self.entries)] = self.entries
        self.entries = entries

    def touched_since(self, seen: int) -> NDArray[np.int64] | None:
        """The pools whose rows were touched after the ``seen`` first touches; ``None``: too many, take all."""
        count = int(self.tally[TOUCHED])
        if count - seen > RING:
            return None
        return np.unique(self.touched[np.arange(seen, count) % RING]).astype(np.int64)


def build_rows(edges: NDArray[np.int32], pools: int) -> CycleRows:
    """Rows of ``pools`` pools from a table of cycles, (cycles, up to 4): one row a cycle, in one of its directions,
    ``NO_EDGE`` behind the last. Each pool gets the blocks that it needs and no more.

    Raises ``OperatorError`` for a cycle of fewer than two hops, of an unknown pool, or one that passes a pool twice.
    """
    from tallyio.hot_path.cycle_index.edit import append

    table = np.full((len(edges), MAX_HOPS), NO_EDGE, np.int32)
    table[:, : edges.shape[1]] = edges
    _refuse_unsound(table, pools)
    rows = CycleRows(pools)
    rows.add_pools(pools)
    rows.grow_cycles(len(table))
    rows.edges[: table.size] = table.ravel()
    room = -(-np.bincount(table[table != NO_EDGE] >> 1, minlength=pools) // BLOCK)
    rows.row_table[:, 0], rows.row_table[:, 2] = np.cumsum(room) - room, room
    rows.tally[BLOCKS], rows.tally[SHORT_OF] = room.sum(), 0
    rows.grow_blocks()
    append(
        len(table), rows.ranges, rows.entries, rows.edges, rows.home, rows.tally, rows.touched, rows.none, rows.blocks
    )
    return rows


def grown(array: NDArray[Any], needed: int, fill: int = 0) -> NDArray[Any]:
    """``array`` with room for ``needed`` items: itself, or a copy of at least twice the length."""
    if needed <= len(array):
        return array
    size = max(needed, 2 * len(array), 64)
    larger = np.full(size, fill, array.dtype) if fill else np.zeros(size, array.dtype)
    larger[: len(array)] = array
    return larger


def _refuse_unsound(table: NDArray[np.int32], pools: int) -> None:
    used = table != NO_EDGE
    pool = table >> 1
    ordered = np.sort(np.where(used, pool, -1 - np.arange(MAX_HOPS)), axis=1)
    twice = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    gaps = (used[:, 1:] & ~used[:, :-1]).any(axis=1)
    beyond = (used & ((pool >= pools) | (table < 0))).any(axis=1)
    wrong = np.flatnonzero(twice | gaps | beyond | (used.sum(axis=1) < 2))
    if len(wrong):
        raise OperatorError(
            f"cycle {wrong[0]} has edges {table[wrong[0]].tolist()}; expected two to four edges of different pools "
            f"below {pools}",
            todo="build the cycles from the same pools",
        )
