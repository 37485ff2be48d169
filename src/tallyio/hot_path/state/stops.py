"""The stops of a concentrated-liquidity pool: every price at which a swap of ``UniswapV3Pool`` ends a step.

These are the initialised ticks and the ends of the bitmap's words (256 ticks of the pool's spacing), since each step
rounds on its own. Word ends differ by direction, so there are two lists, each in the order of travel, with the exact
amounts of all whole steps before each stop. They depend on the positions alone, not on the price. A tick at an end of
the range stands for the last price that a swap may reach, one unit inside of it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tallyio.core.units import PIPS
from tallyio.hot_path.amm.sqrt_price import amount0_delta, amount1_delta
from tallyio.hot_path.amm.tick_math import MAX_TICK, MIN_TICK, sqrt_ratio_at_tick
from tallyio.hot_path.state.layout import STOP, STOP_INPUT, STOP_LIQUIDITY, STOP_OUTPUT, STOP_PRICE

_LIMB = 2**64


class Stops(NamedTuple):
    """``words`` (stops, 16), ``floats`` (stops, 2) and ``ticks`` (stops,) as ``layout`` says."""

    words: NDArray[np.uint64]
    floats: NDArray[np.float64]
    ticks: NDArray[np.int64]


def stops_below(ticks: Sequence[int], nets: Sequence[int], spacing: int, fee_pips: int) -> Stops:
    """For swaps of token0, from the highest initialised tick downwards. ``nets`` is the liquidity net per tick."""
    return _stops(ticks, nets, spacing, fee_pips, 0, zero_for_one=True)


def stops_above(ticks: Sequence[int], nets: Sequence[int], spacing: int, fee_pips: int) -> Stops:
    """For swaps of token1, from the lowest initialised tick upwards."""
    return _stops(ticks, nets, spacing, fee_pips, 255 * spacing, zero_for_one=False)


def reachable(tick: int) -> int:
    """The price at ``tick``, or next to it where no swap may end on it."""
    return sqrt_ratio_at_tick(tick) + (tick == MIN_TICK) - (tick == MAX_TICK)


def _stops(
    ticks: Sequence[int], nets: Sequence[int], spacing: int, fee_pips: int, word_end: int, *, zero_for_one: bool
) -> Stops:
    net_of = dict(zip(ticks, nets, strict=True))
    word = 256 * spacing
    places = set(net_of)
    if places:
        first = (min(places) - word_end) // word * word + word_end
        ends = range(first, max(places) + 1, word)
        places |= {end for end in ends if min(places) <= end}
    order = sorted(places, reverse=zero_for_one)
    rows: list[tuple[int, int, int, int]] = []
    liquidity = spent = earned = 0
    prices = [reachable(tick) for tick in order]
    for tick, (price, following) in zip(order, pairwise([*prices, 0]), strict=True):
        net = net_of.get(tick, 0)
        liquidity += -net if zero_for_one else net
        rows.append((price, liquidity, spent, earned))
        if not following:
            break
        into, out = (amount0_delta, amount1_delta) if zero_for_one else (amount1_delta, amount0_delta)
        taken = into(following, price, liquidity, True)
        spent += taken + -(-taken * fee_pips // (PIPS - fee_pips))
        earned += out(following, price, liquidity, False)
    return _packed(rows, order)


def _packed(rows: list[tuple[int, int, int, int]], order: list[int]) -> Stops:
    words = np.zeros((len(rows), STOP), np.uint64)
    floats = np.zeros((len(rows), 2))
    for i, row in enumerate(rows):
        for at, value in zip((STOP_PRICE, STOP_LIQUIDITY, STOP_INPUT, STOP_OUTPUT), row, strict=True):
            for limb in range(2 if at == STOP_LIQUIDITY else 4):
                words[i, at + limb] = (value >> 64 * limb) % _LIMB
        floats[i] = row[0] / 2**96, row[1]
    return Stops(words, floats, np.array(order[: len(rows)], np.int64))
