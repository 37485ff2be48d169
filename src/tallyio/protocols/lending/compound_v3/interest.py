"""Interest and rewards of a Comet market, and what principals are worth."""

import msgspec

from tallyio.protocols.lending.compound_v3.model import ACCRUAL, FACTOR, INDEX, Account, Market


def utilization(market: Market) -> int:
    """Borrowed part of what is lent (1e18), by the stored indices."""
    supplied = market.total_supply * market.supply_index // INDEX
    borrowed = market.total_borrow * market.borrow_index // INDEX
    return borrowed * FACTOR // supplied if supplied else 0


def indices(market: Market, now: int) -> tuple[int, int]:
    """Supply and borrow index at ``now``."""
    seconds = now - market.accrued_at
    if seconds <= 0:
        return market.supply_index, market.borrow_index
    used = utilization(market)
    supply, borrow = market.rules.supply_curve.at(used), market.rules.borrow_curve.at(used)
    return (
        market.supply_index + market.supply_index * (supply * seconds) // FACTOR,
        market.borrow_index + market.borrow_index * (borrow * seconds) // FACTOR,
    )


def accrue(market: Market, now: int) -> Market:
    """The market with its interest and rewards brought to ``now``."""
    seconds, rules = now - market.accrued_at, market.rules
    if seconds <= 0:
        return market
    supply_index, borrow_index = indices(market, now)
    earned, owed = market.tracking_supply_index, market.tracking_borrow_index
    if market.total_supply >= rules.min_for_rewards:
        earned += rules.supply_speed * seconds * rules.base_scale // market.total_supply
    if market.total_borrow >= rules.min_for_rewards:
        owed += rules.borrow_speed * seconds * rules.base_scale // market.total_borrow
    return msgspec.structs.replace(
        market,
        supply_index=supply_index,
        borrow_index=borrow_index,
        tracking_supply_index=earned,
        tracking_borrow_index=owed,
        accrued_at=now,
    )


def present(market: Market, principal: int) -> int:
    """What a principal is worth by the stored indices; debts stay below zero."""
    if principal >= 0:
        return principal * market.supply_index // INDEX
    return -(abs(principal) * market.borrow_index // INDEX)


def principal_of(market: Market, value: int) -> int:
    """The principal of a present value: of a loan rounded down, of a debt rounded up."""
    if value >= 0:
        return value * INDEX // market.supply_index
    return value * INDEX // market.borrow_index  # the floor of what is below zero


def with_principal(market: Market, account: Account, principal: int) -> Account:
    """The account at its new principal, its rewards so far counted."""
    old, rules = account.principal, market.rules
    index = market.tracking_supply_index if old >= 0 else market.tracking_borrow_index
    earned = abs(old) * (index - account.tracking_index) // rules.tracking_scale // (rules.base_scale // ACCRUAL)
    return msgspec.structs.replace(
        account,
        principal=principal,
        tracking_index=market.tracking_supply_index if principal >= 0 else market.tracking_borrow_index,
        tracking_accrued=account.tracking_accrued + earned,
    )
