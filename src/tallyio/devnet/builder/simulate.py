"""Running transactions in order on the state of a block, without a trace on the chain.

``eth_simulateV1`` executes them in one block with the slot's number, time, coinbase and base fee. Between every two
of them a call to a scratch contract reads the coinbase's balance, which gives what each paid to the proposer, priority
fee and direct transfers alike, exact to the wei. The probe's own call has gas price 0 and changes nothing that a
contract could see. Not the same as in the mined block: PREVRANDAO, which the node draws only when it mines (here it is
the parent's); whatever depends on it is found out when the receipts are compared with the plan.
"""

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError

from tallyio.chains.rpc import RpcError
from tallyio.chains.signed import SignedTransaction
from tallyio.core.errors import TallyError
from tallyio.devnet.builder.node import Node
from tallyio.devnet.builder.records import Effect, Slot

PROBE = "0x00000000000000000000000000000000b417a4ce"
PROBE_CODE = "0x41315f5260205ff3"
"""COINBASE BALANCE PUSH0 MSTORE, return the word."""
PROBE_CALL = {"from": "0x00000000000000000000000000000000deadbeef", "to": PROBE, "gas": "0x186a0", "gasPrice": "0x0"}
ERROR_STRING = bytes.fromhex("08c379a0")


class NotExecutableError(TallyError):
    """A transaction in the sequence cannot be in a block at all (no funds, too little gas for its data)."""


async def simulate(
    node: Node,
    slot: Slot,
    transactions: Sequence[SignedTransaction],
    *,
    after: Sequence[SignedTransaction] = (),
    measured: bool = True,
) -> tuple[Effect, ...]:
    """What each of ``transactions`` does when they run in this order in ``slot``, behind those in ``after``.

    Without ``measured`` nobody asks for the coinbase's balance, which is faster, and every ``proposer_wei`` is 0.
    Nonces and fee caps are the caller's to check: the node does not. Raises ``NotExecutableError``.
    """
    if not transactions:
        return ()
    calls: list[dict[str, Any]] = [_call(tx) for tx in after]
    start = len(calls)
    if measured:
        calls.append(PROBE_CALL)
    for tx in transactions:
        calls += [_call(tx), PROBE_CALL] if measured else [_call(tx)]
    block = {
        "blockOverrides": {
            "number": hex(slot.number),
            "time": hex(slot.timestamp),
            "feeRecipient": slot.coinbase,
            "baseFeePerGas": hex(slot.base_fee_wei),
            "gasLimit": hex(slot.gas_limit),
        },
        "stateOverrides": {PROBE: {"code": PROBE_CODE}},
        "calls": calls,
    }
    try:
        answer = await node.call(
            "eth_simulateV1", {"blockStateCalls": [block], "validation": False}, hex(slot.parent.number)
        )
    except RpcError as e:
        raise NotExecutableError(e.reason) from e
    results = answer[0]["calls"][start:]
    if not measured:
        return tuple(_effect(result, 0) for result in results)
    balances = [int(probe["returnData"], 16) for probe in results[::2]]
    return tuple(_effect(result, balances[i + 1] - balances[i]) for i, result in enumerate(results[1::2]))


def revert_text(returned: bytes) -> str:
    """The text of ``Error(string)``, else the data in hex."""
    if returned[:4] == ERROR_STRING:
        try:
            return str(abi_decode(["string"], returned[4:])[0])
        except (DecodingError, UnicodeDecodeError):
            pass
    return "0x" + returned.hex() if returned else "reverted without data"


def _effect(result: dict[str, Any], proposer_wei: int) -> Effect:
    returned = bytes.fromhex(result["returnData"][2:])
    success = result["status"] == "0x1"
    return Effect(success, int(result["gasUsed"], 16), proposer_wei, returned, "" if success else revert_text(returned))


def _call(tx: SignedTransaction) -> dict[str, Any]:
    call: dict[str, Any] = {
        "from": tx.sender,
        "nonce": hex(tx.nonce),
        "value": hex(tx.value_wei),
        "input": "0x" + tx.data.hex(),
        "gas": hex(tx.gas_limit),
    }
    if tx.to:
        call["to"] = tx.to
    if tx.type == 2:
        call |= {"maxFeePerGas": hex(tx.max_fee_wei), "maxPriorityFeePerGas": hex(tx.priority_fee_wei)}
    else:
        call["gasPrice"] = hex(tx.max_fee_wei)
    if tx.access_list:
        call["accessList"] = [
            {"address": where, "storageKeys": ["0x" + slot.hex() for slot in slots]} for where, slots in tx.access_list
        ]
    return call
