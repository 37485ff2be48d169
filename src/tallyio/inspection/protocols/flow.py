"""Exchanges read from what their contract gained and gave within one call."""

from tallyio.core.units import Address
from tallyio.inspection.activity import Action, Place, Swap, Transfer, Unread
from tallyio.inspection.calls import Call
from tallyio.inspection.reading import CallReader, Event, Reading, net_flows


def swap_by_flow(call: Call, reading: Reading, protocol: str) -> list[Action]:
    """The callee took exactly one token and gave exactly one other: that is the swap.

    One that passes on what it takes (to a market that lends it, to a pool below it) keeps nothing: then what it had
    from its caller and what it last sent out are the swap. Else the call is said to be unread.
    """
    moves = [t for t in reading.within(call) if call.to in (t.sender, t.receiver)]
    net = net_flows(moves, call.to)
    if sorted(amount > 0 for amount in net.values()) != [False, True]:
        net = net_flows([t for t in moves if call.sender in (t.sender, t.receiver)], call.to)
    taken = [token for token, amount in net.items() if amount > 0]
    given = [token for token, amount in net.items() if amount < 0]
    if len(taken) != 1 or len(given) != 1:
        if call.failed and not moves:
            return []
        return [Unread(call.place, protocol, call.to, "not an exchange")]
    payer = next(t.sender for t in moves if t.receiver == call.to and t.token == taken[0])
    recipient = next(t.receiver for t in reversed(moves) if t.sender == call.to and t.token == given[0])
    amount_in, amount_out = net[taken[0]], -net[given[0]]
    return [
        Swap(
            call.order,
            call.place,
            protocol,
            call.to,
            payer,
            recipient,
            taken[0],
            amount_in,
            given[0],
            amount_out,
            amount_in,
            call.failed,
        )
    ]


def by_flow(protocol: str) -> CallReader:
    return lambda call, reading: swap_by_flow(call, reading, protocol)


def swap_between(
    event: Event,
    reading: Reading,
    protocol: str,
    amount_in: int,
    amount_out: int,
    *,
    pool: Address | None = None,
    tokens: tuple[Address, Address] | None = None,
) -> list[Action]:
    """The swap an event states; ``tokens``, where the event does not name them, by transfers of just its amounts.

    Where no transfer has an amount (the token takes a fee of it), the last transfer of another token names the token.
    """
    holder = pool or event.address
    if amount_in <= 0 or amount_out <= 0:
        return [Unread(event.place, protocol, holder, "not an exchange")]
    out = reading.exact(amount_out, event.order, by=holder)
    paid = reading.exact(amount_in, event.order, to=holder)
    if tokens is None:
        if out is None and paid:
            out = reading.last(event.order, by=holder, other_than=paid.token)
        elif out and (paid is None or paid.token == out.token):
            paid = reading.last(event.order, to=holder, other_than=out.token)
        tokens = (paid.token, out.token) if paid and out else None
    if tokens is None or tokens[0] == tokens[1]:
        return [Unread(event.place, protocol, holder, "token unknown")]
    return [
        Swap(
            event.order,
            event.place,
            protocol,
            holder,
            _side(paid, tokens[0], reading.sender, receiver=False),
            _side(out, tokens[1], reading.sender, receiver=True),
            tokens[0],
            amount_in,
            tokens[1],
            amount_out,
            paid.amount if paid and paid.token == tokens[0] else amount_in,
        )
    ]


def _side(transfer: Transfer | None, token: Address, otherwise: Address, *, receiver: bool) -> Address:
    if transfer is None or transfer.token != token:
        return otherwise
    return transfer.receiver if receiver else transfer.sender


def whole(place: Place, protocol: str, pool: Address) -> Unread:
    """The action could not be read in the tokens it must be in."""
    return Unread(place, protocol, pool, "amounts disagree")
