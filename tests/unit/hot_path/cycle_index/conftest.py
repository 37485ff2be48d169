"""Whether the rows of an index are sound, and what they say."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tallyio.hot_path.check.cycle_index import Walk, canonical
from tallyio.hot_path.cycle_index.rows import CycleRows
from tallyio.hot_path.detector.rows import BLOCK, CYCLE, ENTRY, MAX_HOPS, PARTNER, PLACE, TURNED


def check_rows(rows: CycleRows) -> None:
    """Each cycle has one entry with each of its pools, which names the others and where their entries lie."""
    words, table = rows.entries.reshape(-1, ENTRY), rows.table.tolist()
    ranges = rows.row_table.tolist()
    seen = set()
    for pool, (first, count, room, _) in enumerate(ranges):
        assert count <= room * BLOCK
        for place in range(first * BLOCK, first * BLOCK + count):
            entry = words[place].tolist()
            walk = [edge for edge in table[entry[CYCLE]] if edge >= 0]
            at = [edge >> 1 for edge in walk].index(pool)
            turned = walk[at] & 1
            assert entry[TURNED] == turned
            assert (pool, entry[CYCLE]) not in seen
            seen.add((pool, entry[CYCLE]))
            for step in range(1, MAX_HOPS):
                partner, there = entry[PARTNER + step - 1], entry[PLACE + step - 1]
                if step >= len(walk):
                    assert (partner, there) == (rows.none, -1)
                    continue
                other = walk[(at + step) % len(walk)]
                assert partner == other ^ turned
                begin, number = ranges[other >> 1][:2]
                assert begin * BLOCK <= there < begin * BLOCK + number
                assert words[there, CYCLE] == entry[CYCLE]
                assert words[there, PLACE + len(walk) - step - 1] == place
    assert len(seen) == sum(edge >= 0 for row in table for edge in row)
    used = sorted((first, room) for first, _, room, _ in ranges if room)
    assert all(begin + room <= after for (begin, room), (after, _) in pairwise(used))


@pytest.fixture(scope="session")
def cycles_of() -> Callable[[Any], list[Walk]]:
    """The cycles of an index in canonical form, sorted, after a check of its rows."""

    def of(index: Any) -> list[Walk]:
        check_rows(index.rows)
        return sorted(canonical(row) for row in index.cycles.table.tolist())

    return of


@pytest.fixture(scope="session")
def row_sets() -> Callable[[CycleRows], list[set[tuple[int, ...]]]]:
    """By pool, its entries' partner edges and direction, in any order: what the scan reads but for places."""

    def of(rows: CycleRows) -> list[set[tuple[int, ...]]]:
        words = np.sort(rows.entries.reshape(-1, ENTRY)[:, PARTNER : PARTNER + 3], axis=1)
        return [
            {tuple(row) for row in words[first * BLOCK : first * BLOCK + count].tolist()}
            for first, count, _, _ in rows.row_table.tolist()
        ]

    return of
