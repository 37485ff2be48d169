"""Vector kernels and their plain source agree to the bit; figures worked out by hand."""

import numpy as np
import pytest

from tallyio.hot_path.check.comparison import Comparison
from tallyio.hot_path.check.simd import COMPARISONS
from tallyio.hot_path.simd import health, prices, search


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.name)
def test_the_kernel_equals_its_twin(comparison: Comparison) -> None:
    result = comparison.run(20_000, 1)
    assert result.compared >= 20_000
    assert not result.mismatches, result.first


@pytest.mark.nightly
@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda comparison: comparison.name)
def test_the_kernel_equals_its_twin_on_a_million(comparison: Comparison) -> None:
    result = comparison.run(1_000_000, 2)
    assert not result.mismatches, result.first


def test_rates_of_a_two_to_one_pool_with_a_fee_of_a_quarter() -> None:
    forward, backward = np.empty(1), np.empty(1)
    prices.v2_rates(np.array([4.0]), np.array([8.0]), np.array([0.75]), forward, backward)
    assert (forward[0], backward[0]) == (1.5, 0.375)
    prices.v3_rates(np.array([2.0]), np.array([0.5]), forward, backward)
    assert (forward[0], backward[0]) == (2.0, 0.125)


def test_a_pool_with_an_empty_side_has_no_rate() -> None:
    forward, backward = np.empty(3), np.empty(3)
    prices.v2_rates(np.array([0.0, 5.0, np.nan]), np.array([5.0, 0.0, 5.0]), np.ones(3), forward, backward)
    assert not forward.any()
    assert not backward.any()


def test_an_account_without_debt_has_an_infinite_health_factor() -> None:
    out = np.empty(2)
    health.health_factors(np.array([100.0, 100.0]), np.array([0.75, 0.75]), np.array([50.0, 0.0]), out)
    assert out.tolist() == [1.5, np.inf]


def test_a_hit_is_found_at_every_place_of_an_array_that_fills_no_block() -> None:
    for place in range(150):
        values = np.zeros(150)
        values[place] = 2.0
        assert search.first_at_least(values, 2.0) == place
        assert search.best(values) == place
        assert search.first_product(np.vstack([values, np.ones(150), np.ones(150)]), 2.0) == place


def test_nothing_is_found_in_nothing() -> None:
    found = np.zeros(4, np.int64)
    assert search.best(np.zeros(0)) == search.best(np.full(3, np.nan)) == search.first_at_least(np.zeros(0), 0.0) == -1
    assert search.all_at_most(np.full(100, np.nan), 1.0, found) == 0


@pytest.mark.parametrize("hops", [0, 1, 5])
def test_a_number_of_hops_that_no_cycle_has_is_told(hops: int) -> None:
    assert search.first_product(np.ones((hops, 3)), 1.0) == -2
    assert search.all_products(np.ones((hops, 3)), 1.0, np.zeros(3, np.int64)) == -2
