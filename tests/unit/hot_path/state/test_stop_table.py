"""The stop table beside the stops that plain Python makes of each pool's ticks."""

from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from tallyio.core.errors import ChainDataError, OperatorError
from tallyio.hot_path.state.layout import STOP
from tallyio.hot_path.state.stop_table import StopTable
from tallyio.hot_path.state.stops import Stops, stops_above, stops_below

SPACING, FEE = 60, 3000
LIMB = (1 << 64) - 1


def arrays(nets: dict[int, int]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    limbs = [(nets[tick] & LIMB, nets[tick] >> 64 & LIMB) for tick in sorted(nets)]
    return np.array(sorted(nets), np.int64), np.array(limbs, np.uint64).reshape(-1, 2)


def put(table: StopTable, pool: int, nets: dict[int, int]) -> tuple[int, int, int]:
    return table.put(pool, *arrays(nets), SPACING, FEE)


def move(random: Random, nets: dict[int, int], held: list[tuple[int, int, int]], most: int) -> None:
    """A position comes, or goes where there are ``most``."""
    low = random.randrange(-300, 300)
    position = SPACING * low, SPACING * (low + random.randint(1, 200)), random.getrandbits(70) + 1
    sign = 1
    if held and (len(held) >= most or random.random() < 0.4):
        position, sign = held.pop(random.randrange(len(held))), -1
    else:
        held.append(position)
    for tick, way in ((position[0], sign), (position[1], -sign)):
        nets[tick] = nets.get(tick, 0) + way * position[2]
        if not any(tick in each[:2] for each in held):
            del nets[tick]


def same(table: StopTable, begin: int, end: int, given: Stops) -> bool:
    return np.array_equal(table.words[begin * STOP : end * STOP], given.words.ravel()) and np.array_equal(
        table.ticks[begin:end], given.ticks
    )


def is_as_made_anew(table: StopTable, lies: tuple[int, int, int], nets: dict[int, int]) -> bool:
    begin, middle, end = lies
    spec = sorted(nets), [nets[tick] for tick in sorted(nets)], SPACING, FEE
    return same(table, begin, middle, stops_below(*spec)) and same(table, middle, end, stops_above(*spec))


def test_a_hundred_thousand_changes_leave_a_bounded_table_with_every_pools_stops() -> None:
    random, table, pools = Random(5), StopTable(), 40
    nets: list[dict[int, int]] = [{} for _ in range(pools)]
    held: list[list[tuple[int, int, int]]] = [[] for _ in range(pools)]
    lies = [(0, 0, 0)] * pools
    settled = 0
    for number in range(100_000):
        pool = random.randrange(pools)
        move(random, nets[pool], held[pool], most=3 + pool // 4)
        lies[pool] = put(table, pool, nets[pool])
        if number % 5000 == 0:
            assert is_as_made_anew(table, lies[pool], nets[pool])
        if number == 20_000:
            settled = table.used
    for pool in range(pools):
        assert is_as_made_anew(table, lies[pool], nets[pool])
    assert table.used <= settled * 5 // 4
    assert table.used < 6 * sum(end - begin for begin, _, end in lies)


def test_full_table_says_so_and_keeps_what_it_has() -> None:
    table = StopTable(most=32)
    few, many = {-60: 5, 60: -5}, {60 * tick: 1 if tick < 20 else -1 for tick in range(40)}
    lies = put(table, 0, few)
    with pytest.raises(OperatorError, match="the table holds 32"):
        put(table, 1, many)
    assert is_as_made_anew(table, lies, few)
    assert is_as_made_anew(table, put(table, 0, {0: 7, 60: -7}), {0: 7, 60: -7})


def test_what_a_pool_gives_up_serves_another() -> None:
    table = StopTable(most=64)
    big = {60 * tick: 1 if tick < 6 else -1 for tick in range(12)}
    for _ in range(100):
        assert is_as_made_anew(table, put(table, 0, big), big)
        table.drop(0)
        lies = [put(table, pool, {-60: pool, 60: -pool}) for pool in (1, 2, 3)]
        assert len({begin for begin, _, _ in lies}) == 3
        for pool in (1, 2, 3):
            table.drop(pool)


@pytest.mark.parametrize("nets", [{0: -1, 60: 1}, {0: 1 << 127, 60: 1 << 127}, {-887_280: 1, 0: -1}])
def test_ticks_that_are_no_pools_are_refused(nets: dict[int, int]) -> None:
    table = StopTable()
    lies = put(table, 0, {0: 3, 60: -3})
    with pytest.raises(ChainDataError, match="pool 0"):
        put(table, 0, nets)
    assert is_as_made_anew(table, lies, {0: 3, 60: -3})


def test_pools_lie_behind_adopted_stops() -> None:
    table, first = StopTable(), stops_below((-600, 600), (9, -9), 60, 3000)
    table.adopt(first.words.ravel(), first.floats.ravel(), first.ticks)
    lies = put(table, 0, {-60: 5, 60: -5})
    assert lies[0] >= 2
    assert same(table, 0, len(first.ticks), first)
    assert is_as_made_anew(table, lies, {-60: 5, 60: -5})
