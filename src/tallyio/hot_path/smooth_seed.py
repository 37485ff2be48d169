"""The best input of a cycle by its curves' derivatives, whatever their shapes: a float that points to a candidate."""

from collections.abc import Sequence

from tallyio.hot_path.curve import FloatCurve

_STEPS = 80
_LEAST = 1.0
"""An input of one smallest unit is the least that there is."""


def smooth_seed(curves: Sequence[FloatCurve]) -> tuple[float, float]:
    """Where one more unit into the cycle over ``curves`` brings one unit: input and profit, both in the start token;
    zeros when none gains. Profit is concave in the input, so its slope's sign is bisected, in the input's logarithm.
    """
    if _at(curves, 0.0)[1] <= 1.0:
        return 0.0, 0.0
    low, high = _LEAST, 2.0
    most = curves[0].depth
    while high < most and _at(curves, high)[1] > 1.0:
        low, high = high, high * 16.0
    high = min(high, most)
    for _ in range(_STEPS):
        middle = (low * high) ** 0.5
        if not low < middle < high:
            break
        low, high = (middle, high) if _at(curves, middle)[1] > 1.0 else (low, middle)
    return low, _at(curves, low)[0] - low


def _at(curves: Sequence[FloatCurve], amount: float) -> tuple[float, float]:
    """Output and slope of the whole path."""
    slope = 1.0
    for curve in curves:
        slope *= curve.rate(amount)
        amount = curve.output(amount)
    return amount, slope
