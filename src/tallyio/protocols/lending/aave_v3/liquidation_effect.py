"""The market after a liquidation: balances, flags, indices, rates, deficits (LiquidationLogic, second half)."""

import msgspec

from tallyio.core.lending import AccountPosition, LendingState, Reserve
from tallyio.core.trade import LiquidateStep
from tallyio.core.units import Address
from tallyio.protocols.lending.aave_v3.accrual import accrue, with_rates
from tallyio.protocols.lending.aave_v3.liquidation import Case, LiquidationRefusedError, Quote, open_case
from tallyio.protocols.lending.aave_v3.math import debt_balance, scaled_down, scaled_up
from tallyio.protocols.lending.aave_v3.positions import with_bit, with_borrowed, with_supplied

_ISOLATED_DEBT_DECIMALS = 2


def apply_liquidation(state: LendingState, step: LiquidateStep, timestamp: int) -> LendingState:
    """The market after ``step`` in a block with ``timestamp``.

    Raises ``LiquidationRefusedError`` where the market reverts, or pays something else than the step says.
    """
    case = open_case(state, step.borrower, step.collateral, step.debt, timestamp)
    quote = case.quote(step.debt_to_cover)
    gained = case.gained(quote)
    if gained != step.collateral_received:
        raise LiquidationRefusedError(
            "UnexpectedCollateral", f"{gained} arrive, the step says {step.collateral_received}"
        )
    return settle(state, case, quote)


def settle(state: LendingState, case: Case, quote: Quote) -> LendingState:
    """The market after the quoted liquidation, paid out in the underlying asset."""
    position = case.position
    debt, collateral = case.debt, case.collateral
    if quote.collateral_taken == case.held:
        position = with_bit(position, 2 * collateral.id + 1, on=False)
    no_collateral_left = quote.collateral_value_e8 == case.health.collateral_e8

    debt, position = _repay(debt, position, case.owed, quote.debt_paid, write_off=no_collateral_left)
    reserves = {**state.reserves, debt.asset: debt}
    collateral = debt if collateral.asset == debt.asset else collateral
    if collateral.debt_ceiling:
        repaid = quote.debt_paid // 10 ** (debt.decimals - _ISOLATED_DEBT_DECIMALS)
        collateral = msgspec.structs.replace(collateral, isolated_debt=max(0, collateral.isolated_debt - repaid))

    collateral = with_rates(collateral, taken=quote.collateral_received)
    burned = scaled_up(quote.collateral_received, collateral.liquidity_index)
    held = position.supplied.get(collateral.asset, 0) - burned
    collateral = msgspec.structs.replace(collateral, scaled_supply=collateral.scaled_supply - burned)
    fee = min(scaled_up(quote.fee, collateral.liquidity_index), held) if quote.fee else 0
    position = with_supplied(position, collateral.asset, held - fee)
    reserves[collateral.asset] = collateral

    if no_collateral_left:
        position = _write_off(reserves, position, case.timestamp)
    accounts = {**state.accounts, case.borrower: position}
    if fee:
        treasury = accounts.get(collateral.treasury) or AccountPosition()
        received = treasury.supplied.get(collateral.asset, 0) + fee
        accounts[collateral.treasury] = with_supplied(treasury, collateral.asset, received)
    return msgspec.structs.replace(state, reserves=reserves, accounts=accounts)


def _repay(
    reserve: Reserve, position: AccountPosition, owed: int, paid: int, *, write_off: bool
) -> tuple[Reserve, AccountPosition]:
    """Burn the repaid debt, or all of it when no collateral is left: the rest becomes the reserve's deficit."""
    scaled = position.borrowed.get(reserve.asset, 0)
    burned = scaled_down(owed if write_off else paid, reserve.debt_index) if owed else 0
    deficit = reserve.deficit + (owed - paid if write_off else 0)
    reserve = msgspec.structs.replace(reserve, scaled_debt=reserve.scaled_debt - burned, deficit=deficit)
    return with_rates(reserve, added=paid), with_borrowed(position, reserve.asset, reserve.id, scaled - burned)


def _write_off(reserves: dict[Address, Reserve], position: AccountPosition, timestamp: int) -> AccountPosition:
    """Bad debt: what the borrower owes in the other reserves is burned into their deficits."""
    for asset, scaled in tuple(position.borrowed.items()):
        reserve = reserves[asset]
        if not reserve.active or not position.borrows(reserve.id):
            continue
        reserve = accrue(reserve, timestamp)
        owed = debt_balance(scaled, reserve.debt_index)
        reserves[asset], position = _repay(reserve, position, owed, 0, write_off=True)
    return position
