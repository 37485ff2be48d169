"""The stops' sums beside whole swaps of the plain-Python pool."""

from random import Random

import pytest

from tallyio.core.pools import V3State
from tallyio.hot_path.amm import v3
from tallyio.hot_path.amm.tick_math import sqrt_ratio_at_tick
from tallyio.hot_path.state.layout import STOP_INPUT, STOP_LIQUIDITY, STOP_OUTPUT
from tallyio.hot_path.state.stops import Stops, stops_above, stops_below


def word(stops: Stops, row: int, at: int) -> int:
    return sum(int(stops.words[row, at + i]) << 64 * i for i in range(2 if at == STOP_LIQUIDITY else 4))


@pytest.mark.parametrize("zero_for_one", [True, False])
@pytest.mark.parametrize("spacing", [1, 10, 60, 200])
def test_sum_of_whole_steps_is_the_whole_swap(spacing: int, zero_for_one: bool) -> None:
    random = Random(spacing)
    ticks = sorted(random.sample(range(-900, 900), 12))
    ticks = [spacing * tick for tick in ticks]
    nets = [random.randrange(1, 10**20) for _ in range(6)]
    nets += [-net for net in nets]
    stops = (stops_below if zero_for_one else stops_above)(ticks, nets, spacing, 3000)
    start = int(stops.ticks[0])
    tick = start - 1 if zero_for_one else start
    liquidity = sum(net for place, net in zip(ticks, nets, strict=True) if place <= tick)
    state = V3State(sqrt_ratio_at_tick(start), tick, liquidity, tuple(ticks), tuple(nets))
    assert len(stops.ticks) > len(ticks) - 1
    for row in range(1, len(stops.ticks)):
        whole = v3.swap(state, spacing, 3000, zero_for_one, word(stops, row, STOP_INPUT))
        assert whole.amount_out == word(stops, row, STOP_OUTPUT)
        assert whole.sqrt_price_x96 == sqrt_ratio_at_tick(int(stops.ticks[row]))
        if whole.tick is not None and row < len(stops.ticks) - 1:
            assert whole.liquidity == word(stops, row, STOP_LIQUIDITY)
        short = v3.swap(state, spacing, 3000, zero_for_one, word(stops, row, STOP_INPUT) - 1)
        assert short.amount_out <= whole.amount_out


def test_pool_without_ticks_has_no_stops() -> None:
    assert len(stops_below((), (), 60, 3000).ticks) == len(stops_above((), (), 60, 3000).ticks) == 0


def test_a_position_over_the_full_range_reaches_its_ends() -> None:
    """Its far ends cost more than any token's supply; the stops near the price must not be lost with them."""
    ticks, nets = (-887220, -600, 600, 887220), (10**21, 10**22, -(10**22), -(10**21))
    for stops, last in ((stops_below(ticks, nets, 60, 3000), -887220), (stops_above(ticks, nets, 60, 3000), 887220)):
        assert {-600, 600, last} <= set(stops.ticks.tolist())
        assert word(stops, len(stops.ticks) - 1, STOP_INPUT) > 2**128
