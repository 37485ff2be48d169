"""Balancer v3's buffers: wrapping and unwrapping ERC-4626 shares inside the vault, from a stock of both.

While the stock lasts the vault below is only asked for its price, rounded against the trader; else the vault below is
used for the whole amount and for evening out the stock. Source: Balancer v3's documentation of buffers; judged by the
published sources, compiled.
"""

import msgspec

from tallyio.core.pools import PoolState
from tallyio.protocols.dex.families import wrapped
from tallyio.protocols.dex.families.fixed_point import less
from tallyio.protocols.dex.families.words import require
from tallyio.protocols.dex.families.wrapped import VaultShares

MIN_WRAP = 10**4


class Buffer(PoolState, frozen=True):
    """The stock of ``underlying`` and of ``shares``, and the vault whose shares they are.

    ``reserve_*`` is what Balancer's vault has of each altogether: it uses the vault below before it is paid itself.
    """

    underlying: int
    shares: int
    vault: VaultShares
    reserve_underlying: int
    reserve_shares: int
    min_wrap: int = MIN_WRAP


def exchange(buffer: Buffer, wraps: bool, amount: int, *, exact_out: bool = False) -> tuple[int, Buffer]:
    """The other amount of a wrapping (or unwrapping) and the buffer after. Raises ``SwapRefusedError``."""
    require(amount >= buffer.min_wrap, "WrapAmountTooSmall")
    vault = buffer.vault
    quote = vault.shares_for if wraps != exact_out else vault.assets_for
    other = quote(amount + 1, up=True) + 1 if exact_out else less(quote(amount - 1, up=False), 1)
    entered, left = (other, amount) if exact_out else (amount, other)
    if (buffer.shares if wraps else buffer.underlying) >= left:
        moved = (entered, -left, vault) if wraps else (-left, entered, vault)
    else:
        moved = _through_vault(buffer, wraps, entered, left, exact_out)
    require(other >= buffer.min_wrap, "WrapAmountTooSmall")
    underlying, shares, vault = moved
    return other, msgspec.structs.replace(
        buffer,
        underlying=less(buffer.underlying + underlying, 0),
        shares=less(buffer.shares + shares, 0),
        vault=vault,
        reserve_underlying=buffer.reserve_underlying + underlying,
        reserve_shares=buffer.reserve_shares + shares,
    )


def _through_vault(
    buffer: Buffer, wraps: bool, entered: int, left: int, exact_out: bool
) -> tuple[int, int, VaultShares]:
    """What the stock of both gains, and the vault after the deposit, mint, redemption or withdrawal."""
    if wraps != exact_out:  # an amount of the underlying is given to the vault
        surplus = _half(buffer.underlying - _cost_of(buffer.vault, buffer.shares))
        given = less(entered + surplus if wraps else left - surplus, 0)
    else:
        surplus = _half(buffer.shares - _shares_of(buffer.vault, buffer.underlying))
        given = less(left - surplus if wraps else entered + surplus, 0)
    taken, vault = wrapped.exchange_shares(buffer.vault, wraps, given, exact_out=exact_out)
    assets, shares = (given, taken) if wraps != exact_out else (taken, given)
    spent, reserve = (assets, buffer.reserve_underlying) if wraps else (shares, buffer.reserve_shares)
    require(spent <= reserve, "the vault's reserve is less than what the vault below must be given")
    if wraps:
        return entered - assets, shares - left, vault
    return assets - left, entered - shares, vault


def _cost_of(vault: VaultShares, shares: int) -> int:
    return vault.assets_for(shares, up=True) if shares else 0


def _shares_of(vault: VaultShares, assets: int) -> int:
    return vault.shares_for(assets, up=True) if assets else 0


def _half(difference: int) -> int:
    """Towards zero."""
    return difference // 2 if difference >= 0 else -(-difference // 2)
