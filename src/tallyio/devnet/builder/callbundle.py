"""``eth_callBundle``: what a bundle would do, in the shape of Flashbots' answer."""

from typing import Any

from tallyio.chains.signed import SignedTransaction
from tallyio.devnet.builder.jsonrpc import REFUSED, RpcError
from tallyio.devnet.builder.node import Node
from tallyio.devnet.builder.pool import bundle_hash
from tallyio.devnet.builder.records import Effect, Slot
from tallyio.devnet.builder.simulate import NotExecutableError, simulate


async def call_bundle(node: Node, slot: Slot, transactions: tuple[SignedTransaction, ...]) -> dict[str, Any]:
    """Amounts are decimal texts of wei, gas plain numbers. Raises ``RpcError`` when the bundle cannot run at all."""
    await _check(node, slot, transactions)
    try:
        effects = await simulate(node, slot, transactions)
    except NotExecutableError as e:
        raise RpcError(REFUSED, f"the bundle cannot run: {e.message}") from e
    diff = sum(effect.proposer_wei for effect in effects)
    gas = sum(effect.gas_used for effect in effects)
    fees = sum(_fee(slot, tx, effect) for tx, effect in zip(transactions, effects, strict=True))
    return {
        "bundleHash": bundle_hash(transactions),
        "bundleGasPrice": str(diff // gas),
        "coinbaseDiff": str(diff),
        "gasFees": str(fees),
        "ethSentToCoinbase": str(diff - fees),
        "totalGasUsed": gas,
        "stateBlockNumber": slot.parent.number,
        "results": [_result(slot, tx, effect) for tx, effect in zip(transactions, effects, strict=True)],
    }


async def _check(node: Node, slot: Slot, transactions: tuple[SignedTransaction, ...]) -> None:
    following = await node.nonces(sorted({tx.sender for tx in transactions}), hex(slot.parent.number))
    for tx in transactions:
        if tx.nonce != following[tx.sender]:
            problem = "too high" if tx.nonce > following[tx.sender] else "too low"
            raise RpcError(
                REFUSED, f"nonce {problem}: {tx.sender} is at {following[tx.sender]}, {tx.hash} has {tx.nonce}"
            )
        following[tx.sender] += 1
        if tx.tip_wei(slot.base_fee_wei) < 0:
            raise RpcError(
                REFUSED, f"the fee cap {tx.max_fee_wei} of {tx.hash} is below the base fee {slot.base_fee_wei}"
            )


def _fee(slot: Slot, tx: SignedTransaction, effect: Effect) -> int:
    return effect.gas_used * tx.tip_wei(slot.base_fee_wei)


def _result(slot: Slot, tx: SignedTransaction, effect: Effect) -> dict[str, Any]:
    fee = _fee(slot, tx, effect)
    outcome: dict[str, str] = {"value": "0x" + effect.returned.hex()}
    if not effect.success:
        outcome = {"error": "execution reverted", "revert": effect.error}
    return {
        "txHash": tx.hash,
        "fromAddress": tx.sender,
        "toAddress": tx.to,
        "gasUsed": effect.gas_used,
        "gasPrice": str(effect.proposer_wei // effect.gas_used),
        "gasFees": str(fee),
        "coinbaseDiff": str(effect.proposer_wei),
        "ethSentToCoinbase": str(effect.proposer_wei - fee),
        **outcome,
    }
