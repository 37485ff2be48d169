"""Changes of one account's position."""

from collections.abc import Mapping

import msgspec

from tallyio.core.lending import AccountPosition
from tallyio.core.units import Address


def with_bit(position: AccountPosition, bit: int, *, on: bool) -> AccountPosition:
    bitmap = position.bitmap | 1 << bit if on else position.bitmap & ~(1 << bit)
    return msgspec.structs.replace(position, bitmap=bitmap)


def with_supplied(position: AccountPosition, asset: Address, scaled: int) -> AccountPosition:
    """The position with ``scaled`` aTokens of ``asset``; the collateral flag has events of its own."""
    return msgspec.structs.replace(position, supplied=_with(position.supplied, asset, scaled))


def with_borrowed(position: AccountPosition, asset: Address, reserve_id: int, scaled: int) -> AccountPosition:
    """The position with ``scaled`` debt tokens of ``asset``. No event announces the borrowing flag: the market sets
    it with the first debt and clears it with the last, so it follows the balance."""
    changed = msgspec.structs.replace(position, borrowed=_with(position.borrowed, asset, scaled))
    return with_bit(changed, 2 * reserve_id, on=scaled != 0)


def _with(balances: Mapping[Address, int], asset: Address, scaled: int) -> dict[Address, int]:
    changed = dict(balances)
    if scaled:
        changed[asset] = scaled
    else:
        changed.pop(asset, None)
    return changed
