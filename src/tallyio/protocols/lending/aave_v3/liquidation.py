"""``Pool.liquidationCall``, exactly: what a liquidator pays and gets for any amount, and why the market would refuse.

``open_case`` gathers what does not depend on the amount (LiquidationLogic.executeLiquidationCall up to the close
factor); ``Case.quote`` prices one amount. The state afterwards is in ``liquidation_effect``.
"""

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.lending import AccountPosition, LendingState, Reserve
from tallyio.core.units import Address
from tallyio.protocols.lending.aave_v3.accrual import accrue
from tallyio.protocols.lending.aave_v3.health import (
    LIQUIDATABLE_BELOW,
    Health,
    Indices,
    account_health,
    collateral_terms,
)
from tallyio.protocols.lending.aave_v3.math import (
    debt_balance,
    mul_div_ceil,
    percent_div,
    percent_div_ceil,
    percent_mul,
    scaled_down,
    scaled_up,
    supplied_balance,
)

CLOSE_FACTOR_BPS = 5_000
FULL_CLOSE_BELOW = 95 * 10**16
"""At or below this health factor (0.95) the whole debt of a reserve may be repaid."""
SENTINEL_BYPASS_BELOW = 95 * 10**16
FULL_CLOSE_VALUE = 2_000 * 10**8
"""Collateral or debt in the reserve worth less than this (base currency, 8 decimals) may be closed fully."""
MIN_LEFTOVER_VALUE = FULL_CLOSE_VALUE // 2


