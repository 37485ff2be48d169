"""Steps between a token and its wrapped form, without a fee: native currency, ERC-4626 vaults, staked ether.

Sources: EIP-4626 and OpenZeppelin's documentation of its vault (virtual shares and assets); Lido's documentation of
wrapped staked ether. Judged by OpenZeppelin's vault, and by a stand-in for the latter.
"""

import msgspec

from tallyio.core.pools import PoolState
from tallyio.protocols.dex.families.fixed_point import less, quotient_up
from tallyio.protocols.dex.families.words import div, require, u256


class VaultShares(PoolState, frozen=True):
    """An ERC-4626 vault that holds its assets itself.

    ``virtual_shares`` and ``virtual_assets`` are added to the totals before they are compared (both 0 where a vault has
    none); ``max_deposit`` is in assets, ``max_mint`` in shares.
    """

    assets: int
    shares: int
    virtual_shares: int
    virtual_assets: int
    max_deposit: int
    max_mint: int

    def shares_for(self, assets: int, *, up: bool) -> int:
        return self._converted(assets, self.shares + self.virtual_shares, self.assets + self.virtual_assets, up)

    def assets_for(self, shares: int, *, up: bool) -> int:
        return self._converted(shares, self.assets + self.virtual_assets, self.shares + self.virtual_shares, up)

    def _converted(self, amount: int, numerator: int, denominator: int, up: bool) -> int:
        if not self.shares and not self.virtual_shares:
            return amount
        product = u256(amount * numerator) if numerator * amount < 2**256 else amount * numerator
        quotient = quotient_up(product, denominator) if up else div(product, denominator)
        return u256(quotient)


def exchange_shares(
    vault: VaultShares, enters: bool, amount: int, *, exact_out: bool = False
) -> tuple[int, VaultShares]:
    """Deposit, mint (``enters``), redeem or withdraw (not ``enters``): the other amount and the vault after.

    Exact input is a deposit or redemption, exact output a mint or withdrawal. Raises ``SwapRefusedError``.
    """
    require(amount > 0, "nothing to exchange")
    if enters:
        found = vault.assets_for(amount, up=True) if exact_out else vault.shares_for(amount, up=False)
        assets, shares = (found, amount) if exact_out else (amount, found)
        bound, asked = (vault.max_mint, shares) if exact_out else (vault.max_deposit, assets)
        require(asked <= bound, f"the vault takes {bound} at most")
        return found, _moved(vault, assets, shares)
    found = vault.shares_for(amount, up=True) if exact_out else vault.assets_for(amount, up=False)
    assets, shares = (amount, found) if exact_out else (found, amount)
    return found, _moved(vault, -assets, -shares)


def _moved(vault: VaultShares, assets: int, shares: int) -> VaultShares:
    return msgspec.structs.replace(vault, assets=less(vault.assets + assets, 0), shares=less(vault.shares + shares, 0))


class StakedRate(PoolState, frozen=True):
    """What all shares of a rebasing token are worth together; one wrapped token is one share."""

    ether: int
    shares: int


def wrap_staked(rate: StakedRate, amount: int) -> int:
    """Wrapped tokens for ``amount`` of the rebasing token. Raises ``SwapRefusedError``."""
    require(amount > 0, "nothing to wrap")
    return div(u256(amount * rate.shares), rate.ether)


def unwrap_staked(rate: StakedRate, wrapped: int) -> int:
    """What a holder without any of the rebasing token has of it once ``wrapped`` tokens were unwrapped.

    The token moves in whole shares: that may be a wei less than it says it moved.
    """
    require(wrapped > 0, "nothing to unwrap")
    sent = div(u256(wrapped * rate.ether), rate.shares)
    return u256(sent * rate.shares // rate.ether * rate.ether) // rate.shares
