"""Pools: what never changes about one, and its state as of a block."""

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


PoolState = V2State | V3State
