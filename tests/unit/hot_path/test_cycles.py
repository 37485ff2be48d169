from itertools import permutations

import numpy as np
import pytest

from tallyio.core.clock import seeded
from tallyio.hot_path.cycles import NO_EDGE, CycleTable


def brute_force(pools: list[tuple[int, int]]) -> set[frozenset[tuple[int, int]]]:
    """Every closed walk of 2 or 3 edges with distinct pools, as a set of (edge, following edge)."""
    sold = lambda e: pools[e >> 1][e & 1]  # noqa: E731
    bought = lambda e: pools[e >> 1][1 - (e & 1)]  # noqa: E731
    found = set()
    for hops in (2, 3):
        for walk in permutations(range(2 * len(pools)), hops):
            closed = all(bought(walk[i]) == sold(walk[(i + 1) % hops]) for i in range(hops))
            if closed and len({e >> 1 for e in walk}) == hops:
                found.add(frozenset((walk[i], walk[(i + 1) % hops]) for i in range(hops)))
    return found


def as_sets(rows: list[tuple[int, ...]]) -> list[frozenset[tuple[int, int]]]:
    return [frozenset((row[i], row[(i + 1) % len(row)]) for i in range(len(row))) for row in rows]


@pytest.mark.parametrize("seed", range(8))
def test_every_cycle_is_found_once(seed: int) -> None:
    random = seeded(seed, "cycles")
    pools = [tuple(sorted(random.sample(range(5), 2))) for _ in range(9)]
    table = CycleTable(anchor=0)
    for token0, token1 in pools:
        table.add_pool(token0, token1)
    found = as_sets(table.snapshot().rows)
    assert len(found) == len(set(found))
    assert set(found) == brute_force([(a, b) for a, b in pools])


def test_cycles_start_at_the_anchor_where_they_touch_it() -> None:
    table = CycleTable(anchor=7)
    for pair in ((1, 7), (1, 7), (1, 2), (2, 7), (1, 2)):
        table.add_pool(*pair)
    tokens = [(1, 7), (1, 7), (1, 2), (2, 7), (1, 2)]
    for row in table.snapshot().rows:
        starts = [tokens[e >> 1][e & 1] for e in row]
        assert starts[0] == (7 if 7 in starts else min(starts))


def test_a_new_pool_leaves_the_ids_of_older_cycles() -> None:
    table = CycleTable()
    for pair in ((0, 1), (0, 1), (1, 2), (0, 2)):
        table.add_pool(*pair)
    before = table.snapshot()
    table.add_pool(0, 2)
    after = table.snapshot()
    assert np.array_equal(after.edges[: len(before.edges)], before.edges)
    assert len(after.edges) > len(before.edges)


def test_the_index_lists_the_cycles_of_each_pool() -> None:
    table = CycleTable()
    for pair in ((0, 1), (0, 1), (1, 2), (0, 2), (3, 4)):
        table.add_pool(*pair)
    cycles = table.snapshot()
    for pool in range(5):
        expected = [i for i, row in enumerate(cycles.rows) if pool in {e >> 1 for e in row}]
        assert cycles.of_pools([pool]).tolist() == expected
    assert cycles.of_pools([4]).size == 0
    assert cycles.of_pools([]).size == 0


def test_limits_are_kept_and_counted() -> None:
    table = CycleTable(max_cycles=3)
    for pair in ((0, 1), (0, 1), (0, 1)):
        table.add_pool(*pair)
    cycles = table.snapshot()
    assert len(cycles.edges) == 3
    assert cycles.dropped == 3


def test_two_hops_alone() -> None:
    table = CycleTable(max_hops=2)
    for pair in ((0, 1), (1, 2), (0, 2), (0, 1)):
        table.add_pool(*pair)
    cycles = table.snapshot()
    assert len(cycles.edges) == 2
    assert (cycles.edges[:, 2] == NO_EDGE).all()


def test_a_table_without_cycles_is_no_error() -> None:
    table = CycleTable()
    table.add_pool(0, 1)
    assert table.snapshot().rows == []
