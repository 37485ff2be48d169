"""Where an exchange lives on a chain: data that a chain's configuration gives."""

from enum import StrEnum

import msgspec

from tallyio.core.units import Address


class Deployment(msgspec.Struct, frozen=True):
    """One fork: ``family`` is ``uniswap_v2`` or ``uniswap_v3``; ``fee_pips`` is the pairs' fee on v2 (v3 pools name
    their own)."""

    protocol: str
    family: str
    factory: Address
    fee_pips: int = 0


class RouterKind(StrEnum):
    V2 = "uniswap_v2_router02"
    V3 = "uniswap_v3_swap_router"
    V3_02 = "uniswap_swap_router02"
    UNIVERSAL = "uniswap_universal_router"


class Router(msgspec.Struct, frozen=True):
    """A contract that traders call. ``v2`` and ``v3`` name the protocols whose pools it uses (empty: none)."""

    address: Address
    kind: RouterKind
    v2: str = ""
    v3: str = ""
