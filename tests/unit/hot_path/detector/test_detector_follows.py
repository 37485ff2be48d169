"""A detector that follows an index as pools come and go finds what one that is built anew finds."""

import numpy as np
import pytest

from tallyio.core.clock import seeded
from tallyio.core.errors import BugError
from tallyio.core.pools import V2, Pool, V2State
from tallyio.hot_path.cycle_index.index import CycleIndex
from tallyio.hot_path.detector.detector import Detector
from tallyio.hot_path.state import layout

Told = set[tuple[tuple[int, ...], int, int]]


def a_pool(number: int) -> Pool:
    return Pool(f"0x{number:040x}", V2, "any", ("0x01", "0x02"), 3000)


def told(detector: Detector, index: CycleIndex) -> Told:
    """The edges traded, the input and the profit of what waits."""
    table, found = index.cycles.table.tolist(), set()
    for each in detector.drain():
        edges = [edge for edge in table[each.cycle] if edge >= 0]
        edges = [edge ^ 1 for edge in reversed(edges)] if each.backwards else edges
        found.add((tuple(edges), each.amount_in, each.profit))
    return found


def products_of(detector: Detector, index: CycleIndex) -> list[np.ndarray]:
    """By pool, its row's products, (2, lanes), with those of no entry in the last block, which must be 0."""
    blocks = detector.arrays.products.reshape(-1, 2, 16)
    rows = [(first, first + (count + 15) // 16, count) for first, count, _, _ in index.rows.row_table.tolist()]
    lanes = [blocks[first:last].swapaxes(0, 1).reshape(2, -1) for first, last, _ in rows]
    assert not any(each[:, count:].any() for each, (_, _, count) in zip(lanes, rows, strict=True))
    return lanes


@pytest.mark.parametrize("seed", range(6))
def test_it_finds_what_a_new_one_finds(seed: int) -> None:
    random = seeded(seed, "follow")
    state = lambda: V2State(random.randrange(9, 12) * 10**20, random.randrange(9, 12) * 10**20)  # noqa: E731
    index, pools, states = CycleIndex(max_hops=4, anchor=0), [], []
    follower, found = Detector([], index), 0
    for step in range(60):
        if step < 12 or random.random() < 0.3:
            index.add_pool(*random.sample(range(5), 2))
            pools.append(a_pool(step))
            states.append(state())
            follower.catch_up(pools[-1:])
            follower.write([(len(pools) - 1, states[-1])])
        elif random.random() < 0.5:
            pool = random.randrange(len(pools))
            (index.disable if index.takes_part(pool) else index.enable)(pool)
        follower.drain()
        pool = random.randrange(len(pools))
        states[pool] = state()
        follower.write([(pool, states[pool])])
        anew = Detector(pools, index)
        anew.write(list(enumerate(states)))
        anew.drain()
        anew.write([(pool, states[pool])])
        expected = told(anew, index)
        assert told(follower, index) == expected
        found += len(expected)
        here, there = products_of(follower, index), products_of(anew, index)
        assert all(np.allclose(a, b, rtol=1e-6) for a, b in zip(here, there, strict=True))
    assert found > 100


def test_an_index_with_pools_that_the_detector_was_not_given_is_refused() -> None:
    index = CycleIndex()
    index.add_pools(np.array([(0, 1), (0, 1)]))
    detector = Detector([a_pool(0), a_pool(1)], index)
    index.add_pool(0, 1)
    with pytest.raises(BugError, match="of 3 pools, the detector knows 2"):
        detector.write([(0, V2State(1, 1))])
    detector.catch_up([a_pool(2)])
    detector.write([(2, V2State(10**21, 10**21)), (0, V2State(10**21, 2 * 10**21))])
    assert len(detector.drain()) == 1


def test_shared_records_that_are_full_take_no_more_pools() -> None:
    index = CycleIndex()
    index.add_pools(np.array([(0, 1), (0, 1)]))
    records = np.zeros(3 * layout.RECORD, np.uint64)
    detector = Detector([a_pool(0), a_pool(1)], index, records=records)
    index.add_pool(0, 1)
    detector.catch_up([a_pool(2)])
    index.add_pool(0, 1)
    with pytest.raises(BugError, match="48 words for 4 pools"):
        detector.catch_up([a_pool(3)])


def test_worth_by_edge_orders_cycles_of_different_tokens() -> None:
    """Two cycles of equal profit in units: the second starts at a token that is worth a million times the other."""
    index = CycleIndex()
    for pair in ((0, 1), (2, 3), (0, 1), (2, 3), (0, 2)):
        index.add_pool(*pair)
    detector = Detector([a_pool(i) for i in range(5)], index)
    by_edge = np.ones(10)
    by_edge[[2, 6]] = 1e6
    detector.set_worth(by_edge)
    assert detector.arrays.worth.tolist()[:2] == [1.0, 1e6]
    index.disable(0)
    index.enable(0)
    detector.catch_up()
    assert detector.arrays.worth.tolist()[:2] == [1e6, 1.0]


def test_it_goes_on_with_later_pictures_of_its_index_alone() -> None:
    index, pools = CycleIndex(), [a_pool(i) for i in range(4)]
    index.add_pools(np.array([(0, 1), (0, 1)]))
    old = index.cycles
    detector = Detector(pools[:2], old)
    assert detector.adopt(pools[:2], old)
    index.add_pool(0, 1)
    assert not detector.adopt(pools[:2], old)
    assert detector.adopt(pools[:3], index.cycles)
    detector.write([(2, V2State(10**21, 10**21)), (0, V2State(10**21, 2 * 10**21))])
    assert len(detector.drain()) == 1
    alone = Detector(pools[:2], old)
    alone.write([(1, V2State(10**21, 10**21)), (0, V2State(10**21, 2 * 10**21))])
    assert len(alone.drain()) == 1
    assert not alone.adopt(pools[:3], index.cycles)
    assert not detector.adopt(pools[:3], CycleIndex().cycles)
