"""One direction of a CryptoSwap pool in floats, the fee taken of the output and higher off balance.

Source: M. Egorov, "Automatic market-making with dynamic peg" (2021), differentiated implicitly. Floats here only point
to a candidate.
"""

import math
from collections.abc import Sequence

from tallyio.protocols.dex.families.crypto_math import A_MULTIPLIER, FEE_UNIT, ONE

_NEAR = 1e-7
"""Parts of the balance below which the output is taken from the slope: a difference of balances has no digits left."""
_LEAST_SHARE = 0.01
"""Of D, in what goes out: below it the contract does not compute."""
_STEPS, _EXACT = 64, 4e-16


class CryptoCurve:
    __slots__ = ("_a", "_d", "_fee_gamma", "_gamma", "_i", "_j", "_mid", "_n", "_out", "_spread", "_u", "_units")

    def __init__(
        self,
        xp: Sequence[int],
        d: int,
        a_gamma: tuple[int, int],
        ends: tuple[int, int],
        units: tuple[float, float],
        fees: tuple[int, int, int],
    ) -> None:
        """``xp`` are scaled balances, ``units`` how many scaled units a unit of the coins at ``ends`` counts, ``fees``
        the middle and the outer one and their gamma."""
        self._n, self._d = len(xp), float(d)
        self._u = [x / self._d for x in xp]
        self._a, self._gamma = a_gamma[0] / A_MULTIPLIER, a_gamma[1] / ONE
        self._i, self._j = ends
        self._units = units
        self._mid, self._out, self._fee_gamma = fees[0] / FEE_UNIT, fees[1] / FEE_UNIT, fees[2] / ONE
        self._spread = self._mid - self._out

    @property
    def depth(self) -> float:
        u = list(self._u)
        if u[self._j] <= _LEAST_SHARE:
            return 0.0
        u[self._j] = _LEAST_SHARE
        return max(0.0, self._solved(u, self._i) - self._u[self._i]) * self._d / self._units[0]

    def output(self, amount_in: float) -> float:
        if amount_in * self._units[0] < _NEAR * self._u[self._i] * self._d:
            return amount_in * (self.rate(0.0) + self.rate(amount_in)) / 2
        u = self._after(amount_in)
        gross = max(0.0, self._u[self._j] - u[self._j]) * self._d / self._units[1]
        return gross * (1.0 - self._fee(u)[0])

    def rate(self, amount_in: float = 0.0) -> float:
        u = self._after(amount_in) if amount_in else self._u
        slope = self._slope(u)
        fee, by_even = self._fee(u)
        even, total = self._even(u), sum(u)
        moved = (1.0 / u[self._i] - self._n / total) - slope * (1.0 / u[self._j] - self._n / total)
        gross = max(0.0, self._u[self._j] - u[self._j])
        return (slope * (1.0 - fee) - gross * by_even * even * moved) * self._units[0] / self._units[1]

    def _after(self, amount_in: float) -> list[float]:
        u = list(self._u)
        u[self._i] += amount_in * self._units[0] / self._d
        u[self._j] = self._solved(u, self._j)
        return u

    def _terms(self, u: Sequence[float]) -> tuple[float, float, float, float]:
        """K0, the sum over D less one, the weight of the sum in the invariant and its derivative by K0."""
        k0 = math.prod(u) * self._n**self._n
        far = self._gamma + 1.0 - k0
        scale = self._a * self._gamma * self._gamma / (far * far)
        return k0, sum(u) - 1.0, scale * k0, scale * (1.0 + 2.0 * k0 / far)

    def _slope(self, u: Sequence[float]) -> float:
        """What coin ``j`` falls by as coin ``i`` rises, scaled."""
        k0, more, weight, steep = self._terms(u)
        shared = (steep * more + 1.0) * k0
        return (shared / u[self._i] + weight) / (shared / u[self._j] + weight)

    def _solved(self, u: Sequence[float], place: int) -> float:
        """The balance at ``place`` on the curve, by Newton's method between bounds."""
        found = list(u)
        others = math.prod(each for k, each in enumerate(u) if k != place)
        low, high = 0.0, 1.0 / (others * float(self._n) ** self._n)
        y: float = high
        for _ in range(_STEPS):
            found[place] = y
            k0, more, weight, steep = self._terms(found)
            value = weight * more + k0 - 1.0
            if value > 0.0:
                high = y
            else:
                low = y
            slope = (steep * more + 1.0) * k0 / y + weight
            nearer = y - value / slope if slope > 0.0 else 0.0
            if not low <= nearer <= high:
                nearer = (low + high) / 2
            if abs(nearer - y) <= _EXACT * y:
                return nearer
            y = nearer
        return y

    def _even(self, u: Sequence[float]) -> float:
        total = sum(u)
        even: float = math.prod(each * self._n / total for each in u)
        return even

    def _fee(self, u: Sequence[float]) -> tuple[float, float]:
        """The fee, and its derivative by the evenness."""
        even = self._even(u)
        if not self._fee_gamma:
            return self._out + self._spread * even, self._spread
        below = self._fee_gamma + 1.0 - even
        weight = self._fee_gamma / below
        return self._out + self._spread * weight, self._spread * weight / below
