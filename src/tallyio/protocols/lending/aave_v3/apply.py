"""Deltas to states: a draft takes the changes of one block and is then frozen into the next ``LendingState``."""

from collections.abc import Callable
from typing import Final

import msgspec

from tallyio.core.deltas import LendingChanged
from tallyio.core.errors import ChainDataError
from tallyio.core.lending import AccountPosition, EModeCategory, LendingState, RateCurve, Reserve
from tallyio.core.units import Address
from tallyio.protocols.lending.aave_v3.accrual import accrue
from tallyio.protocols.lending.aave_v3.events import SUPPLIED
from tallyio.protocols.lending.aave_v3.math import debt_balance, scaled_down, scaled_up, supplied_balance
from tallyio.protocols.lending.aave_v3.positions import with_bit, with_borrowed, with_supplied

Fields = dict[str, int | str]


class Draft:
    """A state being written, at a block's ``timestamp``.

    ``unread`` names assets whose price source or static data must be read before the state is whole; ``moved`` says
    that the market's own contracts changed.
    """

    def __init__(self, state: LendingState, timestamp: int) -> None:
        self._state = state
        self.timestamp = timestamp
        self.reserves = dict(state.reserves)
        self.emodes = dict(state.emodes)
        self.accounts = dict(state.accounts)
        self.prices_e8 = dict(state.prices_e8)
        self.flash_premium_bps = state.flash_premium_bps
        self.unread: set[Address] = set()
        self.moved = False

    @property
    def feeds(self) -> dict[Address, Address]:
        return dict(self._state.feeds)

    def apply(self, change: LendingChanged) -> None:
        """Raises ``ChainDataError`` when the change cannot follow from the state, for example a negative balance."""
        handler = _HANDLERS.get(change.name)
        if handler is None:
            raise ChainDataError(f"no rule for the event {change.name} of the market {change.market}")
        handler(self, change.fields)

    def freeze(self) -> LendingState:
        return msgspec.structs.replace(
            self._state,
            reserves=self.reserves,
            emodes=self.emodes,
            accounts=self.accounts,
            prices_e8=self.prices_e8,
            flash_premium_bps=self.flash_premium_bps,
        )

    def position(self, account: Address) -> AccountPosition:
        return self.accounts.get(account) or AccountPosition()

    def reserve(self, f: Fields) -> Reserve:
        asset = Address(str(f["reserve"]))
        try:
            return self.reserves[asset]
        except KeyError:
            raise ChainDataError(f"an event names the reserve {asset}, which the market does not list") from None

    def change_reserve(self, f: Fields, **changes: object) -> None:
        reserve = self.reserve(f)
        self.reserves[reserve.asset] = msgspec.structs.replace(reserve, **changes)

    def set_scaled(self, account: Address, reserve: Reserve, side: str, scaled: int) -> None:
        """The holder's scaled balance, and the token's scaled supply with it."""
        if scaled < 0:
            raise ChainDataError(f"account {account} would hold {scaled} scaled {side} {reserve.asset}")
        position = self.position(account)
        if side == SUPPLIED:
            supply = reserve.scaled_supply + scaled - position.supplied.get(reserve.asset, 0)
            self.accounts[account] = with_supplied(position, reserve.asset, scaled)
            self.reserves[reserve.asset] = msgspec.structs.replace(reserve, scaled_supply=supply)
        else:
            debt = reserve.scaled_debt + scaled - position.borrowed.get(reserve.asset, 0)
            self.accounts[account] = with_borrowed(position, reserve.asset, reserve.id, scaled)
            self.reserves[reserve.asset] = msgspec.structs.replace(reserve, scaled_debt=debt)


def _int(f: Fields, name: str) -> int:
    return int(f[name])


def _account(f: Fields, name: str) -> Address:
    return Address(str(f[name]))


def _moved_balance(draft: Draft, f: Fields, holder: str, sign: int) -> None:
    """Mint (+) and Burn (-): the balance after it names the scaled amount (see ``events``)."""
    reserve, side, account, index = draft.reserve(f), str(f["side"]), _account(f, holder), _int(f, "index")
    position = draft.position(account)
    change = sign * _int(f, "value") - _int(f, "balanceIncrease")
    if side == SUPPLIED:
        balance = supplied_balance(position.supplied.get(reserve.asset, 0), index) + change
        scaled = scaled_up(balance, index)
        exact = supplied_balance(scaled, index) == balance
    else:
        balance = debt_balance(position.borrowed.get(reserve.asset, 0), index) + change
        scaled = scaled_down(balance, index)
        exact = debt_balance(scaled, index) == balance
    if not exact:
        raise ChainDataError(f"no scaled amount of {reserve.asset} makes the {side} balance {balance} of {account}")
    draft.set_scaled(account, reserve, side, scaled)