class LiquidationRefusedError(ChainDataError):
    """The market would revert. ``reason`` is the name of its error."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        super().__init__(f"{reason}: {detail}" if detail else reason)


class Quote(msgspec.Struct, frozen=True):
    """One amount priced. ``debt_paid`` leaves the liquidator, ``collateral_received`` arrives, ``fee`` goes to the
    market's treasury out of the bonus; amounts in the tokens' smallest units."""

    debt_to_cover: int
    debt_paid: int
    collateral_received: int
    fee: int
    collateral_value_e8: int

    @property
    def collateral_taken(self) -> int:
        return self.collateral_received + self.fee


class Case(msgspec.Struct, frozen=True):
    """One borrower, one debt, one collateral, at one timestamp; both reserves accrued to it."""

    borrower: Address
    timestamp: int
    collateral: Reserve
    debt: Reserve
    position: AccountPosition
    health: Health
    held: int
    owed: int
    max_debt: int
    bonus_bps: int
    collateral_price_e8: int
    debt_price_e8: int

    @property
    def collateral_unit(self) -> int:
        return int(10**self.collateral.decimals)

    @property
    def debt_unit(self) -> int:
        return int(10**self.debt.decimals)

    def gained(self, quote: Quote) -> int:
        """By how much the liquidator's balance of the collateral grows: the debt is paid from it where both are one
        asset."""
        return quote.collateral_received - (quote.debt_paid if self.collateral.asset == self.debt.asset else 0)

    def price(self, debt_to_cover: int) -> Quote:
        """``_calculateAvailableCollateralToLiquidate`` after the close factor, before any check."""
        asked = min(debt_to_cover, self.max_debt)
        unit_c, unit_d = self.collateral_unit, self.debt_unit
        base = self.debt_price_e8 * asked * unit_c // (self.collateral_price_e8 * unit_d)
        taken = percent_mul(base, self.bonus_bps)
        paid = asked
        if taken > self.held:
            taken = self.held
            value = self.collateral_price_e8 * taken * unit_d // (self.debt_price_e8 * unit_c)
            paid = percent_div_ceil(value, self.bonus_bps)
        value_e8 = taken * self.collateral_price_e8 // unit_c
        fee = 0
        if self.collateral.protocol_fee_bps:
            fee = percent_mul(taken - percent_div(taken, self.bonus_bps), self.collateral.protocol_fee_bps)
        return Quote(debt_to_cover, paid, taken - fee, fee, value_e8)

    def leaves_dust(self, quote: Quote) -> bool:
        """Both sides stay open and one is left with less than 1000 units of the base currency."""
        if quote.debt_paid >= self.owed or quote.collateral_taken >= self.held:
            return False
        debt_left = mul_div_ceil(self.owed - quote.debt_paid, self.debt_price_e8, self.debt_unit)
        collateral_left = (self.held - quote.collateral_taken) * self.collateral_price_e8 // self.collateral_unit
        return debt_left < MIN_LEFTOVER_VALUE or collateral_left < MIN_LEFTOVER_VALUE

    def quote(self, debt_to_cover: int) -> Quote:
        """What ``liquidationCall(..., debt_to_cover, false)`` does.

        Raises ``LiquidationRefusedError`` where it reverts.
        """
        quote = self.price(debt_to_cover)
        if self.leaves_dust(quote):
            raise LiquidationRefusedError("MustNotLeaveDust", f"{debt_to_cover} of {self.debt.asset}")
        burned_debt = self.owed if quote.collateral_value_e8 == self.health.collateral_e8 else quote.debt_paid
        if scaled_down(burned_debt, self.debt.debt_index) == 0:
            raise LiquidationRefusedError("InvalidBurnAmount", "no debt would be repaid")
        burned = scaled_up(quote.collateral_received, self.collateral.liquidity_index)
        if burned == 0:
            raise LiquidationRefusedError("InvalidBurnAmount", "no collateral would be received")
        if burned > self.position.supplied.get(self.collateral.asset, 0):
            raise LiquidationRefusedError("Panic", "more collateral would be burned than the borrower holds")
        at_hand = self.collateral.virtual_balance
        if self.collateral.asset == self.debt.asset:
            at_hand += quote.debt_paid
        if quote.collateral_received > at_hand:
            raise LiquidationRefusedError("Panic", f"the market holds {at_hand} of {self.collateral.asset}")
        return quote


def open_case(
    state: LendingState,
    borrower: Address,
    collateral: Address,
    debt: Address,
    timestamp: int,
    *,
    health: Health | None = None,
) -> Case:
    """What a liquidation of ``borrower`` starts from in a block with ``timestamp``.

    Raises ``LiquidationRefusedError`` where the market would revert for any amount.
    """
    if collateral not in state.reserves or debt not in state.reserves:
        raise LiquidationRefusedError("ReserveInactive", f"{collateral} or {debt} is not listed")
    position = state.accounts.get(borrower) or AccountPosition()
    held_in, owed_in = accrue(state.reserves[collateral], timestamp), accrue(state.reserves[debt], timestamp)
    if health is None:
        health = account_health(state, position, timestamp, Indices(state, timestamp))
    _validate(state, held_in, owed_in, position, health, timestamp)
    held = supplied_balance(position.supplied.get(collateral, 0), held_in.liquidity_index)
    owed = debt_balance(position.borrowed.get(debt, 0), owed_in.debt_index)
    if owed == 0:
        raise LiquidationRefusedError("SpecifiedCurrencyNotBorrowedByUser", debt)
    bonus_bps = collateral_terms(state, position, held_in)[2]
    if bonus_bps == 0:
        raise LiquidationRefusedError("Panic", f"{collateral} has no liquidation bonus")
    price_c, price_d = state.prices_e8[collateral], state.prices_e8[debt]
    unit_d = 10**owed_in.decimals
    max_debt = owed
    owed_e8 = mul_div_ceil(owed, price_d, unit_d)
    held_e8 = held * price_c // 10**held_in.decimals
    if min(held_e8, owed_e8) >= FULL_CLOSE_VALUE and health.factor_wad > FULL_CLOSE_BELOW:
        limit_e8 = percent_mul(health.debt_e8, CLOSE_FACTOR_BPS)
        if owed_e8 > limit_e8:
            max_debt = limit_e8 * unit_d // price_d
    return Case(
        borrower=borrower,
        timestamp=timestamp,
        collateral=held_in,
        debt=owed_in,
        position=position,
        health=health,
        held=held,
        owed=owed,
        max_debt=max_debt,
        bonus_bps=bonus_bps,
        collateral_price_e8=price_c,
        debt_price_e8=price_d,
    )


def _validate(
    state: LendingState, held_in: Reserve, owed_in: Reserve, position: AccountPosition, health: Health, timestamp: int
) -> None:
    """ValidationLogic.validateLiquidationCall, in its order."""
    if not (held_in.active and owed_in.active):
        raise LiquidationRefusedError("ReserveInactive")
    if held_in.paused or owed_in.paused:
        raise LiquidationRefusedError("ReservePaused")
    if health.factor_wad >= SENTINEL_BYPASS_BELOW and not state.sentinel_allows:
        raise LiquidationRefusedError("PriceOracleSentinelCheckFailed")
    if max(held_in.grace_until, owed_in.grace_until) >= timestamp:
        raise LiquidationRefusedError("LiquidationGraceSentinelCheckFailed")
    if health.factor_wad >= LIQUIDATABLE_BELOW:
        raise LiquidationRefusedError("HealthFactorNotBelowThreshold", f"health factor {health.factor_wad}")
    if not position.uses_as_collateral(held_in.id):
        raise LiquidationRefusedError("CollateralCannotBeLiquidated", held_in.asset)
