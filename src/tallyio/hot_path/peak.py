"""The best input of a cycle in floats, whatever its pools are, and what no input can exceed.

A pool's output is concave in its input, and so is the output of pools in a row: profit has one peak, where a further
unit put in comes out as one unit. The slope is the product of the pools' own analytic rates. Its logarithm falls with
the logarithm of the input, nearly straight, so regula falsi with halved weights (Illinois; Dowell and Jarratt 1971)
needs a handful of steps, and never leaves its bracket.

A dynamic fee that falls while a trade brings a pool into balance can bend an output the other way. The slope is
therefore looked at in many places, and each peak that shows is climbed.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import exp, inf, log
from typing import NamedTuple

from tallyio.hot_path.curve import FloatCurve

_LOOKS = 24
_WIDEST = 200.0
"""Amounts beyond ``e ** 200`` exist on no chain."""
_NARROW = 1e-11
_STEPS = 100
_ROUNDING = 2.0**-46
"""Share of the amounts by which floats in a row of pools may err."""
_TINY = 1e-300
_SURELY_PAST = 0.5
"""A slope behind which no dynamic fee makes another peak."""


class Peak(NamedTuple):
    """``bound`` is what no input's profit exceeds while profit is concave in it: where the tangents at both ends of the
    last bracket meet, and the floats' own error."""

    amount_in: float
    profit: float
    bound: float


class _Place(NamedTuple):
    at: float
    profit: float
    slope: float
    """Of the output: 1 at the peak."""


def peak(curves: Sequence[FloatCurve], scale: float = 1.0) -> Peak | None:
    """The most that a cycle over ``curves`` brings; ``None`` where no input gains, however small.

    ``scale`` is an amount below any that matters, in units of the first token.
    """
    first = _look(curves, scale)
    if first.slope <= 1.0:
        return None
    places = [first]
    while places[-1].slope > _SURELY_PAST:
        if log(places[-1].at) > _WIDEST:
            break
        places.append(_look(curves, places[-1].at * 16.0))
    low, high = log(first.at), log(places[-1].at)
    places = [_look(curves, exp(low + (high - low) * i / _LOOKS)) for i in range(_LOOKS + 1)]
    places[0] = first
    peaks = [_climb(curves, a, b) for a, b in pairwise(places) if a.slope > 1.0 >= b.slope]
    return max(peaks, key=lambda each: each.profit, default=None)


def _look(curves: Sequence[FloatCurve], at: float) -> _Place:
    amount, slope = at, 1.0
    for curve in curves:
        slope *= curve.rate(amount)
        amount = curve.output(amount)
    return _Place(at, amount - at, slope)


def _climb(curves: Sequence[FloatCurve], low: _Place, high: _Place) -> Peak:
    above, below = log(low.slope), log(max(high.slope, _TINY))
    a, b = log(low.at), log(high.at)
    side = 0
    for step in range(_STEPS):
        if b - a <= _NARROW:
            break
        here = (a * below - b * above) / (below - above) if step % 4 != 3 else (a + b) / 2
        here = min(max(here, a + _NARROW / 4), b - _NARROW / 4)
        place = _look(curves, exp(here))
        height = log(max(place.slope, _TINY))
        if height > 0:
            low, a, above = place, here, height
            below = below / 2 if side == 1 else below
            side = 1
        else:
            high, b, below = place, here, height
            above = above / 2 if side == -1 else above
            side = -1
    best = max(low, high, key=lambda each: each.profit)
    return Peak(best.at, best.profit, max(_meeting(low, high), best.profit) + _ROUNDING * (best.at + abs(best.profit)))


def _meeting(low: _Place, high: _Place) -> float:
    """How high the tangents at ``low`` and ``high`` meet: concave profit lies below both."""
    up, down = low.slope - 1.0, 1.0 - high.slope
    if up + down <= 0:
        return inf
    at = (high.profit - low.profit + up * low.at + down * high.at) / (up + down)
    return max(low.profit + up * (at - low.at), low.profit, high.profit)
