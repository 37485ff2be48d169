"""What calls do to a Comet market and to an account. Refusals raise ``CometRefusedError``."""

from typing import NamedTuple

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.units import UINT128_MAX, UINT256_MAX
from tallyio.protocols.lending.compound_v3 import health
from tallyio.protocols.lending.compound_v3.interest import accrue, present, principal_of, with_principal
from tallyio.protocols.lending.compound_v3.model import (
    FACTOR,
    PAUSE_ABSORB,
    PAUSE_BUY,
    PAUSE_SUPPLY,
    PAUSE_WITHDRAW,
    Account,
    Collateral,
    Market,
)


class CometRefusedError(ChainDataError):
    """The contract reverts; the message is its error's name."""


class Done(NamedTuple):
    """The market and the account after, and what the caller's wallet gained (below zero: paid) of base and asset."""

    market: Market
    account: Account | None
    base: int = 0
    collateral: int = 0


def require(condition: bool, reason: str) -> None:
    if not condition:
        raise CometRefusedError(reason)


def supply(market: Market, account: Account, amount: int, now: int) -> Done:
    """Lends or repays; the greatest word repays all."""
    require(not market.paused & PAUSE_SUPPLY, "Paused")
    if amount == UINT256_MAX:
        amount = health.borrowed(market, account, now)
    market = accrue(market, now)
    market, account = _to_balance(market, account, present(market, account.principal) + amount)
    return Done(_base(market, amount), account, base=-amount)


def withdraw(market: Market, account: Account, amount: int, now: int) -> Done:
    """Takes back or borrows; the greatest word takes all that is lent."""
    require(not market.paused & PAUSE_WITHDRAW, "Paused")
    if amount == UINT256_MAX:
        amount = health.supplied(market, account, now)
    market = accrue(market, now)
    balance = present(market, account.principal) - amount
    market, account = _to_balance(market, account, balance)
    if balance < 0:
        require(-balance >= market.rules.borrow_min, "BorrowTooSmall")
        require(health.is_borrow_collateralized(market, account), "NotCollateralized")
    require(amount <= market.base_balance, "TransferOutFailed")
    return Done(_base(market, -amount), account, base=amount)


def supply_collateral(market: Market, account: Account, asset: int, amount: int) -> Done:
    require(not market.paused & PAUSE_SUPPLY, "Paused")
    require(amount <= UINT128_MAX, "InvalidUInt128")
    require(market.collaterals[asset].total + amount <= market.collaterals[asset].supply_cap, "SupplyCapExceeded")
    market = _collateral(market, asset, amount, amount)
    return Done(market, _holding(account, asset, account.collateral[asset] + amount), collateral=-amount)


def withdraw_collateral(market: Market, account: Account, asset: int, amount: int) -> Done:
    require(not market.paused & PAUSE_WITHDRAW, "Paused")
    require(amount <= account.collateral[asset], "Panic(0x11)")
    market = _collateral(market, asset, -amount, -amount)
    account = _holding(account, asset, account.collateral[asset] - amount)
    require(health.is_borrow_collateralized(market, account), "NotCollateralized")
    require(market.collaterals[asset].balance >= 0, "TransferOutFailed")
    return Done(market, account, collateral=amount)


def accrue_account(market: Market, account: Account, now: int) -> Done:
    market = accrue(market, now)
    return Done(market, with_principal(market, account, account.principal))


def absorb(market: Market, account: Account, now: int) -> Done:
    """The protocol takes over an account under water: its collateral, its debt, and what is left as a loan."""
    require(not market.paused & PAUSE_ABSORB, "Paused")
    market = accrue(market, now)
    require(health.is_liquidatable(market, account), "NotLiquidatable")
    value = 0
    for asset, collateral in enumerate(market.collaterals):
        if account.holds(asset):
            seized = account.collateral[asset]
            value += seized * collateral.price // collateral.scale * collateral.liquidation_factor // FACTOR
            market = _collateral(market, asset, -seized, 0)
            account = _holding(account, asset, 0)
    paid = value * market.rules.base_scale // market.base_price
    market, account = _to_balance(market, account, max(present(market, account.principal) + paid, 0))
    return Done(market, msgspec.structs.replace(account, assets_in=0, reserved=0))


def buy_collateral(market: Market, asset: int, min_amount: int, base_amount: int, now: int) -> Done:
    """Buys absorbed collateral, while the protocol's reserves are below their target."""
    require(not market.paused & PAUSE_BUY, "Paused")
    owned = health.reserves(market, now)
    require(owned < 0 or owned < market.rules.target_reserves, "NotForSale")
    bought = health.quote_collateral(market, asset, base_amount)
    require(bought >= min_amount, "TooMuchSlippage")
    require(bought <= health.collateral_reserves(market, asset), "InsufficientReserves")
    return Done(_collateral(_base(market, base_amount), asset, 0, -bought), None, -base_amount, bought)


def _to_balance(market: Market, account: Account, balance: int) -> tuple[Market, Account]:
    """Both after the account's present value became ``balance``."""
    old, new = account.principal, principal_of(market, balance)
    account = with_principal(market, account, new)
    lent, owed = max(new, 0) - max(old, 0), max(-new, 0) - max(-old, 0)
    total_supply, total_borrow = market.total_supply + lent, market.total_borrow + owed
    require(total_supply >= 0 and total_borrow >= 0, "Panic(0x11)")
    return msgspec.structs.replace(market, total_supply=total_supply, total_borrow=total_borrow), account


def _base(market: Market, amount: int) -> Market:
    return msgspec.structs.replace(market, base_balance=market.base_balance + amount)


def _collateral(market: Market, asset: int, total: int, balance: int) -> Market:
    def moved(collateral: Collateral) -> Collateral:
        return msgspec.structs.replace(collateral, total=collateral.total + total, balance=collateral.balance + balance)

    changed = tuple(moved(c) if k == asset else c for k, c in enumerate(market.collaterals))
    return msgspec.structs.replace(market, collaterals=changed)


def _holding(account: Account, asset: int, amount: int) -> Account:
    held = tuple(amount if k == asset else c for k, c in enumerate(account.collateral))
    assets_in, reserved = account.assets_in, account.reserved
    if asset < 16:
        assets_in = assets_in | 1 << asset if amount else assets_in & ~(1 << asset)
    else:
        reserved = reserved | 1 << (asset - 16) if amount else reserved & ~(1 << (asset - 16))
    return msgspec.structs.replace(account, collateral=held, assets_in=assets_in, reserved=reserved)
