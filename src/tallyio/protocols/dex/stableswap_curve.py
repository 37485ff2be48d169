"""One direction of a Curve StableSwap pool in floats, the fee taken of the output and higher off the peg.

Source: M. Egorov's StableSwap paper (2019), differentiated implicitly. Floats here only point to a candidate.
"""

from collections.abc import Sequence

from tallyio.protocols.dex.balancer_curves import StableCurve
from tallyio.protocols.dex.families.stable_math import FEE_UNIT, ONE

_NEAR = 1e-7
"""Parts of the balance below which the output is taken from the slope: a difference of balances has no digits left."""


class StableSwapCurve:
    __slots__ = ("_fee", "_gross", "_multiplier", "_units", "_x", "_y")

    def __init__(
        self,
        xp: Sequence[int],
        d: int,
        ann: float,
        ends: tuple[int, int],
        rates: tuple[int, int],
        fee: int,
        multiplier: int = FEE_UNIT,
    ) -> None:
        """``xp`` are scaled balances, ``ann`` is A times N, ``rates`` (1e18) those of the coins at ``ends``; the
        fee and its multiplier are of ``FEE_UNIT``."""
        self._units = rates[0] / ONE, rates[1] / ONE
        self._gross = StableCurve(xp, d, ann, ends, self._units, 0.0)
        self._x, self._y = float(xp[ends[0]]), float(xp[ends[1]])
        self._fee, self._multiplier = fee / FEE_UNIT, max(multiplier / FEE_UNIT, 1.0)

    @property
    def depth(self) -> float:
        return self._gross.depth

    def output(self, amount_in: float) -> float:
        if amount_in * self._units[0] < _NEAR * self._x:
            return amount_in * (self.rate(0.0) + self.rate(amount_in)) / 2
        gross = self._gross.output(amount_in)
        return gross * (1.0 - self._taken(amount_in, gross)[0])

    def rate(self, amount_in: float = 0.0) -> float:
        gross, slope = self._gross.output(amount_in) if amount_in else 0.0, self._gross.rate(amount_in)
        fee, by_x, by_y = self._taken(amount_in, gross)
        moved = by_x * self._units[0] / 2 - by_y * slope * self._units[1] / 2
        return slope * (1.0 - fee) - gross * moved

    def _taken(self, amount_in: float, gross: float) -> tuple[float, float, float]:
        """The fee half way, and its derivatives by both scaled balances there."""
        if self._multiplier == 1.0:
            return self._fee, 0.0, 0.0
        x, y = self._x + amount_in * self._units[0] / 2, self._y - gross * self._units[1] / 2
        total, wide = x + y, self._multiplier - 1.0
        below = 4.0 * wide * x * y / (total * total) + 1.0
        fee = self._multiplier * self._fee / below
        steep = -fee / below * 4.0 * wide / (total * total * total)
        return fee, steep * y * (y - x), steep * x * (x - y)
