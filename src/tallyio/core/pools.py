"""Pools: what never changes about one, and its state as of a block."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping

import msgspec

from tallyio.core.units import Address

V2 = "uniswap_v2"
V3 = "uniswap_v3"


class Pool(msgspec.Struct, frozen=True):
    """A liquidity pool of two tokens. ``token0 < token1``; ``tick_spacing`` is 0 for constant-product pools."""

    address: Address
    family: str
    protocol: str
    token0: Address
    token1: Address
    fee_pips: int
    tick_spacing: int = 0

    def other(self, token: Address) -> Address:
        return self.token1 if token == self.token0 else self.token0


class V2State(msgspec.Struct, frozen=True):
    reserve0: int
    reserve1: int


class V3State(msgspec.Struct, frozen=True):
    """Concentrated liquidity. ``tick_index`` (sorted) and ``liquidity_net`` describe every initialised tick."""

    sqrt_price_x96: int
    tick: int
    liquidity: int
    tick_index: tuple[int, ...] = ()
    liquidity_net: tuple[int, ...] = ()
    liquidity_gross: tuple[int, ...] = ()

    def net_at(self, tick: int) -> int:
        """Liquidity that enters when price crosses ``tick`` upwards; 0 where the tick is not initialised."""
        i = bisect_left(self.tick_index, tick)
        return self.liquidity_net[i] if i < len(self.tick_index) and self.tick_index[i] == tick else 0

    def tick_at_or_below(self, tick: int) -> int | None:
        i = bisect_right(self.tick_index, tick)
        return self.tick_index[i - 1] if i else None

    def tick_above(self, tick: int) -> int | None:
        i = bisect_right(self.tick_index, tick)
        return self.tick_index[i] if i < len(self.tick_index) else None


PoolState = V2State | V3State
PoolStates = Mapping[Address, PoolState]
