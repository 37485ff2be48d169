"""Lenders that lend all that they hold of a token."""

from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.family import Refused
from tallyio.protocols.flash_loans.offer import NOTHING, Offer, Reading

_BALANCE = selector("balanceOf(address)")


def read_holder(source: str, lender: Address, token: Address, flat: int = 0, argument: int = 0) -> Reading:
    (answer,) = yield [(token, calldata(_BALANCE, int(lender, 16)))]
    (held,) = answered(answer, 1, token)
    return Offer(source, lender, token, held, flat=flat, argument=argument) if held else Refused(NOTHING)
