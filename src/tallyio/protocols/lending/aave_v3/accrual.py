"""Interest: normalised indices at a timestamp, a reserve's state written at a timestamp, and the rates that follow."""

import msgspec

from tallyio.core.lending import Reserve
from tallyio.protocols.lending.aave_v3.math import (
    BPS,
    RAY,
    compounded_interest,
    debt_balance,
    linear_interest,
    percent_mul,
    ray_div,
    ray_mul,
)

_BPS_TO_RAY = 10**23


def income_index(reserve: Reserve, timestamp: int) -> int:
    """What one scaled unit of supply is worth (ray) at ``timestamp``; ``getReserveNormalizedIncome``."""
    if timestamp == reserve.updated_at:
        return reserve.liquidity_index
    return ray_mul(linear_interest(reserve.liquidity_rate, timestamp - reserve.updated_at), reserve.liquidity_index)


def debt_index(reserve: Reserve, timestamp: int) -> int:
    """What one scaled unit of debt is worth (ray) at ``timestamp``; ``getReserveNormalizedVariableDebt``."""
    if timestamp == reserve.updated_at:
        return reserve.debt_index
    return ray_mul(compounded_interest(reserve.debt_rate, timestamp - reserve.updated_at), reserve.debt_index)


def accrue(reserve: Reserve, timestamp: int) -> Reserve:
    """The reserve with its indices written at ``timestamp``, as every action does first (ReserveLogic.updateState).

    The debt index stands still while nobody owes; the liquidity index while nothing is earned.
    """
    if timestamp == reserve.updated_at:
        return reserve
    return msgspec.structs.replace(
        reserve,
        liquidity_index=income_index(reserve, timestamp) if reserve.liquidity_rate else reserve.liquidity_index,
        debt_index=debt_index(reserve, timestamp) if reserve.scaled_debt else reserve.debt_index,
        updated_at=timestamp,
    )


def with_rates(reserve: Reserve, *, added: int = 0, taken: int = 0) -> Reserve:
    """The accrued reserve after ``added`` came in and ``taken`` went out: its balance and the rates from now on.

    Source: DefaultReserveInterestRateStrategyV2. Raises ``ValueError`` when ``taken`` exceeds what is there; the
    contract reverts then.
    """
    balance = reserve.virtual_balance + added - taken
    if balance < 0:
        raise ValueError(f"the reserve holds {reserve.virtual_balance + added}, {taken} were to leave it")
    liquidity_rate, debt_rate = interest_rates(reserve, balance)
    return msgspec.structs.replace(reserve, virtual_balance=balance, liquidity_rate=liquidity_rate, debt_rate=debt_rate)


def interest_rates(reserve: Reserve, balance: int) -> tuple[int, int]:
    """(supply rate, borrow rate), yearly rays, with ``balance`` of the asset at hand."""
    curve = reserve.curve
    rate = curve.base_bps * _BPS_TO_RAY
    debt = debt_balance(reserve.scaled_debt, reserve.debt_index)
    if debt == 0:
        return 0, rate
    optimal = curve.optimal_usage_bps * _BPS_TO_RAY
    slope1 = curve.slope1_bps * _BPS_TO_RAY
    borrow_usage = ray_div(debt, balance + debt)
    supply_usage = ray_div(debt, balance + debt + reserve.deficit)
    if borrow_usage > optimal:
        excess = ray_div(borrow_usage - optimal, RAY - optimal)
        rate += slope1 + ray_mul(curve.slope2_bps * _BPS_TO_RAY, excess)
    else:
        rate += ray_div(ray_mul(slope1, borrow_usage), optimal)
    return percent_mul(ray_mul(rate, supply_usage), BPS - reserve.reserve_factor_bps), rate
