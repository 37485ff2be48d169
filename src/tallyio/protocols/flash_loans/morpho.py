"""Morpho: ``flashLoan`` of all that it holds, for nothing (Morpho.sol)."""

from tallyio.core.units import Address
from tallyio.protocols.flash_loans.holders import read_holder
from tallyio.protocols.flash_loans.offer import Reading


def read(morpho: Address, token: Address) -> Reading:
    return read_holder("morpho", morpho, token)
