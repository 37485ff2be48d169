"""Laws of the lending market's arithmetic that the mirror and the sizing rest on."""

from dataclasses import dataclass

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tallyio.core.lending import AccountPosition, LendingState, RateCurve, Reserve
from tallyio.core.units import Address
from tallyio.protocols.lending.aave_v3.accrual import accrue, debt_index, income_index, interest_rates
from tallyio.protocols.lending.aave_v3.liquidation import Case, LiquidationRefusedError, open_case
from tallyio.protocols.lending.aave_v3.liquidation_effect import settle
from tallyio.protocols.lending.aave_v3.math import (
    RAY,
    debt_balance,
    scaled_down,
    scaled_up,
    supplied_balance,
)
from tallyio.strategies.liquidation_sizes import accepted, sizes

C, D = Address("0x" + "c0" * 20), Address("0x" + "d0" * 20)
BORROWER, TREASURY = Address("0x" + "b0" * 20), Address("0x" + "7e" * 20)
indices = st.integers(RAY, 20 * RAY)
amounts = st.integers(0, 2**112)


@given(amounts, indices)
def test_a_balance_names_one_scaled_amount(scaled: int, index: int) -> None:
    assert scaled_up(supplied_balance(scaled, index), index) == scaled
    assert scaled_down(debt_balance(scaled, index), index) == scaled


@given(amounts, indices)
def test_rounding_favours_the_market(amount: int, index: int) -> None:
    assert supplied_balance(scaled_down(amount, index), index) <= amount
    assert debt_balance(scaled_up(amount, index), index) >= amount


def reserve(asset: Address, number: int, decimals: int, index: int = RAY) -> Reserve:
    return Reserve(
        asset=asset, id=number, decimals=decimals, a_token=asset, debt_token=asset, treasury=TREASURY,
        threshold_bps=8000, bonus_bps=10500, protocol_fee_bps=1000, liquidity_index=index, debt_index=index,
        liquidity_rate=RAY // 50, debt_rate=RAY // 20, scaled_debt=10**30, virtual_balance=10**40,
        curve=RateCurve(8000, 0, 400, 6000), reserve_factor_bps=1000,
    )  # fmt: skip


@given(indices, st.integers(0, 10**8), st.integers(0, 10**8))
def test_interest_never_shrinks_an_index(index: int, early: int, more: int) -> None:
    r = reserve(C, 0, 18, index)
    for grown in (income_index, debt_index):
        assert index <= grown(r, early) <= grown(r, early + more)
    once = accrue(r, early)
    assert accrue(once, early) is once
    assert (once.liquidity_index, once.debt_index) == (income_index(r, early), debt_index(r, early))


@given(st.integers(0, 10**36), st.integers(0, 10**36))
def test_suppliers_never_earn_more_than_borrowers_pay(debt: int, at_hand: int) -> None:
    r = msgspec.structs.replace(reserve(C, 0, 18), scaled_debt=debt)
    supply_rate, borrow_rate = interest_rates(r, at_hand)
    assert 0 <= supply_rate <= borrow_rate <= (400 + 6000) * 10**23 + 1


@dataclass(frozen=True)
class Position:
    state: LendingState
    case: Case


@st.composite
def positions(draw: st.DrawFn) -> Position | None:
    """An account with one collateral and one debt, near or below a health factor of one."""
    decimals_c, decimals_d = draw(st.sampled_from((6, 8, 18))), draw(st.sampled_from((6, 8, 18)))
    price_c, price_d = draw(st.integers(10**6, 10**13)), draw(st.integers(10**6, 10**13))
    worth_e8 = int(10 ** draw(st.floats(9, 14)))
    owed_e8 = int(worth_e8 * draw(st.floats(0.79, 1.2)))
    held, owed = worth_e8 * 10**decimals_c // price_c, owed_e8 * 10**decimals_d // price_d
    index = draw(st.integers(RAY, 2 * RAY))
    scaled_held, scaled_owed = scaled_down(held, index), scaled_up(owed, index)
    position = AccountPosition({C: scaled_held}, {D: scaled_owed}, 0b0110)
    r_c, r_d = reserve(C, 0, decimals_c, index), reserve(D, 1, decimals_d, index)
    r_c = msgspec.structs.replace(r_c, scaled_supply=scaled_held, protocol_fee_bps=draw(st.sampled_from((0, 1000))))
    state = LendingState(
        Address("0x" + "aa" * 20), reserves={C: r_c, D: r_d}, accounts={BORROWER: position},
        prices_e8={C: price_c, D: price_d},
    )  # fmt: skip
    state = msgspec.structs.replace(state, reserves={C: r_c, D: msgspec.structs.replace(r_d, updated_at=0)})
    try:
        return Position(state, open_case(state, BORROWER, C, D, 10))
    except LiquidationRefusedError:
        return None


@given(positions())
def test_edges_are_as_large_as_the_market_allows(found: Position | None) -> None:
    if found is None:
        return
    case = found.case
    edges, free = sizes(case)
    assert free <= case.max_debt
    if 0 < free < case.max_debt:
        assert not case.leaves_dust(case.price(free))
        next_taken = case.price(free + 1)
        assert case.leaves_dust(next_taken) or next_taken.collateral_taken >= case.held or free + 1 == case.owed
    best = max((q.collateral_received for a in edges if (q := accepted(case, a))), default=0)
    for amount in (case.max_debt, case.owed, free + 1, case.owed // 2, case.max_debt - 1):
        tried = accepted(case, amount) if amount > 0 else None
        assert tried is None or tried.collateral_received <= best


@given(positions(), st.floats(0, 1))
def test_a_liquidation_creates_nothing(found: Position | None, share: float) -> None:
    """Balances add up to supplies before and after, and the borrower loses no more than is taken."""
    if found is None:
        return
    case = found.case
    quote = accepted(case, max(1, int(case.max_debt * share)))
    if quote is None:
        return
    after = settle(found.state, case, quote)
    left = after.accounts[BORROWER].supplied.get(C, 0)
    fee = after.accounts[TREASURY].supplied.get(C, 0) if TREASURY in after.accounts else 0
    assert left + fee == after.reserves[C].scaled_supply
    debt_left = after.accounts[BORROWER].borrowed.get(D, 0)
    assert found.state.accounts[BORROWER].borrowed[D] - debt_left == 10**30 - after.reserves[D].scaled_debt
    assert after.reserves[D].virtual_balance - found.state.reserves[D].virtual_balance == quote.debt_paid
    assert found.state.reserves[C].virtual_balance - after.reserves[C].virtual_balance == quote.collateral_received
    assert quote.collateral_taken <= case.held
    assert after.accounts[BORROWER].borrows(1) == (debt_left > 0)
