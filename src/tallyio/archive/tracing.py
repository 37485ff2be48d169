"""The state before a block, from a node's prestate tracer (geth's built-in ``prestateTracer``).

For each transaction the tracer tells what it touched, with the values before that transaction; the first that any
transaction of the block saw is the one before the block. A contract that was first seen without code was created by
the block: what is told of its slots afterwards is the block's own work and is left out.
"""

from typing import Any

import rlp  # type: ignore[import-untyped]

from tallyio.chains.blocking import BlockingRpc
from tallyio.chains.jsonrpc import RpcError, quantity
from tallyio.chains.keccak import keccak256
from tallyio.core.errors import OutOfReachError

_TRACER = "prestateTracer"
_DELEGATION = "ef0100"  # code that an account borrows (EIP-7702), with slots of its own from before


def accounts_before(rpc: BlockingRpc, block: dict[str, Any]) -> dict[str, Any]:
    """Account by address as ``sources.pre_state`` reads them. Raises ``OutOfReachError`` for a node without the tracer
    and for an answer that is not its."""
    transactions = block["transactions"]
    if not transactions:
        return {}
    try:
        answer = rpc.call("debug_traceBlockByNumber", [block["number"], {"tracer": _TRACER}])
    except RpcError as error:
        raise _without_tracer(rpc, error.reason) from None
    if not isinstance(answer, list) or len(answer) != len(transactions):
        raise _without_tracer(rpc, "its answer is not one result a transaction")
    found: dict[str, Any] = {}
    for transaction, row in zip(transactions, answer, strict=True):
        result = row.get("result") if isinstance(row, dict) else None
        if not isinstance(result, dict) or not all(isinstance(each, dict) for each in result.values()):
            reason = row.get("error") if isinstance(row, dict) else None
            raise _without_tracer(rpc, str(reason or "its answer is not that of the tracer")[:100])
        _merge(found, result)
        if not transaction.get("to"):
            found.setdefault(_created(transaction), {})
    return found


def _merge(found: dict[str, Any], result: dict[str, Any]) -> None:
    for address, told in result.items():
        held = found.setdefault(address.lower(), {**told, "storage": {}})
        if _code(held) or not _code(told) or _code(told).startswith(_DELEGATION):
            slots = held.setdefault("storage", {})
            for key, value in (told.get("storage") or {}).items():
                slots.setdefault(key, value)


def _code(account: dict[str, Any]) -> str:
    return str(account.get("code") or "0x")[2:]


def _created(transaction: dict[str, Any]) -> str:
    sender = bytes.fromhex(transaction["from"][2:])
    return "0x" + keccak256(bytes(rlp.encode([sender, quantity(transaction["nonce"])])))[12:].hex()


def _without_tracer(rpc: BlockingRpc, reason: str) -> OutOfReachError:
    return OutOfReachError(
        f"{rpc.where} does not offer debug_traceBlockByNumber with the prestate tracer: {reason}",
        todo="Use an archive node that has the debug namespace switched on",
    )
