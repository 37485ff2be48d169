"""Blocks as nodes give them, with full transactions, and each transaction's gas and logs.

``block`` is ``eth_getBlockByNumber``'s answer; ``receipts`` one ``{tx, gasUsed, logs: [[address, topics, data]]}`` a
transaction. Logs hold no transfers of the coin inside transactions; ``native_seen`` is false.
"""

from typing import Any

from tallyio.core.units import Address, Hash32, address
from tallyio.inspection.activity import NATIVE, WRAPPED_NATIVE, BlockActivity, PoolStorage, Transaction, Transfer
from tallyio.inspection.reading import Event
from tallyio.inspection.sources.logs import read_transaction


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
    value = int(body["value"], 16)
    return read_transaction(
        [
            Event(order, (order,), address(log[0]), tuple(log[1]), bytes.fromhex(log[2][2:]))
            for order, log in enumerate(receipt["logs"])
        ],
        (Transfer(-1, NATIVE, sender, to, value),) if value and to else (),
        native,
        reserves,
        hash_=Hash32(body["hash"]),
        index=index,
        sender=sender,
        to=to,
        succeeded=int(receipt["status"], 16) == 1 if "status" in receipt else True,
        gas_used=int(receipt["gasUsed"]),
        effective_gas_price=_gas_price(body, base_fee),
    )


def _gas_price(body: dict[str, Any], base_fee: int) -> int:
    """What the sender paid for a unit of gas (EIP-1559)."""
    if body.get("maxFeePerGas") is None:
        return int(body["gasPrice"], 16)
    return min(int(body["maxFeePerGas"], 16), base_fee + int(body["maxPriorityFeePerGas"], 16))
