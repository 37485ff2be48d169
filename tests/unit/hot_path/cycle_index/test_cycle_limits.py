"""What each limit leaves out, in which order, and that it is counted."""

from typing import Any

import numpy as np
import pytest

from tallyio.core.clock import seeded
from tallyio.hot_path.check.cycle_index import simple_cycles
from tallyio.hot_path.cycle_index.index import CycleIndex
from tallyio.hot_path.cycle_index.layout import BEYOND


def random_pools(seed: int, count: int, tokens: int) -> list[tuple[int, int]]:
    random = seeded(seed, "cycle limits")
    return [tuple(random.sample(range(tokens), 2)) for _ in range(count)]


def indexed(pools: list[tuple[int, int]], **limits: Any) -> CycleIndex:
    index = CycleIndex(**limits)
    index.add_pools(np.array(pools))
    return index


@pytest.mark.parametrize("seed", range(6))
def test_the_total_and_each_pools_share_are_kept_and_the_rest_is_counted(cycles_of: Any, seed: int) -> None:
    pools = random_pools(seed, 16, 5)
    whole = simple_cycles(dict(enumerate(pools)), 4)
    index = indexed(pools, max_hops=4, max_cycles=len(whole) // 2, max_cycles_per_pool=len(whole) // 8)
    kept = cycles_of(index)
    assert set(kept) < set(whole)
    assert max(index.rows.row_table[:, 1]) <= len(whole) // 8
    left = index.left_out
    assert left.max_cycles + left.max_cycles_per_pool == len(whole) - len(kept)
    assert left.max_cycles_per_pool > 0 == left.base_tokens == left.cut_short
    again = CycleIndex(max_hops=4, max_cycles=len(whole) // 2, max_cycles_per_pool=len(whole) // 8)
    for pair in pools:
        again.add_pool(*pair)
    assert np.array_equal(again.cycles.table, index.cycles.table)
    assert again.left_out == left


def test_the_first_cycles_are_kept_when_there_are_too_many() -> None:
    pools = random_pools(1, 16, 5)
    whole = indexed(pools).cycles.table
    some = indexed(pools, max_cycles=30)
    assert np.array_equal(some.cycles.table, whole[:30])
    assert some.left_out.max_cycles == some.cycles.left_out.cycles == len(whole) - 30


def test_cycles_of_four_leave_half_of_a_limit_to_the_shorter_ones_of_later_pools() -> None:
    square = [(0, 1), (1, 2), (2, 3), (3, 0)]
    index = indexed([*square, (3, 0), (3, 0), (3, 0)], max_hops=4, max_cycles=8)
    hops = (index.cycles.table >= 0).sum(axis=1).tolist()
    assert hops == [4, 2, 4, 2, 2, 2, 2, 2]
    assert index.left_out.max_cycles == 2


def test_a_pools_shorter_cycles_come_first() -> None:
    """The last pool closes one cycle of four, one of three and one of two, in this order of their pools."""
    pools = [(1, 2), (2, 3), (3, 0), (1, 4), (4, 0), (0, 1)]
    index = indexed([*pools, (0, 1)], max_hops=4, max_cycles=4)
    assert (index.cycles.table >= 0).sum(axis=1).tolist() == [3, 4, 2, 3]
    assert index.cycles.through([6]).tolist() == [2, 3]
    assert index.left_out.max_cycles == 1


def test_base_tokens(cycles_of: Any) -> None:
    pools = random_pools(2, 18, 6)
    whole = simple_cycles(dict(enumerate(pools)), 4)
    based = [walk for walk in whole if {0, 5} & {token for edge in walk for token in pools[edge >> 1]}]
    index = indexed(pools, max_hops=4, base_tokens=[0, 5])
    assert cycles_of(index) == based
    assert index.left_out.base_tokens == len(whole) - len(based) > 0


def test_a_pool_takes_part_while_it_has_enough(cycles_of: Any) -> None:
    pools = random_pools(4, 10, 4)
    index = indexed(pools, min_liquidity=1000)
    assert len(index.cycles) == 0
    assert index.left_out.pools_below_liquidity == 10
    here: dict[int, tuple[int, int]] = {}
    for pool, amount, takes_part in (
        (0, 1000, True), (1, 999, False), (2, 5000, True), (3, 1000, True), (4, 10**30, True), (5, 2000, True),
        (0, 999, True), (0, 500, True), (0, 499, False), (0, 999, False), (0, 1000, True), (2, 0, False),
    ):  # fmt: skip
        index.set_liquidity(pool, amount)
        here.pop(pool, None)
        if takes_part:
            here[pool] = pools[pool]
        assert index.takes_part(pool) == takes_part
        assert cycles_of(index) == simple_cycles(here, 3)
    assert index.left_out.pools_below_liquidity == 6


def test_a_walk_that_can_only_count_ends_and_says_so() -> None:
    """A star whose last pool would close more cycles than are counted one by one."""
    side = int(BEYOND**0.5) + 2
    pools = [(0, 2)] * side + [(1, 2)] * side
    before = side * (side - 1) - 5
    index = indexed(pools, max_cycles=5)
    assert (index.left_out.max_cycles, index.left_out.cut_short) == (before, 0)
    index.add_pool(0, 1)
    assert index.left_out.cut_short == 1
    assert BEYOND <= index.left_out.max_cycles - before < side**2


def test_what_the_limit_of_hops_leaves_out_is_counted_on_demand() -> None:
    pools = random_pools(5, 14, 5)
    counts = [len(simple_cycles(dict(enumerate(pools)), hops)) for hops in (2, 3, 4)]
    for max_hops, count in zip((2, 3, 4), counts, strict=True):
        assert indexed(pools, max_hops=max_hops, max_cycles=3).longer() == (counts[-1] - count, 0)
