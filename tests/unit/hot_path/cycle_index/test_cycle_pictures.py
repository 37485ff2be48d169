"""A picture stays as it was taken, whatever becomes of the index."""

import numpy as np
import pytest

from tallyio.core.clock import seeded
from tallyio.hot_path.cycle_index.cycles import Cycles
from tallyio.hot_path.cycle_index.index import CycleIndex


def by_reading(picture: Cycles, pools: list[int]) -> list[int]:
    rows = enumerate(picture.table.tolist())
    return [i for i, row in rows if any(edge >= 0 and edge >> 1 in pools for edge in row)]


@pytest.mark.parametrize("seed", range(4))
def test_pictures_outlive_additions_and_removals(seed: int) -> None:
    random = seeded(seed, "pictures")
    index = CycleIndex(max_hops=4)
    taken: list[tuple[Cycles, np.ndarray]] = []
    for step in range(40):
        index.add_pool(*random.sample(range(6), 2))
        if step > 5 and random.random() < 0.2:
            index.disable(random.randrange(step))
        if random.random() < 0.4:
            taken.append((index.cycles, index.cycles.table.copy()))
    for picture, table in taken:
        assert np.array_equal(picture.table, table)
        some = random.sample(range(40), 3)
        assert picture.through(some).tolist() == by_reading(picture, some)
        assert picture.through([]).size == 0
    assert len({len(picture) for picture, _ in taken}) > 3


def test_a_picture_cannot_be_written_to() -> None:
    index = CycleIndex()
    index.add_pools(np.array([(0, 1), (0, 1)]))
    with pytest.raises(ValueError, match="read-only"):
        index.cycles.table[0, 0] = 7
    index.add_pool(0, 1)
    assert len(index.cycles) == 3


def test_both_directions() -> None:
    index = CycleIndex(max_hops=4)
    index.add_pools(np.array([(0, 1), (1, 2), (2, 3), (3, 0), (0, 1)]))
    picture = index.cycles
    assert picture.rows == [(0, 2, 4, 6), (7, 5, 3, 1), (0, 9), (8, 1), (8, 2, 4, 6), (7, 5, 3, 9)]
    assert picture.through([4]).tolist() == [1, 2]
    assert picture.through([2]).tolist() == [0, 2]


def test_an_index_without_cycles_is_no_error() -> None:
    picture = CycleIndex().cycles
    assert (len(picture), picture.rows, picture.table.shape) == (0, [], (0, 4))
