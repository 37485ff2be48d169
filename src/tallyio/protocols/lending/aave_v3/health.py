"""An account's collateral, debt and health factor, as GenericLogic.calculateUserAccountData adds them up."""

from collections.abc import Iterator

import msgspec

from tallyio.core.lending import AccountPosition, EModeCategory, LendingState, Reserve
from tallyio.core.units import UINT256_MAX, Address
from tallyio.protocols.lending.aave_v3.accrual import debt_index, income_index
from tallyio.protocols.lending.aave_v3.math import BPS, WAD, debt_balance, mul_div_ceil, supplied_balance, wad_div

LIQUIDATABLE_BELOW = WAD
"""A health factor below this (1.0 as a wad) lets anyone liquidate."""
NO_DEBT = UINT256_MAX


class Health(msgspec.Struct, frozen=True):
    """Values in the oracle's base currency (8 decimals for US dollars); ratios in basis points; the factor is a wad.

    Field for field what ``getUserAccountData`` answers, without what is left to borrow.
    """

    collateral_e8: int
    debt_e8: int
    threshold_bps: int
    ltv_bps: int
    factor_wad: int


class Indices:
    """The income and debt indices of all reserves at one timestamp, each computed once."""

    def __init__(self, state: LendingState, timestamp: int) -> None:
        self.timestamp = timestamp
        self._state = state
        self._known: dict[Address, tuple[int, int]] = {}

    def of(self, asset: Address) -> tuple[int, int]:
        """(income index, debt index), rays."""
        known = self._known.get(asset)
        if known is None:
            reserve = self._state.reserves[asset]
            known = (income_index(reserve, self.timestamp), debt_index(reserve, self.timestamp))
            self._known[asset] = known
        return known


def counts_in_emode(category: EModeCategory | None, reserve: Reserve) -> bool:
    return category is not None and bool(category.collateral_bitmap >> reserve.id & 1)


def collateral_terms(state: LendingState, position: AccountPosition, reserve: Reserve) -> tuple[int, int, int]:
    """(ltv, threshold, bonus) in basis points that hold for this account's ``reserve``, e-mode considered."""
    category = state.emodes.get(position.emode) if position.emode else None
    if category is not None and counts_in_emode(category, reserve):
        ltv = 0 if category.ltv_zero_bitmap >> reserve.id & 1 else category.ltv_bps
        return ltv, category.threshold_bps, category.bonus_bps
    return reserve.ltv_bps, reserve.threshold_bps, reserve.bonus_bps


def account_health(
    state: LendingState, position: AccountPosition, timestamp: int, indices: Indices | None = None
) -> Health:
    """What the market would answer about ``position`` in a block with ``timestamp``.

    Raises ``KeyError`` when a reserve or price is unknown.
    """
    indices = indices or Indices(state, timestamp)
    debt_e8 = collateral_e8 = weighted_threshold = weighted_ltv = 0
    for asset, scaled in position.borrowed.items():
        reserve = state.reserves[asset]
        if position.borrows(reserve.id):
            owed = debt_balance(scaled, indices.of(asset)[1])
            debt_e8 += mul_div_ceil(owed, state.prices_e8[asset], 10**reserve.decimals)
    for asset, scaled in position.supplied.items():
        reserve = state.reserves[asset]
        if not position.uses_as_collateral(reserve.id):
            continue
        held = supplied_balance(scaled, indices.of(asset)[0])
        value = held * state.prices_e8[asset] // 10**reserve.decimals
        ltv, threshold, _ = collateral_terms(state, position, reserve)
        collateral_e8 += value
        weighted_ltv += value * ltv
        weighted_threshold += value * threshold
    factor = wad_div(weighted_threshold, debt_e8) // BPS if debt_e8 else NO_DEBT
    if not collateral_e8:
        return Health(0, debt_e8, 0, 0, factor)
    return Health(collateral_e8, debt_e8, weighted_threshold // collateral_e8, weighted_ltv // collateral_e8, factor)


def unhealthy(state: LendingState, timestamp: int) -> Iterator[tuple[Address, Health]]:
    """Accounts that may be liquidated in a block with ``timestamp``, with their health."""
    indices = Indices(state, timestamp)
    for account, position in state.accounts.items():
        if position.borrowed:
            health = account_health(state, position, timestamp, indices)
            if health.factor_wad < LIQUIDATABLE_BELOW:
                yield account, health
