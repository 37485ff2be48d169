"""What an event means: typed state deltas, made by ``protocols`` and applied by ``market``."""

import msgspec

from tallyio.core.pools import Pool
from tallyio.core.units import Address


class PoolDiscovered(msgspec.Struct, frozen=True, tag=True):
    pool: Pool


class V2Synced(msgspec.Struct, frozen=True, tag=True):
    pool: Address
    reserve0: int
    reserve1: int


class V3Initialized(msgspec.Struct, frozen=True, tag=True):
    pool: Address
    sqrt_price_x96: int
    tick: int


class V3Swapped(msgspec.Struct, frozen=True, tag=True):
    pool: Address
    sqrt_price_x96: int
    tick: int
    liquidity: int


class V3LiquidityChanged(msgspec.Struct, frozen=True, tag=True):
    """Mint (``liquidity_delta`` > 0) or Burn (< 0) of a position between two ticks."""

    pool: Address
    tick_lower: int
    tick_upper: int
    liquidity_delta: int


class LendingChanged(msgspec.Struct, frozen=True, tag=True):
    """An event of a lending market; ``market`` is its pool contract, ``fields`` what the protocol's file decoded."""

    market: Address
    name: str
    fields: dict[str, int | str]


PoolDelta = V2Synced | V3Initialized | V3Swapped | V3LiquidityChanged
StateDelta = PoolDiscovered | PoolDelta | LendingChanged
