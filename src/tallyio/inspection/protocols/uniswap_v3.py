"""Concentrated-liquidity pools: Uniswap v3, PancakeSwap v3, Algebra and other forks of its calls and events."""

from tallyio.inspection.abi import account, as_account, selector, signed, topic, word
from tallyio.inspection.activity import Action, Concentrated, LiquidityChange, Swap, Unread
from tallyio.inspection.calls import Call
from tallyio.inspection.protocols.flow import swap_between
from tallyio.inspection.reading import CallReader, Event, EventReader, Reading

NAME = "uniswap_v3"


def swap_call(call: Call, reading: Reading) -> list[Action]:
    """``swap(recipient, zeroForOne, amountSpecified, sqrtPriceLimitX96, data)``, which returns both amounts.

    The token out is what the pool sends on its own, the token in the one whose balance it checks after the callback.
    An undone call returned nothing: its amounts are those of the transfers it made before.
    """
    recipient, zero_for_one = account(call.arguments, 0), bool(word(call.arguments, 1))
    direct = {child.end for child in call.children}
    moves = reading.within(call)
    sent = [t for t in moves if t.sender == call.to and t.order in direct and t.receiver == recipient]
    paid = [t for t in moves if t.receiver == call.to and (not sent or t.token != sent[-1].token)]
    if not sent:
        if call.failed:
            return []  # asked for a price, or undone before anything moved
        return [Unread(call.place, NAME, call.to, "token unknown")]
    checked = [token for token, _ in call.balances_read()]
    token_in = checked[-1] if checked else paid[-1].token if paid else None
    if token_in is None or token_in == sent[-1].token or (token_in < sent[-1].token) != zero_for_one:
        return [Unread(call.place, NAME, call.to, "token unknown")]
    settled = [t for t in paid if t.token == token_in]
    if len(call.output) == 64:
        amounts = (signed(call.output, 0), signed(call.output, 1))
        amount_in, amount_out = max(amounts), -min(amounts)
        if (amounts[0] > 0) != zero_for_one or amount_out != sent[-1].amount:
            return [Unread(call.place, NAME, call.to, "amounts disagree")]
    elif settled:
        amount_in, amount_out = settled[-1].amount, sent[-1].amount
    else:
        return []  # undone before it was paid: a quote
    return [
        Swap(
            call.order,
            call.place,
            NAME,
            call.to,
            settled[-1].sender if settled else call.sender,
            recipient,
            token_in,
            amount_in,
            sent[-1].token,
            amount_out,
            sum(t.amount for t in settled) or amount_in,
            call.failed,
        )
    ]


def liquidity_call(added: bool) -> CallReader:
    """``mint`` and ``burn`` of a position."""
    return lambda call, _: [LiquidityChange(call.order, call.place, NAME, call.to, added, call.failed)]


def swap_event(event: Event, reading: Reading) -> list[Action]:
    """``Swap(sender, recipient, amount0, amount1, sqrtPriceX96, liquidity, tick)``, amounts as the pool's gain."""
    amounts = (signed(event.data, 0), signed(event.data, 1))
    found = swap_between(event, reading, NAME, max(amounts), -min(amounts))
    state = Concentrated(event.order, event.address, word(event.data, 2), word(event.data, 3), signed(event.data, 4))
    swap = found[0]
    if not isinstance(swap, Swap):
        return [*found, state]
    if (swap.token_in < swap.token_out) != (amounts[0] > 0):
        return [Unread(event.place, NAME, event.address, "token unknown"), state]
    recipient = as_account(int(event.topics[2], 16))
    return [
        Swap(
            event.order,
            event.place,
            NAME,
            event.address,
            swap.payer,
            recipient,
            swap.token_in,
            swap.amount_in,
            swap.token_out,
            swap.amount_out,
            swap.amount_sent,
        ),
        state,
    ]


def liquidity_event(added: bool) -> EventReader:
    return lambda event, _: [LiquidityChange(event.order, event.place, NAME, event.address, added)]


CALLS: dict[bytes, CallReader] = {
    selector("swap(address,bool,int256,uint160,bytes)"): swap_call,
    selector("mint(address,int24,int24,uint128,bytes)"): liquidity_call(True),
    selector("burn(int24,int24,uint128)"): liquidity_call(False),
}
EVENTS: dict[str, EventReader] = {
    topic("Swap(address,address,int256,int256,uint160,uint128,int24)"): swap_event,
    topic("Swap(address,address,int256,int256,uint160,uint128,int24,uint128,uint128)"): swap_event,
    topic("Mint(address,address,int24,int24,uint128,uint256,uint256)"): liquidity_event(True),
    topic("Burn(address,int24,int24,uint128,uint256,uint256)"): liquidity_event(False),
}
