"""A pool seen as a float: marginal rates, and its price curve as pieces of constant product.

Inside a range Uniswap v3 is a constant-product pool of virtual reserves ``L / sqrt(P)`` and ``L * sqrt(P)`` (v3 core
whitepaper, section 6.2.1). Floats here only point to a candidate.
"""

from bisect import bisect_right
from typing import NamedTuple, Protocol

from tallyio.core.pools import PairState, Pool, V2State, V3State
from tallyio.core.units import PIPS, UINT112_MAX
from tallyio.hot_path.amm.tick_math import sqrt_ratio_at_tick

_Q96 = float(1 << 96)


class FloatCurve(Protocol):
    """One direction of a pool in floats: increasing and concave in the input."""

    @property
    def depth(self) -> float:
        """The largest input that the curve speaks of."""
        ...

    def output(self, amount_in: float) -> float:
        """What ``amount_in`` yields, or all that there is."""
        ...

    def rate(self, amount_in: float = 0.0) -> float:
        """Output for one more unit of input behind ``amount_in``, fee included: the derivative of ``output``."""
        ...


class FixedRate(NamedTuple):
    """A price that no amount moves, up to ``depth`` of input."""

    price: float
    depth: float

    def output(self, amount_in: float) -> float:
        return min(amount_in, self.depth) * self.price

    def rate(self, amount_in: float = 0.0) -> float:
        return self.price if amount_in < self.depth else 0.0


class Piece(NamedTuple):
    """Reserves in and out, and how much may come in (fee taken off) before the next piece begins."""

    reserve_in: float
    reserve_out: float
    capacity: float


class Curve:
    """One direction of one pool. Pieces are made when they are first asked for."""

    __slots__ = ("_liquidity", "_position", "_sqrt", "_state", "_zero_for_one", "keep", "pieces")

    def __init__(self, pool: Pool, state: PairState, zero_for_one: bool) -> None:
        self.keep = (PIPS - pool.fee_pips) / PIPS
        self.pieces: list[Piece] = []
        self._state = state if isinstance(state, V3State) else None
        self._zero_for_one = zero_for_one
        if isinstance(state, V2State):
            r_in, r_out = (state.reserve0, state.reserve1) if zero_for_one else (state.reserve1, state.reserve0)
            if r_in and r_out:
                self.pieces.append(Piece(float(r_in), float(r_out), self.keep * (UINT112_MAX - r_in)))
            return
        self._sqrt = state.sqrt_price_x96 / _Q96
        self._liquidity = state.liquidity
        self._position = bisect_right(state.tick_index, state.tick)

    def rate(self, amount_in: float = 0.0) -> float:
        """0 without liquidity."""
        left, index = amount_in * self.keep, 0
        while piece := self.piece(index):
            if left < piece.capacity:
                return self.keep * piece.reserve_out * piece.reserve_in / (piece.reserve_in + left) ** 2
            left -= piece.capacity
            index += 1
        return 0.0

    @property
    def depth(self) -> float:
        while self._extend():
            pass
        return sum(piece.capacity for piece in self.pieces) / self.keep

    def piece(self, index: int) -> Piece | None:
        """The piece number ``index`` away from the current price, ``None`` beyond the last."""
        while index >= len(self.pieces):
            if not self._extend():
                return None
        return self.pieces[index]

    def output(self, amount_in: float) -> float:
        """What ``amount_in`` yields, or all that there is."""
        left, out, index = amount_in * self.keep, 0.0, 0
        while left > 0 and (piece := self.piece(index)):
            used = min(left, piece.capacity)
            out += piece.reserve_out * used / (piece.reserve_in + used)
            left -= used
            index += 1
        return out

    def _extend(self) -> bool:
        """Adds the next piece that holds liquidity; ranges without any move the price and no token."""
        state = self._state
        if state is None or not self._sqrt:
            return False
        ticks, nets = state.tick_index, state.liquidity_net
        while True:
            at = self._position - 1 if self._zero_for_one else self._position
            if not 0 <= at < len(ticks):
                return False
            target = sqrt_ratio_at_tick(ticks[at]) / _Q96
            here, liquidity = self._sqrt, float(self._liquidity)
            self._sqrt = target
            if self._zero_for_one:
                self._position -= 1
                self._liquidity -= nets[at]
                if liquidity > 0 and target < here:
                    self.pieces.append(Piece(liquidity / here, liquidity * here, liquidity * (1 / target - 1 / here)))
                    return True
            else:
                self._position += 1
                self._liquidity += nets[at]
                if liquidity > 0 and target > here:
                    self.pieces.append(Piece(liquidity * here, liquidity / here, liquidity * (target - here)))
                    return True
