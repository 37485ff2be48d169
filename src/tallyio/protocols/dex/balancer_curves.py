"""Balancer's pools in floats, in the tokens' smallest units: what a swap yields, and the derivative in closed form.

Sources: the Balancer whitepaper (2019) for weighted pools; M. Egorov's StableSwap paper (2019), whose invariant is
differentiated implicitly. Floats here only point to a candidate.
"""

import math
from collections.abc import Sequence

_STEPS = 64


class WeightedCurve:
    """``reserve_out * (1 - (reserve_in / (reserve_in + x)) ** exponent)`` of the input that the fee leaves."""

    __slots__ = ("_exponent", "_in", "_keep", "_most", "_out")

    def __init__(self, reserve_in: int, reserve_out: int, exponent: float, fee: float, max_ratio: float) -> None:
        """``exponent`` is the weight of what comes in over that of what goes out; ``fee`` is a part of the input."""
        self._in, self._out, self._exponent, self._keep = float(reserve_in), float(reserve_out), exponent, 1.0 - fee
        self._most = max_ratio * self._in

    @property
    def depth(self) -> float:
        return self._most / self._keep if self._keep > 0 else 0.0

    def output(self, amount_in: float) -> float:
        entered = min(amount_in * self._keep, self._most)
        return self._out * (1.0 - math.pow(self._in / (self._in + entered), self._exponent)) if self._in else 0.0

    def rate(self, amount_in: float = 0.0) -> float:
        entered = amount_in * self._keep
        if not self._in or entered > self._most:
            return 0.0
        left = self._in + entered
        return self._out * self._exponent * math.pow(self._in / left, self._exponent) / left * self._keep


class StableCurve:
    """One direction of StableSwap over balances of 18 decimals; units are the tokens' own.

    The shares of a pool are traded by what they are worth: their place is ``None`` in ``ends``, ``supply`` is how many
    there are. ``fee`` is asked of input, or of the part of it that is out of proportion when shares are traded.
    """

    __slots__ = ("_ann", "_d", "_ends", "_keep", "_supply", "_units", "_xp")

    def __init__(
        self,
        balances: Sequence[int],
        d: int,
        ann: float,
        ends: tuple[int | None, int | None],
        units: tuple[float, float],
        fee: float,
        supply: int = 0,
    ) -> None:
        """``ann`` is A times N; ``units`` are how many 18-decimal units a unit of input and of output counts."""
        self._xp, self._d, self._ann = [float(balance) for balance in balances], float(d), ann
        self._ends, self._units, self._supply = ends, units, float(supply)
        token = next((end for end in reversed(ends) if end is not None), 0)
        share = self._xp[token] / sum(self._xp) if None in ends else 0.0
        self._keep = 1.0 - fee * (1.0 - share)

    @property
    def depth(self) -> float:
        """As much as is there of what comes in: beyond that nothing is worth trading."""
        i = self._ends[0]
        return (self._supply * 0.999 if i is None else self._xp[i]) / self._units[0]

    def output(self, amount_in: float) -> float:
        i, j = self._ends
        entered = amount_in * self._units[0]
        if i is None:
            assert j is not None  # noqa: S101 - never shares for shares
            left = self._d * max(1.0 - entered / self._supply, 1e-6)
            return (self._xp[j] - self._solve(j, self._xp, left)) * self._keep / self._units[1]
        moved = list(self._xp)
        moved[i] += entered * self._keep
        if j is None:
            return self._supply * (self._invariant(moved) / self._d - 1.0) / self._units[1]
        return (self._xp[j] - self._solve(j, moved, self._d)) / self._units[1]

    def rate(self, amount_in: float = 0.0) -> float:
        i, j = self._ends
        moved, d = list(self._xp), self._d
        entered = amount_in * self._units[0]
        scale = self._keep * self._units[0] / self._units[1]
        if i is None:
            assert j is not None  # noqa: S101 - never shares for shares
            d *= max(1.0 - entered / self._supply, 1e-6)
            moved[j] = self._solve(j, self._xp, d)
            return self._by_d(moved, d) / self._by_balance(j, moved, d) * self._d / self._supply * scale
        moved[i] += entered * self._keep
        if j is None:
            d = self._invariant(moved)
            return self._by_balance(i, moved, d) / self._by_d(moved, d) * self._supply / self._d * scale
        moved[j] = self._solve(j, moved, d)
        return self._by_balance(i, moved, d) / self._by_balance(j, moved, d) * scale

    def _product(self, xp: Sequence[float], d: float) -> float:
        product, n = d, len(xp)
        for balance in xp:
            product *= d / (balance * n)
        return product

    def _by_balance(self, k: int, xp: Sequence[float], d: float) -> float:
        """The invariant's equation differentiated by balance ``k``."""
        return self._ann + self._product(xp, d) / xp[k]

    def _by_d(self, xp: Sequence[float], d: float) -> float:
        """The invariant's equation differentiated by D, its sign turned."""
        return self._ann - 1.0 + (len(xp) + 1) * self._product(xp, d) / d

    def _solve(self, j: int, xp: Sequence[float], d: float) -> float:
        n, c, total = len(xp), d, 0.0
        for k, balance in enumerate(xp):
            if k != j:
                c *= d / (balance * n)
                total += balance
        c *= d / (self._ann * n)
        b, y = total + d / self._ann - d, d
        for _ in range(_STEPS):
            before, y = y, (y * y + c) / (2.0 * y + b)
            if abs(y - before) <= 1e-15 * y:
                break
        return y

    def _invariant(self, xp: Sequence[float]) -> float:
        n, total = len(xp), sum(xp)
        d = total
        for _ in range(_STEPS):
            product = self._product(xp, d)
            before = d
            d = (self._ann * total + n * product) * d / ((self._ann - 1.0) * d + (n + 1) * product)
            if abs(d - before) <= 1e-15 * d:
                break
        return d
