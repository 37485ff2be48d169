"""Pools come, go and come back: the index holds the cycles that brute force finds, and its rows are sound."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallyio.core.clock import seeded
from tallyio.core.errors import BugError, OperatorError
from tallyio.hot_path.check.cycle_index import COMPARISONS, simple_cycles
from tallyio.hot_path.cycle_index.index import CycleIndex
from tallyio.hot_path.cycle_index.rows import build_rows

check = COMPARISONS[0].run
PAIR = st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] != pair[1])


def random_pools(seed: int, count: int, tokens: int) -> list[tuple[int, int]]:
    random = seeded(seed, "cycle index")
    return [tuple(random.sample(range(tokens), 2)) for _ in range(count)]


def indexed(pools: list[tuple[int, int]], **limits: Any) -> CycleIndex:
    index = CycleIndex(**limits)
    for pair in pools:
        index.add_pool(*pair)
    return index


@settings(max_examples=150, deadline=None)
@given(
    pools=st.lists(PAIR, min_size=1, max_size=12),
    max_hops=st.integers(2, 4),
    flips=st.lists(st.integers(0, 11), max_size=12),
)
def test_every_cycle_is_there_once_whoever_comes_and_goes(
    cycles_of: Any, pools: list[tuple[int, int]], max_hops: int, flips: list[int]
) -> None:
    index = indexed(pools, max_hops=max_hops, anchor=0)
    here = dict(enumerate(pools))
    assert cycles_of(index) == simple_cycles(here, max_hops)
    for pool in flips:
        if pool >= len(pools):
            continue
        if here.pop(pool, None):
            index.disable(pool)
        else:
            here[pool] = pools[pool]
            index.enable(pool)
        assert cycles_of(index) == simple_cycles(here, max_hops)


@settings(max_examples=60, deadline=None)
@given(pools=st.lists(PAIR, min_size=2, max_size=12), size=st.integers(2, 4), max_hops=st.integers(2, 4))
def test_a_cycle_passes_one_pool_of_a_group(
    cycles_of: Any, pools: list[tuple[int, int]], size: int, max_hops: int
) -> None:
    groups = {number: number - number % size for number in range(len(pools))}
    index = CycleIndex(max_hops=max_hops, anchor=0)
    for number, pair in enumerate(pools):
        index.add_pool(*pair, groups[number])
    at_once = CycleIndex(max_hops=max_hops, anchor=0)
    at_once.add_pools(np.array(pools), np.array(list(groups.values())))
    expected = simple_cycles(dict(enumerate(pools)), max_hops, groups)
    assert cycles_of(index) == cycles_of(at_once) == expected
    assert index.longer()[0] == len(simple_cycles(dict(enumerate(pools)), 4, groups)) - len(expected)


@pytest.mark.parametrize("seed", range(5))
def test_rows_that_grew_are_the_rows_that_a_table_builds(cycles_of: Any, row_sets: Any, seed: int) -> None:
    pools = random_pools(seed, 60, 7)
    index = indexed(pools, max_hops=4)
    at_once = CycleIndex(max_hops=4)
    assert at_once.add_pools(np.array(pools)) == 0
    assert cycles_of(index) == cycles_of(at_once)
    assert np.array_equal(index.cycles.table, at_once.cycles.table)
    built = build_rows(index.cycles.table, len(pools))
    for rows in (index.rows, at_once.rows):
        as_built = [{tuple(min(edge, built.none) for edge in entry) for entry in row} for row in row_sets(rows)]
        assert as_built == row_sets(built)
    assert (built.row_table[:, 1] == index.rows.row_table[:, 1]).all()


def test_a_hub_of_four_hops(cycles_of: Any) -> None:
    """Twelve tokens that trade against two hubs, and one pool between the hubs."""
    pools = [(hub, token) for token in range(2, 14) for hub in (0, 1)]
    pools.insert(7, (0, 1))
    index = indexed(pools, max_hops=4, anchor=0)
    found = cycles_of(index)
    assert found == simple_cycles(dict(enumerate(pools)), 4)
    assert len(found) == 12 + 12 * 11 // 2


def test_a_cycle_starts_at_the_anchor_else_at_its_lowest_token_and_its_lowest_pool_sells_token0() -> None:
    pools = random_pools(3, 30, 6)
    for row in indexed(pools, max_hops=4, anchor=4).cycles.table.tolist():
        edges = [edge for edge in row if edge >= 0]
        sold = [pools[edge >> 1][edge & 1] for edge in edges]
        assert sold[0] == (4 if 4 in sold else min(sold))
        assert min(edges) & 1 == 0


def test_a_new_pool_leaves_the_numbers_of_older_cycles() -> None:
    index = indexed([(0, 1), (0, 1), (1, 2), (0, 2)])
    before = index.cycles
    index.add_pool(0, 2)
    after = index.cycles
    assert np.array_equal(after.table[: len(before)], before.table)
    assert len(after) > len(before) == 3


def test_a_removed_pool_does_not_come_back() -> None:
    index = indexed([(0, 1), (0, 1), (0, 1)])
    index.remove_pool(1)
    index.enable(1)
    index.set_liquidity(1, 10**30)
    assert not index.takes_part(1)
    assert index.cycles.table.tolist() == [[0, 5, -1, -1]]
    assert index.add_pool(0, 1) == 3
    with pytest.raises(BugError, match="pool 4 is unknown to the index, there are 4"):
        index.enable(4)


def test_more_pools_than_foreseen_are_refused() -> None:
    index = CycleIndex(most_pools=2)
    index.add_pools(np.array([(0, 1), (0, 1)]))
    with pytest.raises(OperatorError, match="3 pools, the rows hold 2"):
        index.add_pool(0, 1)
    assert len(index.cycles) == 1
    with pytest.raises(BugError, match="at most 5 hops"):
        CycleIndex(max_hops=5)


def test_the_index_is_its_twin() -> None:
    found = check(20_000, 3)
    assert (found.compared >= 20_000, found.mismatches) == (True, 0), found.first


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(5))
def test_many_graphs(seed: int) -> None:
    found = check(1_000_000, seed)
    assert found.mismatches == 0, found.first
