"""Constant-product pairs: Uniswap v2, its forks, and Solidly's pairs that kept its calls and events."""

from tallyio.core.units import Address
from tallyio.inspection.abi import account, as_account, selector, topic, word
from tallyio.inspection.activity import Action, LiquidityChange, Reserves, Swap, Unread
from tallyio.inspection.calls import Call
from tallyio.inspection.protocols.flow import swap_between
from tallyio.inspection.reading import CallReader, Event, EventReader, Reading, net_flows

NAME = "uniswap_v2"


def swap_call(call: Call, reading: Reading) -> list[Action]:
    """``swap(amount0Out, amount1Out, to, data)``.

    The outputs are arguments. The input is the pair's own sum: the balance that it reads at the end, less what its
    reserves had left (``UniswapV2Pair.swap``); where the reserves before are not known, what was sent to it.
    """
    outs = (word(call.arguments, 0), word(call.arguments, 1))
    recipient = account(call.arguments, 2)
    since = reading.settled.get(call.to, -1)
    reading.settled[call.to] = call.end
    moves = [t for t in reading.transfers if since < t.order <= call.end and call.to in (t.sender, t.receiver)]
    balances = call.balances_read()[-2:]
    before = reading.reserves.pop(call.to, None)
    if not (call.failed or len(balances) < 2):
        reading.reserves[call.to] = (balances[0][1], balances[1][1])
    out = max(outs)
    given = next((t.token for t in moves if t.sender == call.to and t.order > call.order and t.amount == out), None)
    if given is None or not out:
        return [Unread(call.place, NAME, call.to, "token unknown")]
    net = net_flows(moves, call.to)
    taken = [token for token, amount in net.items() if amount > 0 and token != given]
    tokens = [token for token, _ in balances]
    if len(tokens) == 2 and given in tokens:
        other = tokens[1 - tokens.index(given)]
        taken = [other] if other in taken else taken
    if len(taken) != 1:
        return [Unread(call.place, NAME, call.to, "not an exchange")]
    sent, amount_out = net[taken[0]], -net.get(given, 0)
    payer = next(t.sender for t in reversed(moves) if t.receiver == call.to and t.token == taken[0])
    amount_in = sent
    if before and tokens == sorted(tokens) and taken[0] in tokens:
        side = tokens.index(taken[0])
        amount_in = balances[side][1] - (before[side] - outs[side])
        if not 0 < amount_in <= sent:
            amount_in = sent
    if amount_out <= 0:
        return [Unread(call.place, NAME, call.to, "not an exchange")]
    swap = Swap(
        call.order,
        call.place,
        NAME,
        call.to,
        payer,
        recipient,
        taken[0],
        amount_in,
        given,
        amount_out,
        sent,
        call.failed,
    )
    return [swap, *_after(call, reading)]


def _after(call: Call, reading: Reading) -> list[Action]:
    known = reading.reserves.get(call.to)
    return [Reserves(call.order, call.to, *known)] if known else []


def reserves_call(call: Call, reading: Reading) -> list[Action]:
    """``getReserves()``: what the pair holds, as it says itself."""
    if not call.failed and len(call.output) == 96:
        known = (word(call.output, 0), word(call.output, 1))
        if known[0] < 2**112 and known[1] < 2**112:
            reading.reserves[call.to] = known
            return [Reserves(call.order, call.to, *known)]
    return []


def settling_call(added: bool | None) -> CallReader:
    """``mint``, ``burn``, ``sync`` and ``skim``: reserves move (``added`` tells which way), transfers are used up."""

    def read(call: Call, reading: Reading) -> list[Action]:
        reading.settled[call.to] = call.end
        reading.reserves.pop(call.to, None)
        return [] if added is None else [LiquidityChange(call.order, call.place, NAME, call.to, added, call.failed)]

    return read


def swap_event(event: Event, reading: Reading) -> list[Action]:
    """``Swap(sender, amount0In, amount1In, amount0Out, amount1Out, to)``; both sides of a token are netted."""
    in0, in1, out0, out1 = (word(event.data, i) for i in range(4))
    net0, net1 = in0 - out0, in1 - out1
    if not (net0 > 0 > net1 or net1 > 0 > net0):
        return [Unread(event.place, NAME, event.address, "not an exchange")]
    # Sent in gross amounts, so transfers are looked up by those.
    gross_in, gross_out = (in0, out1) if net0 > 0 else (in1, out0)
    found = swap_between(event, reading, NAME, gross_in, gross_out)
    swap = found[0]
    if not isinstance(swap, Swap):
        return found
    if (swap.token_in < swap.token_out) != (net0 > 0):
        return [Unread(event.place, NAME, event.address, "token unknown")]
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
            max(net0, net1),
            swap.token_out,
            -min(net0, net1),
            swap.amount_sent,
        )
    ]


def sync_event(event: Event, reading: Reading) -> list[Action]:
    """``Sync(reserve0, reserve1)``"""
    known = (word(event.data, 0), word(event.data, 1))
    reading.reserves[event.address] = known
    return [Reserves(event.order, event.address, *known)]


def liquidity_event(added: bool) -> EventReader:
    """``Mint`` and ``Burn`` of a pair."""
    return lambda event, _: [LiquidityChange(event.order, event.place, NAME, event.address, added)]


def tokens_of(swap: Swap) -> tuple[Address, Address]:
    """token0 and token1 of the pair that ``swap`` went through."""
    low, high = sorted((swap.token_in, swap.token_out))
    return low, high


CALLS: dict[bytes, CallReader] = {
    selector("swap(uint256,uint256,address,bytes)"): swap_call,
    selector("getReserves()"): reserves_call,
    selector("mint(address)"): settling_call(True),
    selector("burn(address)"): settling_call(False),
    selector("sync()"): settling_call(None),
    selector("skim(address)"): settling_call(None),
}
EVENTS: dict[str, EventReader] = {
    topic("Swap(address,uint256,uint256,uint256,uint256,address)"): swap_event,
    topic("Swap(address,address,uint256,uint256,uint256,uint256)"): swap_event,
    topic("Sync(uint112,uint112)"): sync_event,
    topic("Sync(uint256,uint256)"): sync_event,
    topic("Mint(address,uint256,uint256)"): liquidity_event(True),
    topic("Burn(address,uint256,uint256,address)"): liquidity_event(False),
}
