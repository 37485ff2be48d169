"""What may be lost until the block that holds a route."""

from math import exp, log, sqrt
from random import Random

import pytest

from tallyio.strategies.slippage import Seen, impact, slippage, volatility, worst_share


def test_volatility_of_a_known_series_counts_blocks_that_were_not_seen() -> None:
    seen = [Seen(10, 1.0), Seen(11, exp(0.02)), Seen(15, 1.0)]
    assert volatility(seen) == pytest.approx(sqrt((0.02**2 + 0.02**2) / 5))
    assert volatility(seen[:1]) == 0.0


def test_volatility_refuses_blocks_out_of_order_and_dead_rates() -> None:
    with pytest.raises(ValueError, match="ascending"):
        volatility([Seen(2, 1.0), Seen(2, 1.0)])
    with pytest.raises(ValueError, match="more than 0"):
        volatility([Seen(2, 1.0), Seen(3, 0.0)])


def test_the_least_output_holds_as_often_as_it_says() -> None:
    """A random walk of known spread: the rate after four blocks falls below the least one in a hundred times."""
    random = Random(11)
    walk = [0.0]
    for _ in range(4000):
        walk.append(walk[-1] + random.gauss(0, 0.003))
    told = slippage(10**18, 10**18, 1.0, [Seen(i, exp(x)) for i, x in enumerate(walk)], blocks=4)
    assert told.volatility == pytest.approx(0.003, rel=0.05)
    fell = sum(exp(sum(random.gauss(0, 0.003) for _ in range(4))) * 10**18 < told.minimum_out for _ in range(20_000))
    assert 100 <= fell <= 320


def test_no_distance_and_no_movement_keep_the_whole_quote() -> None:
    quote = 123_456_789_012_345_678_901
    assert slippage(5, quote, 1.0, [Seen(1, 1.0), Seen(2, 2.0)], blocks=0).minimum_out == quote
    assert slippage(5, quote, 1.0, [], blocks=9).minimum_out == quote
    assert worst_share(0.01, 4, 0.5) == 0.0


def test_impact_is_the_share_below_the_margin() -> None:
    assert impact(1000, 1900, 2.0) == pytest.approx(0.05)
    assert impact(1000, 2000, 2.0) == 0.0
    assert impact(1000, 1, 0.0) == 1.0


def test_bad_confidence_is_refused() -> None:
    with pytest.raises(ValueError, match="confidence"):
        slippage(1, 1, 1.0, [], blocks=1, confidence=1.0)
    assert log(1 - worst_share(0.01, 9, 0.975)) == pytest.approx(-1.96 * 0.03, rel=1e-3)
