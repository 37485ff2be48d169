"""What a pending transaction asks of the pools: the records that router calldata decodes to."""

import msgspec

from tallyio.core.units import Address


class Hop(msgspec.Struct, frozen=True):
    """One pool of a path, named as routers name it: by protocol, tokens and (v3 alone) fee."""

    protocol: str
    token_in: Address
    token_out: Address
    fee_pips: int | None = None


class SwapIntent(msgspec.Struct, frozen=True):
    """A swap that its sender signed.

    ``amount`` is the input and ``limit`` the least output, or, when ``exact_out``, the output and the most input.
    ``deadline`` is in unix seconds, at most 2**64 - 1, None where the call has none. ``sqrt_limit_x96`` (v3, one hop)
    may cut the swap short; 0 where there is none.
    """

    hops: tuple[Hop, ...]
    amount: int
    limit: int
    exact_out: bool = False
    deadline: int | None = None
    sqrt_limit_x96: int = 0
