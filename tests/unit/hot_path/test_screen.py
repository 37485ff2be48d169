import numpy as np
import pytest

from tallyio.core.clock import seeded
from tallyio.hot_path.cycle_index.cycles import Cycles
from tallyio.hot_path.cycle_index.index import CycleIndex
from tallyio.hot_path.screen import MARGIN, screen, screen_twin


def random_cycles(seed: int) -> tuple[Cycles, np.ndarray]:
    random = seeded(seed, "screen")
    table = CycleIndex(anchor=0, max_hops=4)
    for _ in range(24):
        table.add_pool(*sorted(random.sample(range(6), 2)))
    rates = np.array([random.uniform(0.9, 1.1) for _ in range(48)])
    rates[random.randrange(48)] = 0.0
    return table.cycles, rates


@pytest.mark.parametrize("seed", range(6))
def test_the_kernel_equals_its_twin(seed: int) -> None:
    cycles, rates = random_cycles(seed)
    found, products = screen(cycles.edges, rates)
    assert found.tolist() == screen_twin(cycles.edges, rates)
    assert (np.diff(products) <= 0).all()
    some = cycles.of_pools([1, 5])
    assert screen(cycles.edges, rates, some)[0].tolist() == screen_twin(cycles.edges, rates, some)


def test_a_cycle_at_break_even_passes() -> None:
    table = CycleIndex()
    table.add_pool(0, 1)
    table.add_pool(0, 1)
    edges = table.cycles.edges
    even = np.array([2.0, 0.5, 2.0, 0.5])
    assert len(screen(edges, even)[0]) == 2
    assert len(screen(edges, even * (1 - 2 * MARGIN))[0]) == 0


def test_a_pool_with_rate_zero_is_never_used() -> None:
    table = CycleIndex()
    table.add_pool(0, 1)
    table.add_pool(0, 1)
    assert len(screen(table.cycles.edges, np.array([0.0, 0.0, 9.0, 9.0]))[0]) == 0


def test_nothing_to_screen() -> None:
    table = CycleIndex()
    table.add_pool(0, 1)
    found, products = screen(table.cycles.edges, np.array([1.0, 1.0]))
    assert found.size == products.size == 0
