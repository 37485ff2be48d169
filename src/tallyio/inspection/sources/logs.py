"""A transaction from its logs: transfers of tokens, and what the protocols' events state."""

from tallyio.core.units import ZERO_ADDRESS, Address, Hash32
from tallyio.inspection.abi import as_account, topic, word
from tallyio.inspection.activity import Action, Transaction, Transfer
from tallyio.inspection.protocols.registry import EVENTS
from tallyio.inspection.reading import Event, Reading
from tallyio.inspection.sources.assemble import transaction

TRANSFER = topic("Transfer(address,address,uint256)")
DEPOSIT = topic("Deposit(address,uint256)")
WITHDRAWAL = topic("Withdrawal(address,uint256)")


def read_transaction(
    events: list[Event],
    coin_moves: tuple[Transfer, ...],
    native: Address,
    reserves: dict[Address, tuple[int, int]],
    *,
    hash_: Hash32,
    index: int,
    sender: Address,
    to: Address | None,
    succeeded: bool,
    gas_used: int,
    effective_gas_price: int,
) -> Transaction:
    """``coin_moves`` are the known transfers of the coin, put before all others; ``native`` is wrapped."""
    transfers = (*coin_moves, *(t for event in events for t in _transfers(event, native)))
    reading = Reading(native, sender, transfers, reserves)
    actions: list[Action] = []
    for event in events:
        reader = EVENTS.get(event.topics[0]) if event.topics else None
        if reader:
            try:
                actions += reader(event, reading)
            except (ValueError, IndexError):
                continue  # another event with the same first topic
    return transaction(
        actions,
        transfers,
        hash_=hash_,
        index=index,
        sender=sender,
        to=to,
        succeeded=succeeded,
        gas_used=gas_used,
        effective_gas_price=effective_gas_price,
    )


def _transfers(event: Event, native: Address) -> list[Transfer]:
    kind = event.topics[0] if event.topics else ""
    if kind == TRANSFER and len(event.topics) == 3 and len(event.data) == 32:
        sender, receiver = (as_account(int(t, 16) & (2**160 - 1)) for t in event.topics[1:])
        return [Transfer(event.order, event.address, sender, receiver, word(event.data, 0))]
    if event.address != native or len(event.topics) != 2 or len(event.data) != 32:
        return []
    who, amount = as_account(int(event.topics[1], 16) & (2**160 - 1)), word(event.data, 0)
    if kind == DEPOSIT:
        return [Transfer(event.order, native, ZERO_ADDRESS, who, amount)]
    if kind == WITHDRAWAL:
        return [Transfer(event.order, native, who, ZERO_ADDRESS, amount)]
    return []
