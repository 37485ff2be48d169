"""Deltas applied to a small market."""

import pytest

from tallyio.core.deltas import LendingChanged
from tallyio.core.errors import ChainDataError
from tallyio.core.lending import AccountPosition, LendingState, Reserve
from tallyio.core.units import Address
from tallyio.protocols.lending.aave_v3.apply import Draft
from tallyio.protocols.lending.aave_v3.math import RAY

POOL, A, B, FEED = (Address("0x" + digit * 40) for digit in "1abf")
USDC, NEW = Address("0x" + "c" * 40), Address("0x" + "d" * 40)


def state(**changes: object) -> LendingState:
    usdc = Reserve(asset=USDC, id=0, decimals=6, a_token=Address("0xa"), debt_token=Address("0xd"))
    fields: dict[str, object] = {"reserves": {USDC: usdc}, "prices_e8": {USDC: 10**8}, "feeds": {USDC: FEED}}
    return LendingState(POOL, **{**fields, **changes})  # type: ignore[arg-type]


def applied(before: LendingState, *changes: tuple[str, dict[str, int | str]]) -> tuple[Draft, LendingState]:
    draft = Draft(before, 1000)
    for name, fields in changes:
        draft.apply(LendingChanged(POOL, name, fields))
    return draft, draft.freeze()


def mint(side: str, who: Address, value: int, interest: int, index: int) -> tuple[str, dict[str, int | str]]:
    fields = {"caller": who, "onBehalfOf": who, "value": value, "balanceIncrease": interest, "index": index}
    return "Mint", {**fields, "reserve": USDC, "side": side}


def test_a_mint_names_the_scaled_amount() -> None:
    _, after = applied(state(), mint("supplied", A, 1000, 0, RAY), mint("supplied", A, 1050, 500, RAY * 3 // 2))
    assert after.accounts[A].supplied == {USDC: 1367}  # a balance of 1500 + 1050 - 500 at 1.5 each, rounded up
    assert after.reserves[USDC].scaled_supply == 1367


def test_borrowing_sets_the_flag_and_repaying_everything_clears_it() -> None:
    _, after = applied(state(), mint("borrowed", A, 1000, 0, RAY))
    assert after.accounts[A].borrows(0)
    burn: dict[str, int | str] = {"from": A, "target": B, "value": 1000, "balanceIncrease": 0, "index": RAY}
    _, after = applied(after, ("Burn", {**burn, "reserve": USDC, "side": "borrowed"}))
    assert not after.accounts[A].borrows(0)
    assert after.accounts[A].borrowed == {}
    assert after.reserves[USDC].scaled_debt == 0


def test_the_old_state_is_untouched() -> None:
    before = state(accounts={A: AccountPosition({USDC: 5})})
    _, after = applied(before, ("BalanceTransfer", {"from": A, "to": B, "value": 5, "index": RAY, "reserve": USDC}))
    assert before.accounts == {A: AccountPosition({USDC: 5})}
    assert (after.accounts[A].supplied, after.accounts[B].supplied) == ({}, {USDC: 5})


def test_a_transfer_to_oneself_changes_nothing() -> None:
    before = state(accounts={A: AccountPosition({USDC: 5})})
    _, after = applied(before, ("BalanceTransfer", {"from": A, "to": A, "value": 3, "index": RAY, "reserve": USDC}))
    assert after.accounts == before.accounts


def test_more_than_there_is_cannot_move() -> None:
    with pytest.raises(ChainDataError, match="would hold -1"):
        applied(state(), ("BalanceTransfer", {"from": A, "to": B, "value": 1, "index": RAY, "reserve": USDC}))


def test_a_new_reserve_takes_the_first_free_id_and_is_read() -> None:
    fields: dict[str, int | str] = {"reserve": NEW, "aToken": A, "variableDebtToken": B}
    draft, after = applied(state(), ("ReserveInitialized", fields))
    assert (after.reserves[NEW].id, draft.unread) == (1, {NEW})


def test_a_price_that_is_not_positive_must_be_read() -> None:
    draft, after = applied(state(), ("AnswerUpdated", {"current": 0, "aggregator": FEED}))
    assert (draft.unread, after.prices_e8) == ({USDC}, {USDC: 10**8})
    draft, after = applied(state(), ("AnswerUpdated", {"current": 7, "aggregator": FEED}))
    assert (draft.unread, after.prices_e8) == (set(), {USDC: 7})


def test_an_event_of_an_unlisted_reserve_is_refused() -> None:
    with pytest.raises(ChainDataError, match="does not list"):
        applied(state(), ("Supply", {"reserve": NEW, "amount": 1}))


def test_a_liquidation_paid_in_a_tokens_writes_the_indices() -> None:
    reserve = Reserve(
        asset=USDC, id=0, decimals=6, a_token=A, debt_token=B, liquidity_rate=RAY // 10, debt_rate=RAY // 5,
        scaled_debt=10, updated_at=500,
    )  # fmt: skip
    fields: dict[str, int | str] = {
        "collateralAsset": USDC, "debtAsset": USDC, "debtToCover": 3, "liquidatedCollateralAmount": 4,
        "receiveAToken": 1,
    }  # fmt: skip
    _, after = applied(state(reserves={USDC: reserve}), ("LiquidationCall", fields))
    found = after.reserves[USDC]
    assert (found.updated_at, found.virtual_balance) == (1000, 3)
    assert RAY < found.liquidity_index < found.debt_index
