"""Rows filled from a table of cycles, and a pool with all its cycles taken out again."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.cycle_index.entries import put, room_for, take_away
from tallyio.hot_path.cycle_index.layout import COUNT, CYCLES, FIRST, RANGE
from tallyio.hot_path.cycle_index.links import leave
from tallyio.hot_path.detector.rows import BLOCK, CYCLE, ENTRY
from tallyio.hot_path.pointer import pointer

Array = Any
Index = Any


@kernel
def append(
    end: Index, ranges: Array, entries: Array, edges: Array, home: Array, tally: Array, touched: Array, none: Index,
    blocks: Index,
) -> Index:  # fmt: skip
    """Gives every cycle from the first without entries to ``end`` its entries; returns the one that finds no room."""
    rows, words, table, counts = pointer(ranges), pointer(entries), pointer(edges), pointer(tally)
    for cycle in range(counts[CYCLES], end):
        if not room_for(np.int64(cycle), rows, table, counts, blocks):
            return np.int64(cycle)
        put(np.int64(cycle), rows, words, table, pointer(home), counts, pointer(touched), none)
        counts[CYCLES] = cycle + 1
    return np.int64(end)


@kernel
def disconnect(
    pool: Index, pools: Array, links: Array, ranges: Array, entries: Array, edges: Array, home: Array, tally: Array,
    touched: Array,
) -> None:  # fmt: skip
    """Removes the pool's cycles, the last of its row first, and takes it out of the graph."""
    rows, words, at = pointer(ranges), pointer(entries), pool * RANGE
    while rows[at + COUNT] > 0:
        last = rows[at + FIRST] * BLOCK + rows[at + COUNT] - 1
        cycle = np.int64(words[last * ENTRY + CYCLE])
        take_away(cycle, rows, words, pointer(edges), pointer(home), pointer(tally), pointer(touched))
    leave(pool, pointer(pools), pointer(links))
