"""A cycle's entries in its pools' rows: put there, taken away, and rows moved to where there is more room.

A row is a range of 2^n blocks (a row that was filled at once: as many as it needed). One that is full moves to a range
of twice the size; the range that it leaves is taken by the next row of that size.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.cycle_index.layout import (
    BLOCKS,
    COUNT,
    CYCLES,
    FIRST,
    FREE,
    MOVED,
    RANGE,
    RING,
    ROOM,
    SHORT_OF,
    TOUCHED,
)
from tallyio.hot_path.detector.rows import BLOCK, CYCLE, ENTRY, MAX_HOPS, PARTNER, PLACE, TURNED

Words = Any
Index = Any

_NO_EDGE = -1


@kernel
def hops_of(cycle: Index, edges: Words) -> Index:
    hops = np.int64(2)
    while hops < MAX_HOPS and edges[cycle * MAX_HOPS + hops] >= 0:
        hops += 1
    return hops


@kernel
def room_for(cycle: Index, ranges: Words, edges: Words, tally: Words, blocks: Index) -> bool:
    """Whether every pool of the cycle can take one more entry; ``SHORT_OF`` says how many blocks it takes at most."""
    needed = np.int64(0)
    for i in range(hops_of(cycle, edges)):
        at = (np.int64(edges[cycle * MAX_HOPS + i]) >> 1) * RANGE
        if ranges[at + COUNT] == ranges[at + ROOM] * BLOCK:
            needed += max(2 * ranges[at + ROOM], 1)
    tally[SHORT_OF] = needed
    return bool(tally[BLOCKS] + needed <= blocks)


@kernel
def put(
    cycle: Index, ranges: Words, entries: Words, edges: Words, home: Words, tally: Words, touched: Words, none: Index
) -> None:
    """Entries for the cycle, which lies in ``edges`` already; ``none`` is the edge whose rate is 1."""
    hops, base = hops_of(cycle, edges), cycle * MAX_HOPS
    for i in range(hops):
        pool = np.int64(edges[base + i]) >> 1
        at = pool * RANGE
        if ranges[at + COUNT] == ranges[at + ROOM] * BLOCK:
            _widen(pool, ranges, entries, home, tally)
        place = ranges[at + FIRST] * BLOCK + ranges[at + COUNT]
        ranges[at + COUNT] += 1
        entry, turned = place * ENTRY, np.int64(edges[base + i]) & 1
        for step in range(1, MAX_HOPS):
            partner = np.int64(edges[base + (i + step) % hops]) ^ turned
            entries[entry + PARTNER + step - 1] = partner if step < hops else none
            entries[entry + PLACE + step - 1] = -1
        entries[entry + CYCLE], entries[entry + TURNED] = cycle, turned
        if i == 0:
            home[cycle] = place
        for before in range(i):  # the entries of the earlier pools and this one learn each other's place
            other = _place_of(home[cycle], before, entries)
            entries[other * ENTRY + PLACE + i - before - 1] = place
            entries[entry + PLACE + hops - i + before - 1] = other
        touch(pool, tally, touched)


@kernel
def _place_of(home: Index, step: Index, entries: Words) -> Index:
    """Where the pool ``step`` hops after the cycle's first has its entry."""
    return np.int64(home) if step == 0 else np.int64(entries[home * ENTRY + PLACE + step - 1])


@kernel
def touch(pool: Index, tally: Words, touched: Words) -> None:
    """Notes that the pool's row is another, for those who follow."""
    touched[tally[TOUCHED] & (RING - 1)] = pool
    tally[TOUCHED] += 1


@kernel
def take_away(
    cycle: Index, ranges: Words, entries: Words, edges: Words, home: Words, tally: Words, touched: Words
) -> None:
    """Removes the cycle; the last one gets its number."""
    hops, base = hops_of(cycle, edges), cycle * MAX_HOPS
    for step in range(hops):
        # the home entry goes last: it knows where the others lie
        i = hops - 1 - step
        pool = np.int64(edges[base + i]) >> 1
        place, at = _place_of(home[cycle], i, entries), pool * RANGE
        ranges[at + COUNT] -= 1
        last = ranges[at + FIRST] * BLOCK + ranges[at + COUNT]
        if last != place:
            _move_entry(last, place, entries, home)
        touch(pool, tally, touched)
    tally[CYCLES] -= 1
    tally[MOVED] += 1
    last = np.int64(tally[CYCLES])
    if last != cycle:
        for i in range(hops_of(last, edges)):
            entries[_place_of(home[last], i, entries) * ENTRY + CYCLE] = cycle
        for i in range(MAX_HOPS):
            edges[base + i] = edges[last * MAX_HOPS + i]
        home[cycle] = home[last]


@kernel
def _move_entry(old: Index, new: Index, entries: Words, home: Words) -> None:
    for word in range(ENTRY):
        entries[new * ENTRY + word] = entries[old * ENTRY + word]
    _tell_partners(old, new, entries, home)


@kernel
def _tell_partners(old: Index, new: Index, entries: Words, home: Words) -> None:
    """Those who know of the entry at ``old`` learn that it lies at ``new``."""
    at = new * ENTRY
    hops = np.int64(2)
    while hops < MAX_HOPS and entries[at + PLACE + hops - 1] >= 0:
        hops += 1
    for step in range(1, hops):
        partner = np.int64(entries[at + PLACE + step - 1])
        entries[partner * ENTRY + PLACE + hops - step - 1] = new
    cycle = np.int64(entries[at + CYCLE])
    if home[cycle] == old:
        home[cycle] = new


@kernel
def _widen(pool: Index, ranges: Words, entries: Words, home: Words, tally: Words) -> None:
    at = pool * RANGE
    room, first = np.int64(ranges[at + ROOM]), np.int64(ranges[at + FIRST])
    wider = np.int64(1)
    while wider <= room:
        wider *= 2
    target = _range_of(wider, entries, tally)
    for i in range(ranges[at + COUNT]):
        _move_entry(first * BLOCK + i, target * BLOCK + i, entries, home)
    if room:
        give_back(first, room, entries, tally)
    ranges[at + FIRST], ranges[at + ROOM] = target, wider


@kernel
def _range_of(blocks: Index, entries: Words, tally: Words) -> Index:
    """A free range of ``blocks`` (a power of two), else a new one at the end."""
    size = np.int64(0)
    while (np.int64(1) << size) < blocks:
        size += 1
    found = np.int64(tally[FREE + size])
    if found >= 0:
        tally[FREE + size] = entries[found * BLOCK * ENTRY]
        return found
    found = np.int64(tally[BLOCKS])
    tally[BLOCKS] = found + blocks
    return found


@kernel
def give_back(first: Index, room: Index, entries: Words, tally: Words) -> None:
    """The range is free: as one of the largest power of two that it holds."""
    size = np.int64(0)
    while (np.int64(2) << size) <= room:
        size += 1
    entries[first * BLOCK * ENTRY] = tally[FREE + size]
    tally[FREE + size] = first
