"""Pools: what never changes about one, and its state as of a block."""

from collections.abc import Iterator
from itertools import combinations

import msgspec

from tallyio.core.units import Address

V2 = "uniswap_v2"
V3 = "uniswap_v3"
PANCAKE_V3 = "pancakeswap_v3"
SLIPSTREAM = "slipstream"
ALGEBRA = "algebra"
V4 = "uniswap_v4"
BALANCER_V2 = "balancer_v2"
BALANCER_V3 = "balancer_v3"
BALANCER_BUFFER = "balancer_v3_buffer"
WRAPPED_NATIVE = "wrapped_native"
ERC4626 = "erc4626"
WRAPPED_STAKED = "wrapped_staked"
AERODROME = "aerodrome"
VELODROME = "velodrome"
CAMELOT = "camelot"
CURVE_NG = "curve_stableswap_ng"
CURVE_NG_META = "curve_stableswap_ng_meta"
CURVE_LEGACY = "curve_stableswap_legacy"
CURVE_LEGACY_META = "curve_stableswap_legacy_meta"
CURVE_NAMED = "curve_pool"
TWOCRYPTO = "curve_twocrypto_ng"
TRICRYPTO = "curve_tricrypto_ng"
LIQUIDITY_BOOK = "liquidity_book"


class Terms(msgspec.Struct, frozen=True):
    """Base of what a family alone knows of a pool and what never changes (spacings, hooks, decimals, variants ...)."""


class Pool(msgspec.Struct, frozen=True):
    """A liquidity pool. ``tokens`` are in the contract's own order, two of them sorted.

    ``address`` is the key of the pool's state everywhere: the pool's own address, or its id of 32 bytes where many
    pools share the contract ``home``. ``tick_spacing`` is 0 where there are no ticks.
    """

    address: Address
    family: str
    protocol: str
    tokens: tuple[Address, ...]
    fee_pips: int
    tick_spacing: int = 0
    home: Address = Address("")
    terms: Terms | None = None
    below: Address = Address("")
    """The pool whose shares it trades and whose swaps move it (meta pools)."""

    @property
    def group(self) -> Address:
        """What no trade passes twice: pools of one group move each other, and each is quoted as it stands alone."""
        return self.below or self.address

    @property
    def contract(self) -> Address:
        """What is called to trade."""
        return self.home or self.address

    @property
    def token0(self) -> Address:
        return self.tokens[0]

    @property
    def token1(self) -> Address:
        return self.tokens[1]

    def other(self, token: Address) -> Address:
        """The second token of a pool of two."""
        return self.tokens[1] if token == self.tokens[0] else self.tokens[0]

    @property
    def pairs(self) -> Iterator[tuple[Address, Address]]:
        """Every two of its tokens, in the order in which the graph numbers them."""
        return combinations(self.tokens, 2)


class PoolState(msgspec.Struct, frozen=True):
    """Base of the families' states: all that a pool's quotes depend on beside its ``Pool`` and the time."""


class V2State(PoolState, frozen=True):
    reserve0: int
    reserve1: int


class V3State(PoolState, frozen=True):
    """Concentrated liquidity. ``tick_index`` (sorted) and ``liquidity_net`` describe every initialised tick."""

    sqrt_price_x96: int
    tick: int
    liquidity: int
    tick_index: tuple[int, ...] = ()
    liquidity_net: tuple[int, ...] = ()
    liquidity_gross: tuple[int, ...] = ()


PairState = V2State | V3State
"""The states that the compiled kernels hold."""
