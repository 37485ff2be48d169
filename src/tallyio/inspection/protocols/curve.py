"""Curve's pools of all generations: ``exchange`` in its spellings, and ``TokenExchange``."""

from tallyio.inspection.abi import selector, topic, word
from tallyio.inspection.activity import Action
from tallyio.inspection.protocols.flow import by_flow, swap_between
from tallyio.inspection.reading import CallReader, Event, EventReader, Reading

NAME = "curve"


def exchange_event(event: Event, reading: Reading) -> list[Action]:
    """``TokenExchange(buyer, sold_id, tokens_sold, bought_id, tokens_bought)``: the coins by their transfers."""
    return swap_between(event, reading, NAME, word(event.data, 1), word(event.data, 3))


CALLS: dict[bytes, CallReader] = {
    selector(f"{name}({index},{index},uint256,uint256{more})"): by_flow(NAME)
    for name in ("exchange", "exchange_underlying", "exchange_received", "exchange_extended")
    for index in ("int128", "uint256")
    for more in ("", ",bool", ",address", ",bool,address", ",bool,address,address,bytes32")
}
EVENTS: dict[str, EventReader] = {
    topic(f"{name}(address,{index},uint256,{index},uint256{more})"): exchange_event
    for name in ("TokenExchange", "TokenExchangeUnderlying")
    for index in ("int128", "uint256")
    for more in ("", ",uint256,uint256")
}
