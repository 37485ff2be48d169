"""What the cycles of a graph are, by brute force, and whether the rows of an index say the same."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tallyio.hot_path.cycle_index.rows import CycleRows
from tallyio.hot_path.detector.rows import BLOCK, CYCLE, ENTRY, MAX_HOPS, PARTNER, PLACE, TURNED

Walk = tuple[int, ...]


def canonical(row: list[int]) -> Walk:
    """A cycle in the one of its forms whose lowest pool sells token0 and comes first."""
    walk = [edge for edge in row if edge >= 0]
    if min(walk) & 1:
        walk = [edge ^ 1 for edge in reversed(walk)]
    first = walk.index(min(walk))
    return tuple(walk[first:] + walk[:first])


def every_cycle(pools: dict[int, tuple[int, int]], max_hops: int) -> list[Walk]:
    """Every simple cycle over ``pools`` (number → its two tokens), by trying each next pool, sorted."""
    found: set[Walk] = set()

    def go_on(walk: list[int], token: int, passed: list[int]) -> None:
        for pool, tokens in pools.items():
            if token not in tokens or pool in [edge >> 1 for edge in walk]:
                continue
            edge, after = 2 * pool + (token == tokens[1]), tokens[token == tokens[0]]
            if after == passed[0] and walk:
                found.add(canonical([*walk, edge]))
            elif after not in passed and len(walk) + 1 < max_hops:
                go_on([*walk, edge], after, [*passed, after])

    for token in {token for tokens in pools.values() for token in tokens}:
        go_on([], token, [token])
    return sorted(found)


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


@pytest.fixture(name="every_cycle", scope="session")
def _every_cycle() -> Callable[..., list[Walk]]:
    return every_cycle


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
