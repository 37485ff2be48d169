"""Blocks with Parity's ``trace_block`` and receipts without logs.

The file is ``{block_number, miner, base_fee_per_gas, traces, receipts}`` as mev-inspect-py keeps its test blocks. It
names no chain: it is read as Ethereum's.
"""

from typing import Any

from tallyio.core.units import Address, Hash32, address
from tallyio.inspection.activity import WRAPPED_NATIVE, Action, BlockActivity, Transaction
from tallyio.inspection.calls import Call, transfers_of
from tallyio.inspection.protocols.registry import CALLS
from tallyio.inspection.reading import Reading
from tallyio.inspection.sources.assemble import transaction

ETHEREUM = 1


def read(block: dict[str, Any]) -> BlockActivity:
    """The block's activity. Raises ``KeyError``, ``TypeError`` or ``ValueError`` where the file has another shape."""
    native = WRAPPED_NATIVE[ETHEREUM]
    traces: dict[str, list[dict[str, Any]]] = {}
    for trace in block["traces"]:
        if trace["type"] != "reward":
            if int(trace["block_number"]) != int(block["block_number"]):
                raise ValueError(f"a trace of block {trace['block_number']}")
            traces.setdefault(trace["transaction_hash"], []).append(trace)
    reserves: dict[Address, tuple[int, int]] = {}
    found: list[Transaction] = []
    receipts = sorted(block["receipts"], key=lambda r: int(r["transaction_index"]))
    if len(receipts) < len(traces):
        raise ValueError(f"{len(traces)} transactions with traces, {len(receipts)} with receipts")
    for receipt in receipts:
        root = tree(traces[receipt["transaction_hash"]])
        found.append(_transaction(root, receipt, native, reserves))
    return BlockActivity(
        number=int(block["block_number"]),
        proposer=address(block["miner"]),
        base_fee=int(block["base_fee_per_gas"]),
        native=native,
        native_seen=True,
        transactions=tuple(found),
    )


def tree(traces: list[dict[str, Any]]) -> Call:
    """The call tree of one transaction. Raises ``ValueError`` where a call's parent is missing."""
    calls: dict[tuple[int, ...], Call] = {}
    ordered = sorted(traces, key=lambda t: tuple(t["trace_address"]))
    for order, trace in enumerate(ordered):
        place = tuple(trace["trace_address"])
        parent = calls.get(place[:-1]) if place else None
        if (place and parent is None) or place in calls:
            raise ValueError(f"the trace at {list(place)} has no parent, or is there twice")
        call = _call(order, place, trace, parent is not None and parent.failed)
        calls[place] = call
        if parent:
            parent.children.append(call)
            call.passed_on = call.data == parent.data and bool(call.data)
    for call in reversed(calls.values()):
        call.end = call.children[-1].end if call.children else call.order
    return calls[()]


def _call(order: int, place: tuple[int, ...], trace: dict[str, Any], within_failed: bool) -> Call:
    action, result = trace["action"], trace.get("result") or {}
    failed = within_failed or trace.get("error") is not None
    kind = trace["type"]
    if kind == "suicide":
        sender, to, value = action["address"], action["refundAddress"], action["balance"]
        return Call(order, place, kind, address(sender), address(to), int(value, 16), b"", b"", failed)
    if kind == "create":
        made = result.get("address") or "0x" + "00" * 20
        value = int(action["value"], 16)
        return Call(order, place, kind, address(action["from"]), address(made), value, b"", b"", failed)
    if kind != "call":
        raise ValueError(f"a trace of type {kind!r}")
    value = int(action["value"], 16) if action["callType"] == "call" else 0
    return Call(
        order,
        place,
        action["callType"],
        address(action["from"]),
        address(action["to"]),
        value,
        bytes.fromhex(action["input"][2:]),
        bytes.fromhex((result.get("output") or "0x")[2:]),
        failed,
    )


def _transaction(
    root: Call, receipt: dict[str, Any], native: Address, reserves: dict[Address, tuple[int, int]]
) -> Transaction:
    transfers = transfers_of(root, native)
    reading = Reading(native, root.sender, transfers, reserves)
    actions: list[Action] = []
    for call in root.walk():
        reader = CALLS.get(call.selector) if call.kind in ("call", "staticcall") else None
        if reader:
            try:
                actions += reader(call, reading)
            except ValueError:
                continue  # another contract's function with the same selector
    return transaction(
        actions,
        transfers,
        hash_=Hash32(receipt["transaction_hash"]),
        index=int(receipt["transaction_index"]),
        sender=root.sender,
        to=root.to,
        succeeded=not root.failed,
        gas_used=int(receipt["gas_used"]),
        effective_gas_price=int(receipt["effective_gas_price"]),
    )
