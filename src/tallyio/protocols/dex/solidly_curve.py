"""Solidly's two curves in floats, in the tokens' smallest units. Floats here only point to a candidate."""

from tallyio.protocols.dex.families.solidly_pool import SolidlyPool

_STEPS = 64
_REACH = 1e6
"""Inputs beyond this many times what the pool holds are not spoken of."""
_NEAR = 1e-7
"""Parts of the reserve below which the output is taken from the slope: a difference of balances has no digits left."""


class SolidlyCurve:
    """Constant product, or ``x**3 * y + x * y**3`` of balances in 18 decimals; the fee is taken of the input."""

    __slots__ = ("_in", "_k", "_keep", "_out", "_stable", "_units")

    def __init__(self, pool: SolidlyPool, token_in: int) -> None:
        first = token_in == 0
        scales = (pool.scale0, pool.scale1) if first else (pool.scale1, pool.scale0)
        reserves = (pool.reserve0, pool.reserve1) if first else (pool.reserve1, pool.reserve0)
        self._units = (1.0, 1.0) if not pool.stable else (1.0 / scales[0], 1.0 / scales[1])
        self._in, self._out = (reserve * unit for reserve, unit in zip(reserves, self._units, strict=True))
        self._keep = 1.0 - (pool.fee0 if first else pool.fee1) / pool.fee_unit
        self._stable = pool.stable
        self._k = _held(self._in, self._out)

    @property
    def depth(self) -> float:
        return _REACH * self._in / self._units[0]

    def output(self, amount_in: float) -> float:
        entered = amount_in * self._keep * self._units[0]
        if not self._in or not self._out:
            return 0.0
        if not self._stable:
            return self._out * entered / (self._in + entered)
        if entered < _NEAR * self._in:
            return amount_in * (self.rate(0.0) + self.rate(amount_in)) / 2
        return (self._out - self._other(self._in + entered)) / self._units[1]

    def rate(self, amount_in: float = 0.0) -> float:
        if not self._in or not self._out:
            return 0.0
        x = self._in + amount_in * self._keep * self._units[0]
        if not self._stable:
            return self._keep * self._out * self._in / (x * x)
        y = self._other(x)
        slope = (3 * x * x * y + y * y * y) / (x * x * x + 3 * x * y * y)
        return self._keep * slope * self._units[0] / self._units[1]

    def _other(self, x: float) -> float:
        y = self._out
        for _ in range(_STEPS):
            before = y
            y -= (_held(x, y) - self._k) / (x * x * x + 3 * x * y * y)
            if abs(y - before) <= 1e-15 * y:
                break
        return y


def _held(x: float, y: float) -> float:
    return x * x * x * y + x * y * y * y
