"""Small typed readers. Blocks and accounts are read at ``block``: a number, a tag, or a block hash."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from tallyio.chains import blocks, jsonrpc
from tallyio.chains.blocks import Header
from tallyio.chains.multicall import block_param
from tallyio.core.chain import Log
from tallyio.core.errors import OutOfReachError
from tallyio.core.units import Address, Hash32

if TYPE_CHECKING:
    from tallyio.chains.rpc import Rpc


class Receipt(msgspec.Struct, frozen=True):
    """What became of a mined transaction. ``created`` is the contract it deployed, if any.

    ``l1_fee_wei`` is what a rollup charges on top of gas.
    """

    tx_hash: Hash32
    tx_index: int
    block_number: int
    block_hash: Hash32
    sender: Address
    to: Address | None
    created: Address | None
    success: bool
    gas_used: int
    effective_gas_price_wei: int
    logs: tuple[Log, ...]
    l1_fee_wei: int = 0


def receipt(raw: Any) -> Receipt:
    if not isinstance(raw, dict):
        raise OutOfReachError(f"the node sent {raw!r:.60} as a receipt, expected an object")
    return Receipt(
        tx_hash=blocks.hash32(raw.get("transactionHash"), "transactionHash"),
        tx_index=jsonrpc.quantity(raw.get("transactionIndex"), "transactionIndex"),
        block_number=jsonrpc.quantity(raw.get("blockNumber"), "blockNumber"),
        block_hash=blocks.hash32(raw.get("blockHash"), "blockHash"),
        sender=blocks.account(raw.get("from"), "from"),
        to=blocks.account(raw["to"], "to") if raw.get("to") else None,
        created=blocks.account(raw["contractAddress"]) if raw.get("contractAddress") else None,
        success=jsonrpc.quantity(raw.get("status"), "status") == 1,
        gas_used=jsonrpc.quantity(raw.get("gasUsed"), "gasUsed"),
        effective_gas_price_wei=jsonrpc.quantity(raw.get("effectiveGasPrice"), "effectiveGasPrice"),
        logs=tuple(blocks.logs(raw.get("logs"))),
        l1_fee_wei=jsonrpc.quantity(raw.get("l1Fee") or "0x0", "l1Fee"),
    )


async def get_block(rpc: "Rpc", block: int | str = "latest") -> Header | None:
    """A header by number, tag or hash; None where the node has no such block."""
    by_hash = isinstance(block, str) and len(block) == 66
    raw = (
        await rpc.call("eth_getBlockByHash", [block, False])
        if by_hash
        else await rpc.call("eth_getBlockByNumber", [block_param(block), False])
    )
    return None if raw is None else blocks.header(raw)


async def get_receipt(rpc: "Rpc", tx_hash: Hash32) -> Receipt | None:
    """None while the transaction is not in a block."""
    return (await get_receipts(rpc, [tx_hash]))[0]


async def get_receipts(rpc: "Rpc", hashes: Sequence[Hash32]) -> list[Receipt | None]:
    """In one batch, in the order of ``hashes``; None for what is not in a block."""
    answers = await rpc.batch([("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes])
    return [None if answer is None else receipt(answer) for answer in answers]


async def get_code(rpc: "Rpc", of: Address, block: int | str = "latest") -> bytes:
    return jsonrpc.data(await rpc.call("eth_getCode", [of, block_param(block)]), "code")


async def get_balance(rpc: "Rpc", of: Address, block: int | str = "latest") -> int:
    """In wei."""
    return jsonrpc.quantity(await rpc.call("eth_getBalance", [of, block_param(block)]), "balance")


async def nonce(rpc: "Rpc", of: Address, block: int | str = "latest") -> int:
    """Transactions sent by ``of`` as of ``block``; the tag "pending" counts the mempool in."""
    return jsonrpc.quantity(await rpc.call("eth_getTransactionCount", [of, block_param(block)]), "nonce")


async def chain_id(rpc: "Rpc") -> int:
    return jsonrpc.quantity(await rpc.call("eth_chainId"), "chain id")


async def call(rpc: "Rpc", to: Address, data: bytes, block: int | str = "latest") -> bytes:
    """``eth_call`` without a sender. A revert raises ``RpcError`` with the revert data."""
    return jsonrpc.data(await rpc.call("eth_call", [{"to": to, "data": "0x" + data.hex()}, block_param(block)]))