def _transferred(draft: Draft, f: Fields) -> None:
    sender, recipient, scaled = _account(f, "from"), _account(f, "to"), _int(f, "value")
    asset = draft.reserve(f).asset
    for account, change in ((sender, -scaled), (recipient, scaled)):
        held = draft.position(account).supplied.get(asset, 0)
        draft.set_scaled(account, draft.reserves[asset], SUPPLIED, held + change)


def _cash(draft: Draft, f: Fields, change: int) -> None:
    draft.change_reserve(f, virtual_balance=draft.reserve(f).virtual_balance + change)


def _flash_loan(draft: Draft, f: Fields) -> None:
    """One that stays open as debt has a Borrow event for its amount and no premium."""
    _cash(draft, f, _int(f, "premium"))


def _liquidated(draft: Draft, f: Fields) -> None:
    _cash(draft, {"reserve": f["debtAsset"]}, _int(f, "debtToCover"))
    collateral: Fields = {"reserve": f["collateralAsset"]}
    if _int(f, "receiveAToken"):
        # Paid in aTokens, the collateral reserve's indices are written without a ReserveDataUpdated.
        reserve = draft.reserve(collateral)
        draft.reserves[reserve.asset] = accrue(reserve, draft.timestamp)
    else:
        _cash(draft, collateral, -_int(f, "liquidatedCollateralAmount"))


def _rates_changed(draft: Draft, f: Fields) -> None:
    draft.change_reserve(
        f,
        liquidity_rate=_int(f, "liquidityRate"),
        debt_rate=_int(f, "variableBorrowRate"),
        liquidity_index=_int(f, "liquidityIndex"),
        debt_index=_int(f, "variableBorrowIndex"),
        updated_at=draft.timestamp,
    )


def _collateral_flag(draft: Draft, f: Fields, on: bool) -> None:
    account = _account(f, "user")
    draft.accounts[account] = with_bit(draft.position(account), 2 * draft.reserve(f).id + 1, on=on)


def _user_emode(draft: Draft, f: Fields) -> None:
    account = _account(f, "user")
    draft.accounts[account] = msgspec.structs.replace(draft.position(account), emode=_int(f, "categoryId"))


def _listed(draft: Draft, f: Fields) -> None:
    """A new reserve takes the first free id; its decimals and treasury are not in the event."""
    asset = _account(f, "reserve")
    taken = {reserve.id for reserve in draft.reserves.values()}
    draft.reserves[asset] = Reserve(
        asset=asset,
        id=next(i for i in range(len(taken) + 1) if i not in taken),
        decimals=0,
        a_token=_account(f, "aToken"),
        debt_token=_account(f, "variableDebtToken"),
    )
    draft.unread.add(asset)


def _dropped(draft: Draft, f: Fields) -> None:
    draft.reserves.pop(_account(f, "reserve"), None)


def _emode(draft: Draft, f: Fields) -> None:
    known = draft.emodes.get(_int(f, "categoryId")) or EModeCategory(_int(f, "categoryId"))
    draft.emodes[known.id] = msgspec.structs.replace(
        known,
        ltv_bps=_int(f, "ltv"),
        threshold_bps=_int(f, "liquidationThreshold"),
        bonus_bps=_int(f, "liquidationBonus"),
    )


def _emode_bit(bitmap: str, flag: str) -> Callable[[Draft, Fields], None]:
    def change(draft: Draft, f: Fields) -> None:
        known = draft.emodes.get(_int(f, "categoryId")) or EModeCategory(_int(f, "categoryId"))
        bit = 1 << draft.reserve(f).id
        bits: int = getattr(known, bitmap)
        draft.emodes[known.id] = msgspec.structs.replace(known, **{bitmap: bits | bit if f[flag] else bits & ~bit})

    return change


def _curve(draft: Draft, f: Fields) -> None:
    data = bytes.fromhex(str(f["data"]))
    if len(data) != 128:
        raise ChainDataError(f"expected interest rate data of 4 words, found {len(data)} bytes")
    numbers = (int.from_bytes(data[i : i + 32]) for i in range(0, 128, 32))
    draft.change_reserve(f, curve=RateCurve(*numbers))


