"""Bancor: conversions along a path through its network contract."""

from tallyio.core.units import ZERO_ADDRESS
from tallyio.inspection.abi import account, as_account, selector, topic, word
from tallyio.inspection.activity import NATIVE, Action, Swap, Unread
from tallyio.inspection.calls import Call
from tallyio.inspection.protocols.flow import swap_between
from tallyio.inspection.reading import CallReader, Event, EventReader, Reading

NAME = "bancor"
BY_PATH = selector("convertByPath(address[],uint256,uint256,address,address,uint256)")


def path_call(call: Call, reading: Reading) -> list[Action]:
    """``convertByPath(path, amount, minReturn, beneficiary, ...)`` returns what the beneficiary receives.

    The whole path is one swap: what its converters pay each other stays within the network. Tokens alternate with
    the converters' anchors in ``path``.
    """
    if len(call.output) != 32:
        return []
    at = word(call.arguments, 0) // 32
    count = word(call.arguments, at)
    token_in, token_out = account(call.arguments, at + 1), account(call.arguments, at + count)
    amount_in, amount_out = word(call.arguments, 1), word(call.output, 0)
    beneficiary = account(call.arguments, 3) if call.selector == BY_PATH else ZERO_ADDRESS
    recipient = call.sender if beneficiary == ZERO_ADDRESS else beneficiary
    moves = reading.within(call)
    received = any(t.token == token_out and t.amount == amount_out and t.receiver == recipient for t in moves)
    if token_in == token_out or not (received or token_out == NATIVE):
        return [Unread(call.place, NAME, call.to, "amounts disagree")]
    return [
        Swap(
            call.order,
            call.place,
            NAME,
            call.to,
            call.sender,
            recipient,
            token_in,
            amount_in,
            token_out,
            amount_out,
            amount_in,
            call.failed,
        )
    ]


def conversion_event(event: Event, reading: Reading) -> list[Action]:
    """``Conversion(anchor, fromToken, toToken, fromAmount, toAmount, trader)`` of the network: one conversion each."""
    tokens = (as_account(int(event.topics[2], 16)), as_account(int(event.topics[3], 16)))
    pool = as_account(int(event.topics[1], 16))
    return swap_between(event, reading, NAME, word(event.data, 0), word(event.data, 1), pool=pool, tokens=tokens)


CALLS: dict[bytes, CallReader] = {
    BY_PATH: path_call,
    selector("convert2(address[],uint256,uint256,address,uint256)"): path_call,
    selector("convert(address[],uint256,uint256)"): path_call,
}
EVENTS: dict[str, EventReader] = {
    topic("Conversion(address,address,address,uint256,uint256,address)"): conversion_event,
}
