"""Balancer v3's vault: whoever unlocks it may take any of its reserves and settle before it locks, for nothing."""

from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.family import Refused
from tallyio.protocols.flash_loans.offer import NOTHING, Offer, Reading

_RESERVES = selector("getReservesOf(address)")


def read(vault: Address, token: Address) -> Reading:
    (answer,) = yield [(vault, calldata(_RESERVES, int(token, 16)))]
    (held,) = answered(answer, 1, vault)
    return Offer("balancer_v3", vault, token, held) if held else Refused(NOTHING)
