"""Algebra v1's adaptive fee: two sigmoids of the day's volatility, scaled by one of the day's volume.

Source: the Algebra technical paper on adaptive fees; judged by the published contracts. The oracle's ring is taken
before it is full, so its first timepoint is the oldest.
"""

from bisect import bisect_right
from collections.abc import Sequence
from math import isqrt

import msgspec

from tallyio.protocols.dex.families.words import toward_zero

WINDOW = 24 * 3600
_VOLATILITY_UNIT = 15
_VOLUME_SHIFT = 57
_UINT16_MAX = 2**16 - 1
_UINT88 = 2**88
_UINT144 = 2**144
_UINT256_MAX = 2**256 - 1
_MOST_VOLUME = 100_000 << 64


class FeeConfig(msgspec.Struct, frozen=True):
    """Fees in 1e-6; each sigmoid's height (alpha), middle (beta) and stretch (gamma)."""

    alpha1: int
    alpha2: int
    beta1: int
    beta2: int
    gamma1: int
    gamma2: int
    volume_beta: int
    volume_gamma: int
    base_fee: int


class Timepoint(msgspec.Struct, frozen=True):
    """What the pool's oracle knew at ``timestamp``; cumulative values are since its first timepoint."""

    timestamp: int
    tick_cumulative: int
    volatility_cumulative: int
    average_tick: int
    volume_cumulative: int


def volume_per_liquidity(liquidity: int, amount0: int, amount1: int) -> int:
    """What a swap of these amounts (of either sign) adds to the volume, Q64: their geometric mean over liquidity."""
    volume = isqrt(abs(amount0)) * isqrt(abs(amount1))
    share = (_UINT256_MAX if volume >= 2**192 else volume << 64) // max(liquidity, 1)
    return min(share, _MOST_VOLUME)


def pruned(points: Sequence[Timepoint]) -> tuple[Timepoint, ...]:
    """The timepoints that a window from the last on can reach: those in it, and the one before."""
    first = bisect_right(points, points[-1].timestamp - WINDOW, key=lambda point: point.timestamp)
    return tuple(points[max(first - 1, 0) :])


def sigmoid(x: int, gamma: int, alpha: int, beta: int) -> int:
    """``alpha / (1 + e**((beta - x) / gamma))``, the exponential by nine terms of its series."""
    if gamma == 0:
        return alpha if x > beta else 0
    far = abs(x - beta)
    if far >= 6 * gamma:
        return alpha if x > beta else 0
    one, power = gamma**8, _series(far, gamma)
    return alpha * power // (one + power) if x > beta else alpha * one // (one + power)


def _series(x: int, gamma: int) -> int:
    """``e**(x / gamma) * gamma**8``, each term rounded down."""
    total, factorial = gamma**8, 1
    for degree in range(1, 9):
        factorial *= degree
        total += x**degree * gamma ** (8 - degree) // factorial
    return total


def fee_at(volatility: int, volume: int, config: FeeConfig) -> int:
    """The fee (1e-6) of a day's average volatility and volume."""
    moved = sigmoid(volatility, config.gamma1, config.alpha1, config.beta1)
    moved = min(moved + sigmoid(volatility, config.gamma2, config.alpha2, config.beta2), _UINT16_MAX)
    return config.base_fee + sigmoid(volume, config.volume_gamma, moved, config.volume_beta)


def new_fees(
    points: Sequence[Timepoint], now: int, tick: int, volume: int, configs: Sequence[FeeConfig]
) -> tuple[int, ...] | None:
    """The fees that a second's first swap sets at ``tick``, one by each of ``configs``; ``None`` where the second has
    had one.

    ``volume`` is what the pool counted since its last timepoint.
    """
    if points[-1].timestamp == now:
        return None
    points = [*points, written(points, now, tick, volume)]
    end, oldest = points[-1], points[0]
    if oldest.timestamp <= now - WINDOW:
        start, span = at(points, now - WINDOW), WINDOW
    else:
        start, span = oldest, now - oldest.timestamp
    moved = (end.volatility_cumulative - start.volatility_cumulative) % _UINT88 // span
    traded = (end.volume_cumulative - start.volume_cumulative) % _UINT144 >> _VOLUME_SHIFT
    return tuple(fee_at(moved // _VOLATILITY_UNIT, traded, config) for config in configs)


def written(points: Sequence[Timepoint], now: int, tick: int, volume: int) -> Timepoint:
    """The timepoint of ``now``, the pool having stood at ``tick`` since the last one."""
    last, seconds = points[-1], now - points[-1].timestamp
    average, before = average_tick(points, now, tick), tick
    if len(points) > 1:
        before = toward_zero(last.tick_cumulative - points[-2].tick_cumulative, last.timestamp - points[-2].timestamp)
    moved = volatility(seconds, before, tick, last.average_tick, average)
    return Timepoint(
        now,
        last.tick_cumulative + tick * seconds,
        (last.volatility_cumulative + moved) % _UINT88,
        average,
        (last.volume_cumulative + volume) % _UINT144,
    )


def average_tick(points: Sequence[Timepoint], now: int, tick: int) -> int:
    """The average tick of the window that ends at the last timepoint."""
    last, oldest, from_time = points[-1], points[0], now - WINDOW
    if oldest.timestamp <= from_time < last.timestamp:
        start = at(points, from_time)
        return toward_zero(last.tick_cumulative - start.tick_cumulative, last.timestamp - from_time)
    if last.timestamp == oldest.timestamp:
        return tick
    start = points[-2] if oldest.timestamp <= from_time else oldest
    return toward_zero(last.tick_cumulative - start.tick_cumulative, last.timestamp - start.timestamp)


def at(points: Sequence[Timepoint], moment: int) -> Timepoint:
    """The cumulative values at a past ``moment``, on the straight line between two timepoints."""
    place = bisect_right(points, moment, key=lambda p: p.timestamp) - 1
    before = points[place]
    if before.timestamp == moment:
        return before
    after, gone = points[place + 1], moment - before.timestamp
    span = after.timestamp - before.timestamp
    tick = toward_zero(after.tick_cumulative - before.tick_cumulative, span)
    moved = (after.volatility_cumulative - before.volatility_cumulative) % _UINT88 // span
    traded = (after.volume_cumulative - before.volume_cumulative) % _UINT144 // span
    return Timepoint(
        moment,
        before.tick_cumulative + tick * gone,
        (before.volatility_cumulative + moved * gone) % _UINT88,
        before.average_tick,
        (before.volume_cumulative + traded * gone) % _UINT144,
    )


def volatility(seconds: int, tick0: int, tick1: int, average0: int, average1: int) -> int:
    """The sum over seconds of the squared distance of two straight lines: the tick's, and its average's."""
    slope = (tick1 - tick0) - (average1 - average0)
    offset = (tick0 - average0) * seconds
    squares = seconds * (seconds + 1) * (2 * seconds + 1)
    sequence = seconds * (seconds + 1)
    total = slope**2 * squares + 6 * offset * slope * sequence + 6 * seconds * offset**2
    return total // (6 * seconds**2) % _UINT88
