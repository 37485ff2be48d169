"""Compound v2 and its forks (Cream, Venus, ...): ``liquidateBorrow`` on the market of the debt."""

from tallyio.core.units import Address
from tallyio.inspection.abi import account, selector, topic, word
from tallyio.inspection.activity import NATIVE, Action, Liquidation, Unread
from tallyio.inspection.calls import Call
from tallyio.inspection.reading import CallReader, Event, EventReader, Reading

NAME = "compound"
SEIZE = selector("seize(address,address,uint256)")


def token_call(call: Call, reading: Reading) -> list[Action]:
    """``liquidateBorrow(borrower, repayAmount, collateralMarket)`` of a token's market; 0 says it went through."""
    if call.output and any(call.output[:32]):
        return []  # an error code: nothing happened
    borrower, market = account(call.arguments, 0), account(call.arguments, 2)
    repaid = [
        t for t in reading.within(call) if t.receiver == call.to and t.sender == call.sender and t.token != NATIVE
    ]
    if not repaid:
        return [] if call.failed else [Unread(call.place, NAME, call.to, "amounts disagree")]
    return _seized(call, borrower, market, repaid[0].token, repaid[0].amount)


def native_call(call: Call, reading: Reading) -> list[Action]:
    """``liquidateBorrow(borrower, collateralMarket)``, paid in the coin sent along."""
    if not call.value:
        return []
    return _seized(call, account(call.arguments, 0), account(call.arguments, 1), NATIVE, call.value)


def _seized(call: Call, borrower: Address, market: Address, debt: Address, repaid: int) -> list[Action]:
    """The collateral market's tokens that ``seize(liquidator, borrower, seizeTokens)`` moves.

    Some markets give a share of what is seized to their reserves: then less than ``seizeTokens`` arrives.
    """
    seize = next((c for c in call.walk() if c.selector == SEIZE and c.kind == "call" and c.to == market), None)
    tokens = word(seize.arguments, 2) if seize else None
    if tokens is None and market == call.to:
        tokens = _own(call)
    return [
        Liquidation(
            call.order,
            call.place,
            NAME,
            call.to,
            borrower,
            call.sender,
            debt,
            repaid,
            market,
            tokens,
            call.failed,
        )
    ]


def _own(call: Call) -> int | None:
    """Debt and collateral in one market: no call to seize, but the comptroller was asked how much it is."""
    asked = selector("liquidateCalculateSeizeTokens(address,address,uint256)")
    answer = next((c.output for c in call.walk() if c.selector == asked and len(c.output) >= 64), None)
    return word(answer, 1) if answer else None


def liquidate_event(event: Event, reading: Reading) -> list[Action]:
    """``LiquidateBorrow(liquidator, borrower, repayAmount, cTokenCollateral, seizeTokens)``"""
    liquidator, borrower, repaid = account(event.data, 0), account(event.data, 1), word(event.data, 2)
    market, seized = account(event.data, 3), word(event.data, 4)
    paid = reading.exact(repaid, event.order, to=event.address)
    debt = paid.token if paid else NATIVE
    return [
        Liquidation(event.order, event.place, NAME, event.address, borrower, liquidator, debt, repaid, market, seized)
    ]


CALLS: dict[bytes, CallReader] = {
    selector("liquidateBorrow(address,uint256,address)"): token_call,
    selector("liquidateBorrow(address,address)"): native_call,
}
EVENTS: dict[str, EventReader] = {topic("LiquidateBorrow(address,address,uint256,address,uint256)"): liquidate_event}