def _answered(draft: Draft, f: Fields) -> None:
    """A price that is not positive sends the oracle to its fallback, which has to be asked."""
    for asset, feed in draft.feeds.items():
        if feed == f["aggregator"]:
            if _int(f, "current") > 0:
                draft.prices_e8[asset] = _int(f, "current")
                draft.unread.discard(asset)
            else:
                draft.unread.add(asset)


def _source(draft: Draft, f: Fields) -> None:
    draft.unread.add(_account(f, "reserve"))


def _fallback(draft: Draft, f: Fields) -> None:
    draft.unread.update(draft.reserves)


def _contracts(draft: Draft, f: Fields) -> None:
    draft.moved = True


def _premium(draft: Draft, f: Fields) -> None:
    draft.flash_premium_bps = _int(f, "newFlashloanPremiumTotal")


def _set(**names: str) -> Callable[[Draft, Fields], None]:
    """A handler that copies event fields to the reserve: ``_set(reserve_field="eventField")``."""

    def change(draft: Draft, f: Fields) -> None:
        draft.change_reserve(f, **{ours: f[theirs] for ours, theirs in names.items()})

    return change


def _flag(name: str, field: str) -> Callable[[Draft, Fields], None]:
    def change(draft: Draft, f: Fields) -> None:
        draft.change_reserve(f, **{name: bool(f[field])})

    return change


_HANDLERS: Final[dict[str, Callable[[Draft, Fields], None]]] = {
    "Mint": lambda d, f: _moved_balance(d, f, "onBehalfOf", 1),
    "Burn": lambda d, f: _moved_balance(d, f, "from", -1),
    "BalanceTransfer": _transferred,
    "Supply": lambda d, f: _cash(d, f, _int(f, "amount")),
    "Withdraw": lambda d, f: _cash(d, f, -_int(f, "amount")),
    "Borrow": lambda d, f: _cash(d, f, -_int(f, "amount")),
    "Repay": lambda d, f: _cash(d, f, 0 if f["useATokens"] else _int(f, "amount")),
    "LiquidationCall": _liquidated,
    "FlashLoan": _flash_loan,
    "ReserveDataUpdated": _rates_changed,
    "ReserveUsedAsCollateralEnabled": lambda d, f: _collateral_flag(d, f, True),
    "ReserveUsedAsCollateralDisabled": lambda d, f: _collateral_flag(d, f, False),
    "UserEModeSet": _user_emode,
    "IsolationModeTotalDebtUpdated": _set(isolated_debt="totalDebt"),
    "DeficitCreated": lambda d, f: d.change_reserve(f, deficit=d.reserve(f).deficit + _int(f, "amountCreated")),
    "DeficitCovered": lambda d, f: d.change_reserve(f, deficit=d.reserve(f).deficit - _int(f, "amountCovered")),
    "ReserveInitialized": _listed,
    "ReserveDropped": _dropped,
    "ReserveBorrowing": _flag("borrowing", "enabled"),
    "ReserveFlashLoaning": _flag("flash_loans", "enabled"),
    "CollateralConfigurationChanged": _set(
        ltv_bps="ltv", threshold_bps="liquidationThreshold", bonus_bps="liquidationBonus"
    ),
    "ReserveActive": _flag("active", "active"),
    "ReserveFrozen": _flag("frozen", "frozen"),
    "ReservePaused": _flag("paused", "paused"),
    "ReserveFactorChanged": _set(reserve_factor_bps="newReserveFactor"),
    "LiquidationProtocolFeeChanged": _set(protocol_fee_bps="newFee"),
    "LiquidationGracePeriodChanged": _set(grace_until="gracePeriodUntil"),
    "LiquidationGracePeriodDisabled": lambda d, f: d.change_reserve(f, grace_until=0),
    "AssetCollateralInEModeChanged": _emode_bit("collateral_bitmap", "collateral"),
    "AssetBorrowableInEModeChanged": _emode_bit("borrowable_bitmap", "borrowable"),
    "AssetLtvzeroInEModeChanged": _emode_bit("ltv_zero_bitmap", "ltvzero"),
    "EModeCategoryAdded": _emode,
    "ReserveInterestRateDataChanged": _curve,
    "DebtCeilingChanged": _set(debt_ceiling="newDebtCeiling"),
    "FlashloanPremiumTotalUpdated": _premium,
    "AssetSourceUpdated": _source,
    "FallbackOracleUpdated": _fallback,
    "PriceOracleUpdated": _contracts,
    "PriceOracleSentinelUpdated": _contracts,
    "PoolConfiguratorUpdated": _contracts,
    "AnswerUpdated": _answered,
}
