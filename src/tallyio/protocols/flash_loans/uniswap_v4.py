"""Uniswap v4's manager: whoever unlocks it may take what it holds and settle before it locks, for nothing."""

from tallyio.core.units import Address
from tallyio.protocols.flash_loans.holders import read_holder
from tallyio.protocols.flash_loans.offer import Reading


def read(manager: Address, token: Address) -> Reading:
    """Of a token, not of ether."""
    return read_holder("uniswap_v4", manager, token)
