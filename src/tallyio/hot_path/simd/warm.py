"""The vector kernels, ready for the arrays that Python passes."""

import numpy as np

from tallyio.hot_path.simd import health, prices, search


def warm() -> None:
    one, found = np.ones(1), np.zeros(1, np.int64)
    prices.v2_rates(one, one, one, np.empty(1), np.empty(1))
    prices.v3_rates(one, one, np.empty(1), np.empty(1))
    health.health_factors(one, one, one, np.empty(1))
    search.first_at_least(one, 2.0)
    search.all_at_most(one, 0.0, found)
    search.best(one)
    search.first_product(np.ones((2, 1)), 2.0)
    search.all_products(np.ones((2, 1)), 2.0, found)
