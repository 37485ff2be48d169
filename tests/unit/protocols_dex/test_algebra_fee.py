"""Algebra's adaptive fee: its sigmoids, its oracle's points, and when it is computed again."""

import math

from hypothesis import given
from hypothesis import strategies as st

from tallyio.protocols.dex.families.algebra_fee import (
    WINDOW,
    FeeConfig,
    Timepoint,
    at,
    fee_at,
    new_fees,
    sigmoid,
    volatility,
    written,
)

CONFIG = FeeConfig(2900, 12000, 360, 60000, 59, 8500, 0, 10, 100)
START = Timepoint(1_700_000_000, 0, 0, 500, 0)


@given(st.integers(0, 10**5), st.integers(1, 65535), st.integers(1, 15000), st.integers(0, 10**5))
def test_the_sigmoid_follows_the_exponential(x: int, gamma: int, alpha: int, beta: int) -> None:
    exact = alpha / (1 + math.exp(min((beta - x) / gamma, 500)))
    assert abs(sigmoid(x, gamma, alpha, beta) - exact) <= 1 + alpha / 100


def test_the_fee_lies_between_its_ends() -> None:
    assert fee_at(0, 0, CONFIG) == 100 + sigmoid(0, 10, sigmoid(0, 59, 2900, 360) + sigmoid(0, 8500, 12000, 60000), 0)
    assert fee_at(10**9, 10**9, CONFIG) == 15_000


def test_a_second_has_one_fee() -> None:
    assert new_fees([START], START.timestamp, 500, 0, [CONFIG]) is None
    assert new_fees([START], START.timestamp + 1, 500, 0, [CONFIG]) == (fee_at(0, 0, CONFIG),)


def test_a_pool_that_stands_still_is_not_volatile() -> None:
    point = written([START], START.timestamp + WINDOW * 2, 500, 7)
    assert (point.volatility_cumulative, point.volume_cumulative, point.average_tick) == (0, 7, 500)
    assert volatility(100, 500, 500, 400, 400) == 100 * 100**2


def test_values_between_two_points_lie_on_the_line() -> None:
    later = Timepoint(START.timestamp + 10, -105, 1000, 490, 60)
    middle = at([START, later], START.timestamp + 4)
    assert (middle.tick_cumulative, middle.volatility_cumulative, middle.volume_cumulative) == (-40, 400, 24)
    assert at([START, later], later.timestamp) == later
