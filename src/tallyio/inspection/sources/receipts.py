"""Blocks as nodes give them, with full transactions, and each transaction's gas and logs.

``block`` is ``eth_getBlockByNumber``'s answer; ``receipts`` one ``{tx, gasUsed, logs: [[address, topics, data]]}`` a
transaction. Logs hold no transfers of the coin inside transactions; ``native_seen`` is false.
"""

from typing import Any

from tallyio.core.units import ZERO_ADDRESS, Address, Hash32, address
from tallyio.inspection.abi import as_account, topic, word
from tallyio.inspection.activity import (
    NATIVE,
    WRAPPED_NATIVE,
    Action,
    BlockActivity,
    PoolStorage,
    Transaction,
    Transfer,
)
from tallyio.inspection.protocols.registry import EVENTS
from tallyio.inspection.reading import Event, Reading
from tallyio.inspection.sources.assemble import transaction

TRANSFER = topic("Transfer(address,address,uint256)")
DEPOSIT = topic("Deposit(address,uint256)")
WITHDRAWAL = topic("Withdrawal(address,uint256)")


def read(block: dict[str, Any], receipts: list[dict[str, Any]], pre_state: dict[str, Any]) -> BlockActivity:
    """The block's activity. Raises ``KeyError``, ``TypeError`` or ``ValueError`` where the parts do not fit."""
    bodies = block["transactions"]
    if len(bodies) != len(receipts):
        raise ValueError(f"{len(bodies)} transactions and {len(receipts)} receipts")
    chains = {int(body["chainId"], 16) for body in bodies if body.get("chainId")}
    if not chains <= WRAPPED_NATIVE.keys() or len(chains) > 1:
        raise ValueError(f"transactions of chain {sorted(chains)}, expected one of {sorted(WRAPPED_NATIVE)}")
    native = WRAPPED_NATIVE[chains.pop() if chains else 1]
    base_fee = int(block.get("baseFeePerGas") or "0x0", 16)
    found: list[Transaction] = []
    reserves: dict[Address, tuple[int, int]] = {}
    for index, (body, receipt) in enumerate(zip(bodies, receipts, strict=True)):
        if body["hash"] != receipt["tx"]:
            raise ValueError(f"the receipt {index} is of transaction {receipt['tx']}, expected {body['hash']}")
        found.append(_transaction(index, body, receipt, base_fee, native, reserves))
    return BlockActivity(
        number=int(block["number"], 16),
        proposer=address(block["miner"]),
        base_fee=base_fee,
        native=native,
        native_seen=False,
        transactions=tuple(found),
        storage={
            address(who): PoolStorage({int(k, 16): int(v, 16) for k, v in account["storage"].items()})
            for who, account in pre_state.items()
            if account.get("storage")
        },
    )


def _transaction(
    index: int,
    body: dict[str, Any],
    receipt: dict[str, Any],
    base_fee: int,
    native: Address,
    reserves: dict[Address, tuple[int, int]],
) -> Transaction:
    sender, to = address(body["from"]), address(body["to"]) if body["to"] else None
    succeeded = int(receipt["status"], 16) == 1 if "status" in receipt else True
    events = [
        Event(order, (order,), address(log[0]), tuple(log[1]), bytes.fromhex(log[2][2:]))
        for order, log in enumerate(receipt["logs"])
    ]
    value = int(body["value"], 16)
    first = [Transfer(-1, NATIVE, sender, to, value)] if value and to else []
    transfers = (*first, *(t for event in events for t in _transfers(event, native)))
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
        hash_=Hash32(body["hash"]),
        index=index,
        sender=sender,
        to=to,
        succeeded=succeeded,
        gas_used=int(receipt["gasUsed"]),
        effective_gas_price=_gas_price(body, base_fee),
    )


def _gas_price(body: dict[str, Any], base_fee: int) -> int:
    """What the sender paid for a unit of gas (EIP-1559)."""
    if body.get("maxFeePerGas") is None:
        return int(body["gasPrice"], 16)
    return min(int(body["maxFeePerGas"], 16), base_fee + int(body["maxPriorityFeePerGas"], 16))


def _transfers(event: Event, native: Address) -> list[Transfer]:
    kind = event.topics[0] if event.topics else ""
    if kind == TRANSFER and len(event.topics) == 3 and len(event.data) == 32:
        sender, receiver = (as_account(int(t, 16) & (2**160 - 1)) for t in event.topics[1:])
        return [Transfer(event.order, event.address, sender, receiver, word(event.data, 0))]
    if event.address != native or len(event.topics) != 2 or len(event.data) != 32:
        return []
    who, amount = as_account(int(event.topics[1], 16)), word(event.data, 0)
    if kind == DEPOSIT:
        return [Transfer(event.order, native, ZERO_ADDRESS, who, amount)]
    if kind == WITHDRAWAL:
        return [Transfer(event.order, native, who, ZERO_ADDRESS, amount)]
    return []
