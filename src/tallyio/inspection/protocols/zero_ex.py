"""0x, version 4: orders of makers filled by takers."""

from tallyio.inspection.abi import account, selector, topic, word
from tallyio.inspection.activity import Action, Swap, Unread
from tallyio.inspection.calls import Call
from tallyio.inspection.reading import CallReader, Event, EventReader, Reading

NAME = "0x"
RFQ = "(address,address,uint128,uint128,address,address,address,bytes32,uint64,uint256)"
LIMIT = "(address,address,uint128,uint128,uint128,address,address,address,address,bytes32,uint64,uint256)"
SIGNATURE = "(uint8,uint8,bytes32,bytes32)"


def fill_call(maker_at: int) -> CallReader:
    """``fill...Order(order, signature, ...)`` returns what taker and maker gave; word ``maker_at`` is the maker."""

    def read(call: Call, reading: Reading) -> list[Action]:
        if len(call.output) < 64:
            return []
        maker_token, taker_token = account(call.arguments, 0), account(call.arguments, 1)
        maker = account(call.arguments, maker_at)
        taken, made = word(call.output, 0), word(call.output, 1)
        paid = reading.exact(taken, call.order, to=maker)
        out = reading.exact(made, call.order, by=maker)
        if not taken or not made or paid is None or out is None:
            return [Unread(call.place, NAME, call.to, "amounts disagree")]
        return [
            Swap(
                call.order,
                call.place,
                NAME,
                call.to,
                paid.sender,
                out.receiver,
                taker_token,
                taken,
                maker_token,
                made,
                taken,
                call.failed,
            )
        ]

    return read


def filled_event(maker_at: int) -> EventReader:
    """``RfqOrderFilled`` and ``LimitOrderFilled``: hash, maker, taker, (fee recipient,) tokens, fills."""

    def read(event: Event, reading: Reading) -> list[Action]:
        maker, taker = account(event.data, 1), account(event.data, 2)
        maker_token, taker_token = account(event.data, maker_at), account(event.data, maker_at + 1)
        taken, made = word(event.data, maker_at + 2), word(event.data, maker_at + 3)
        if not taken or not made:
            return [Unread(event.place, NAME, event.address, "not an exchange")]
        out = reading.exact(made, event.order, by=maker)
        return [
            Swap(
                event.order,
                event.place,
                NAME,
                event.address,
                taker,
                out.receiver if out else taker,
                taker_token,
                taken,
                maker_token,
                made,
                taken,
            )
        ]

    return read


CALLS: dict[bytes, CallReader] = {
    selector(f"fillRfqOrder({RFQ},{SIGNATURE},uint128)"): fill_call(4),
    selector(f"_fillRfqOrder({RFQ},{SIGNATURE},uint128,address,bool,address)"): fill_call(4),
    selector(f"fillOrKillRfqOrder({RFQ},{SIGNATURE},uint128)"): fill_call(4),
    selector(f"fillLimitOrder({LIMIT},{SIGNATURE},uint128)"): fill_call(5),
    selector(f"_fillLimitOrder({LIMIT},{SIGNATURE},uint128,address,address)"): fill_call(5),
}
EVENTS: dict[str, EventReader] = {
    topic("RfqOrderFilled(bytes32,address,address,address,address,uint128,uint128,bytes32)"): filled_event(3),
    topic(
        "LimitOrderFilled(bytes32,address,address,address,address,address,uint128,uint128,uint128,uint256,bytes32)"
    ): filled_event(4),
}
