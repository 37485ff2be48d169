"""Aave, versions 1 to 3, and its forks: ``liquidationCall``."""

from tallyio.inspection.abi import account, as_account, selector, topic, word
from tallyio.inspection.activity import Action, Liquidation, Unread
from tallyio.inspection.calls import Call
from tallyio.inspection.reading import CallReader, Event, EventReader, Reading

NAME = "aave"


def liquidation_call(call: Call, reading: Reading) -> list[Action]:
    """``liquidationCall(collateral, debt, user, debtToCover, receiveAToken)``.

    ``debtToCover`` is a most: what was repaid is what the liquidator sent of the debt token (less what came back), and
    what it gained is the collateral, or its aToken, that reached it within the call.
    """
    collateral, debt, borrower = (account(call.arguments, i) for i in range(3))
    moves = reading.within(call)
    repaid = [t for t in moves if t.sender == call.sender and t.token == debt and t.amount]
    returned = [t for t in moves if t.receiver == call.sender and t.token == debt and debt != collateral]
    gained = [t for t in moves if t.receiver == call.sender and t.amount]
    received = [t for t in gained if t.token == collateral] or [t for t in gained if t.token != debt]
    if not repaid or not received:
        if call.failed:
            return []
        return [Unread(call.place, NAME, call.to, "amounts disagree")]
    return [
        Liquidation(
            call.order,
            call.place,
            NAME,
            call.to,
            borrower,
            call.sender,
            debt,
            sum(t.amount for t in repaid) - sum(t.amount for t in returned),
            received[0].token,
            sum(t.amount for t in received if t.token == received[0].token),
            call.failed,
        )
    ]


def liquidation_event(event: Event, reading: Reading) -> list[Action]:
    """``LiquidationCall(collateral, debt, user, debtToCover, liquidatedCollateral, liquidator, receiveAToken)``"""
    collateral, debt, borrower = (as_account(int(event.topics[i], 16)) for i in range(1, 4))
    repaid, received, liquidator = word(event.data, 0), word(event.data, 1), account(event.data, 2)
    return [
        Liquidation(
            event.order, event.place, NAME, event.address, borrower, liquidator, debt, repaid, collateral, received
        )
    ]


CALLS: dict[bytes, CallReader] = {selector("liquidationCall(address,address,address,uint256,bool)"): liquidation_call}
EVENTS: dict[str, EventReader] = {
    topic("LiquidationCall(address,address,address,uint256,uint256,address,bool)"): liquidation_event
}
