"""Events that name nothing, a ring that nobody empties, cycles that cannot be: counted or refused, never harmful."""

from random import Random

import numpy as np
import pytest

from tallyio.core.errors import OperatorError
from tallyio.core.pools import V2, V3, Pool, V2State, V3State
from tallyio.hot_path.amm.tick_math import tick_at_sqrt_ratio
from tallyio.hot_path.check.detector import World
from tallyio.hot_path.cycle_index.rows import build_rows
from tallyio.hot_path.detector.detector import Detector
from tallyio.hot_path.detector.evaluate import KEPT_MOST

POOLS = [Pool(f"0x{i:040x}", V2, "any", ("0x01", "0x02"), 3000) for i in range(4)]


def detector(cycles: list[list[int]], capacity: int = 64) -> Detector:
    made = Detector(POOLS, np.array(cycles, np.int32), capacity=capacity)
    made.write([(i, V2State(10**21, 10**21)) for i in range(4)])
    return made


def test_unknown_pools_and_impossible_reserves_are_counted_and_change_nothing() -> None:
    made = detector([[0, 3]])
    before = made.arrays.records.copy()
    events = np.zeros((3, 8), np.uint64)
    events[0, 0], events[1, 0], events[2, 0] = 4, 0xFFFFFFFF, 1
    events[2, 1:5] = 1, 1 << 48, 1, 0
    made.arrays.run(events)
    assert made.counts["unknown_pool"] == 2
    assert made.counts["impossible"] == 1
    assert np.array_equal(made.arrays.records, before)
    made.write([(1, V2State(10**21, 2 * 10**21))])
    assert len(made.drain()) == 1


def test_unknown_family_is_counted() -> None:
    made = detector([[0, 3]])
    made.arrays.records[1] = 9
    made.write([(0, V2State(1, 1))])
    assert made.counts["unknown_family"] == 1
    assert made.drain() == []


def test_empty_pool_has_no_rate_and_no_opportunity() -> None:
    made = detector([[0, 3]])
    made.write([(1, V2State(0, 0)), (0, V2State(10**21, 3 * 10**21))])
    assert made.drain() == []
    made.write([(1, V2State(10**21, 10**21))])
    assert len(made.drain()) == 1


def test_full_ring_loses_the_opportunity_counts_it_and_goes_on() -> None:
    made = detector([[0, 3]], capacity=2)
    for k in range(5):
        made.write([(0, V2State(10**21, (2 + k) * 10**21))])
    assert made.counts["lost"] == 3
    assert [each.update for each in made.drain()] == [4, 5]
    made.write([(0, V2State(10**21, 9 * 10**21))])
    assert len(made.drain()) == 1


def test_opportunities_of_one_update_come_best_first_and_the_rest_are_counted() -> None:
    pools = [Pool(f"0x{i:040x}", V2, "any", ("0x01", "0x02"), 3000) for i in range(31)]
    made = Detector(pools, np.array([[0, 2 * i + 1] for i in range(1, 31)], np.int32))
    made.write([(i, V2State(i * 10**20, i * 10**20)) for i in range(1, 31)])
    made.write([(0, V2State(10**22, 2 * 10**22))])
    found = made.drain()
    assert len(found) == KEPT_MOST
    assert {each.left_out for each in found} == {30 - KEPT_MOST}
    assert [each.rank for each in found] == list(range(KEPT_MOST))
    assert [each.cycle for each in found] == list(range(29, 29 - KEPT_MOST, -1))
    assert made.counts["left_out"] == 30 - KEPT_MOST


def test_worth_orders_cycles_of_different_tokens() -> None:
    edges = np.array([[0, 3], [0, 5]], np.int32)
    made = Detector(POOLS, edges, worth=np.array([1.0, 1e6]))
    made.write([(1, V2State(10**22, 10**22)), (2, V2State(10**20, 10**20)), (0, V2State(10**22, 2 * 10**22))])
    assert [each.cycle for each in made.drain()] == [1, 0]


@pytest.mark.parametrize("row", [[0, -1, -1], [0, 1, -1], [0, 8, -1], [0, -1, 3], [-1, 0, 3], [0, -7, 3]])
def test_cycle_that_cannot_be_is_refused(row: list[int]) -> None:
    with pytest.raises(OperatorError, match="cycle 1 has edges"):
        build_rows(np.array([[0, 3, -1], row], np.int32), 4)


def test_stale_tick_table_stops_trades_at_the_next_tick() -> None:
    """A position that changed unseen: no opportunity rests on ticks that are not the pool's any more."""
    world = World(Random(5))
    arrays = world.detector.arrays
    arrays.stops.reshape(-1, 16)[:, 4] += np.uint64(1)
    for _ in range(100):
        for each in world.step()[1]:
            legs = world.legs(each.cycle, each.backwards)
            assert world.profit(legs, each.amount_in) == each.profit


def test_an_update_is_answered_from_the_ticks_of_its_own_time() -> None:
    """Of two updates written together, the first comes before the second one's ticks."""
    pools = [Pool("0x01", V3, "any", ("0x0a", "0x0b"), 500, 10), Pool("0x02", V2, "any", ("0x0a", "0x0b"), 3000)]
    unit, price = 10**18, 12 * 2**96 // 10
    tick = tick_at_sqrt_ratio(price) // 10 * 10
    wide = V3State(price, tick, unit, (-20_000, 20_000), (unit, -unit))
    more = V3State(price, tick, unit, (-20_000, tick - 100, tick - 50, 20_000), (unit, 9 * unit, -9 * unit, -unit))
    told = []
    for batches in ([[(0, wide)], [(0, more)]], [[(0, wide), (0, more)]]):
        made = Detector(pools, np.array([[0, 3]], np.int32))
        made.write([(1, V2State(10**21, 10**21))])
        for batch in batches:
            made.write(batch)
        told.append([(each.amount_in, each.profit) for each in made.drain()])
    assert told[0] == told[1]
    assert len(set(told[0])) == 2


def test_a_full_stop_table_leaves_its_pool_without_quotes() -> None:
    pools = [Pool("0x01", V3, "any", ("0x0a", "0x0b"), 500, 10), Pool("0x02", V2, "any", ("0x0a", "0x0b"), 3000)]
    unit = 10**18
    made = Detector(pools, np.array([[0, 3]], np.int32), most_stops=16)
    made.write([(0, V3State(2**96, 0, unit, (-100, 100), (unit, -unit)))])
    many = tuple(10 * tick for tick in range(-10, 10))
    with pytest.raises(OperatorError, match="the table holds 16"):
        made.write([(0, V3State(2**96, 0, 10 * unit, many, (unit,) * 10 + (-unit,) * 10))])
    made.write([(1, V2State(10**21, 2 * 10**21))])
    assert made.drain() == []
    assert made.counts["found"] == made.counts["refused"] == 1
