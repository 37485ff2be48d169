"""Worked liquidations."""

import msgspec
import pytest

from tallyio.core.lending import AccountPosition, EModeCategory, LendingState, Reserve
from tallyio.core.units import Address
from tallyio.protocols.lending.aave_v3.health import NO_DEBT, account_health, unhealthy
from tallyio.protocols.lending.aave_v3.liquidation import LiquidationRefusedError, open_case
from tallyio.protocols.lending.aave_v3.liquidation_effect import settle
from tallyio.protocols.lending.aave_v3.math import RAY

POOL, BOB, TREASURY = (Address("0x" + digit * 40) for digit in "1be")
WETH, USDC = Address("0x" + "a" * 40), Address("0x" + "c" * 40)
NOW = 1_000
BOTH = 0b0110
"""WETH (id 0) as collateral, USDC (id 1) borrowed."""


def reserve(asset: Address, number: int, decimals: int, threshold: int, bonus: int) -> Reserve:
    return Reserve(
        asset=asset, id=number, decimals=decimals, a_token=asset, debt_token=asset, treasury=TREASURY,
        threshold_bps=threshold, bonus_bps=bonus, protocol_fee_bps=1000, scaled_supply=10**24, scaled_debt=10**24,
        virtual_balance=10**24, updated_at=NOW,
    )  # fmt: skip


def market(weth_price: int, owed: int = 15_000 * 10**6, **changes: object) -> LendingState:
    """The case of the published contracts' own run: 10 WETH against 15,000 USDC."""
    fields: dict[str, object] = {
        "reserves": {WETH: reserve(WETH, 0, 18, 8250, 10500), USDC: reserve(USDC, 1, 6, 8500, 10450)},
        "prices_e8": {WETH: weth_price * 10**8, USDC: 10**8},
        "accounts": {BOB: AccountPosition({WETH: 10**19}, {USDC: owed}, BOTH)},
    }
    return LendingState(POOL, **{**fields, **changes})  # type: ignore[arg-type]


def test_half_is_covered_above_a_health_of_095() -> None:
    """Seen on Aave 3.6 itself: health 0.9735, 7,500 of 14,500 covered for 4.427966101694915253 WETH."""
    state = market(1770)
    case = open_case(state, BOB, WETH, USDC, NOW)
    assert case.health.factor_wad == 973_500_000_000_000_000
    quote = case.quote(14_500 * 10**6)
    assert (quote.debt_paid, quote.collateral_received) == (7_500 * 10**6, 4_427_966_101_694_915_253)
    after = settle(state, case, quote)
    assert str(account_health(after, after.accounts[BOB], NOW).factor_wad).startswith("10807")


def test_all_is_covered_at_or_below_095() -> None:
    """Seen on the contracts: 1,700 gives health 0.935, 15,000 paid, 9.22058823529411764 WETH received."""
    quote = open_case(market(1700), BOB, WETH, USDC, NOW).quote(2**256 - 1)
    assert quote.debt_paid == 15_000 * 10**6
    assert str(quote.collateral_received).startswith("922058823529411764")


def test_a_small_position_may_be_closed_whatever_its_health() -> None:
    small = market(1770, 1_500 * 10**6, accounts={BOB: AccountPosition({WETH: 10**18}, {USDC: 1_500 * 10**6}, BOTH)})
    assert open_case(small, BOB, WETH, USDC, NOW).max_debt == 1_500 * 10**6


def test_no_dust_may_be_left() -> None:
    case = open_case(market(1700), BOB, WETH, USDC, NOW)
    with pytest.raises(LiquidationRefusedError, match="MustNotLeaveDust"):
        case.quote(14_000 * 10**6 + 1)
    assert case.quote(14_000 * 10**6 - 5 * 10**6).debt_paid == 13_995 * 10**6


def test_what_the_collateral_does_not_cover_becomes_a_deficit() -> None:
    state = market(1200)
    case = open_case(state, BOB, WETH, USDC, NOW)
    quote = case.quote(2**256 - 1)
    assert quote.collateral_taken == 10**19
    after = settle(state, case, quote)
    assert after.reserves[USDC].deficit == 15_000 * 10**6 - quote.debt_paid
    assert after.accounts[BOB].borrowed == {}
    assert after.accounts[BOB].bitmap == 0
    assert after.accounts[TREASURY].supplied[WETH] == quote.fee


def test_emode_terms_replace_the_reserves_own() -> None:
    emode = EModeCategory(1, threshold_bps=9500, bonus_bps=10100, collateral_bitmap=0b1)
    position = AccountPosition({WETH: 10**19}, {USDC: 15_000 * 10**6}, BOTH, emode=1)
    state = market(1500, emodes={1: emode}, accounts={BOB: position})
    case = open_case(state, BOB, WETH, USDC, NOW)
    assert (case.health.factor_wad, case.bonus_bps) == (950_000_000_000_000_000, 10100)


def changed(state: LendingState, asset: Address, **changes: object) -> LendingState:
    return state.with_reserve(msgspec.structs.replace(state.reserves[asset], **changes))


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (market(2000), "HealthFactorNotBelowThreshold"),
        (changed(market(1700), WETH, active=False), "ReserveInactive"),
        (changed(market(1700), USDC, paused=True), "ReservePaused"),
        (changed(market(1700), USDC, grace_until=NOW), "LiquidationGraceSentinelCheckFailed"),
        (market(1770, sentinel_allows=False), "PriceOracleSentinelCheckFailed"),
        (changed(market(1700), WETH, bonus_bps=0), "Panic"),
    ],
)
def test_refusals(state: LendingState, reason: str) -> None:
    with pytest.raises(LiquidationRefusedError) as refused:
        open_case(state, BOB, WETH, USDC, NOW)
    assert refused.value.reason == reason


def test_the_sentinel_does_not_protect_below_095() -> None:
    assert open_case(market(1700, sentinel_allows=False), BOB, WETH, USDC, NOW).owed == 15_000 * 10**6


def test_a_market_without_the_collateral_at_hand_refuses() -> None:
    state = changed(market(1700), WETH, virtual_balance=10**18)
    with pytest.raises(LiquidationRefusedError, match="the market holds"):
        open_case(state, BOB, WETH, USDC, NOW).quote(2**256 - 1)


def test_collateral_that_is_switched_off_does_not_count() -> None:
    off = AccountPosition({WETH: 10**19}, {USDC: 15_000 * 10**6}, 0b0100)
    state = market(1700, accounts={BOB: off})
    with pytest.raises(LiquidationRefusedError, match="CollateralCannotBeLiquidated"):
        open_case(state, BOB, WETH, USDC, NOW)
    assert [account for account, _ in unhealthy(state, NOW)] == [BOB]


def test_without_debt_health_has_no_limit() -> None:
    assert account_health(market(1700), AccountPosition({WETH: 1}, {}, 0b10), NOW).factor_wad == NO_DEBT
    assert list(unhealthy(market(1700, accounts={BOB: AccountPosition({WETH: RAY}, {}, 0b10)}), NOW)) == []
