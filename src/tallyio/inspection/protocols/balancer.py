"""Balancer: pools of the first version, and the second version's vault."""

from tallyio.core.units import Address
from tallyio.inspection.abi import account, as_account, selector, topic, word
from tallyio.inspection.activity import Action, Swap
from tallyio.inspection.calls import Call
from tallyio.inspection.protocols.flow import swap_between
from tallyio.inspection.reading import CallReader, Event, EventReader, Reading

V1, V2 = "balancer_v1", "balancer_v2"


EXACT_IN = selector("swapExactAmountIn(address,uint256,address,uint256,uint256)")


def v1_call(call: Call, reading: Reading) -> list[Action]:
    """``swapExactAmountIn`` and ``...Out(tokenIn, amount, tokenOut, amount, maxPrice)`` return the other amount."""
    if len(call.output) != 64:
        return []
    tokens, other = (account(call.arguments, 0), account(call.arguments, 2)), word(call.output, 0)
    given_in = call.selector == EXACT_IN
    amount_in, amount_out = (word(call.arguments, 1), other) if given_in else (other, word(call.arguments, 3))
    return [
        Swap(
            call.order,
            call.place,
            V1,
            call.to,
            call.sender,
            call.sender,
            tokens[0],
            amount_in,
            tokens[1],
            amount_out,
            amount_in,
            call.failed,
        )
    ]


def v1_event(event: Event, reading: Reading) -> list[Action]:
    """``LOG_SWAP(caller, tokenIn, tokenOut, tokenAmountIn, tokenAmountOut)``"""
    tokens = (as_account(int(event.topics[2], 16)), as_account(int(event.topics[3], 16)))
    return swap_between(event, reading, V1, word(event.data, 0), word(event.data, 1), tokens=tokens)


def on_swap_call(call: Call, reading: Reading) -> list[Action]:
    """``onSwap(request, ...)``: the vault asks a pool for the other amount, and settles with tokens later.

    The request is (kind, tokenIn, tokenOut, amount, poolId, lastChangeBlock, from, to, userData).
    """
    at = word(call.arguments, 0) // 32
    given_out, amount = word(call.arguments, at), word(call.arguments, at + 3)
    other = word(call.output, 0) if call.output else 0
    amount_in, amount_out = (other, amount) if given_out else (amount, other)
    if not other:
        return []
    tokens = account(call.arguments, at + 1), account(call.arguments, at + 2)
    payer, recipient = account(call.arguments, at + 6), account(call.arguments, at + 7)
    return [
        Swap(
            call.order,
            call.place,
            V2,
            call.to,
            payer,
            recipient,
            tokens[0],
            amount_in,
            tokens[1],
            amount_out,
            amount_in,
            call.failed,
        )
    ]


def v2_event(event: Event, reading: Reading) -> list[Action]:
    """``Swap(poolId, tokenIn, tokenOut, amountIn, amountOut)`` of the vault; a pool's id begins with its address."""
    pool = Address(event.topics[1][:42])
    tokens = (as_account(int(event.topics[2], 16)), as_account(int(event.topics[3], 16)))
    return swap_between(event, reading, V2, word(event.data, 0), word(event.data, 1), pool=pool, tokens=tokens)


REQUEST = "(uint8,address,address,uint256,bytes32,uint256,address,address,bytes)"
CALLS: dict[bytes, CallReader] = {
    EXACT_IN: v1_call,
    selector("swapExactAmountOut(address,uint256,address,uint256,uint256)"): v1_call,
    selector(f"onSwap({REQUEST},uint256,uint256)"): on_swap_call,
    selector(f"onSwap({REQUEST},uint256[],uint256,uint256)"): on_swap_call,
}
EVENTS: dict[str, EventReader] = {
    topic("LOG_SWAP(address,address,address,uint256,uint256)"): v1_event,
    topic("Swap(bytes32,address,address,uint256,uint256)"): v2_event,
}
