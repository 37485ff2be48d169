"""Headers and logs as JSON-RPC sends them, decoded into records."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tallyio.chains import jsonrpc
from tallyio.core.chain import BlockRef, Log, NewBlock
from tallyio.core.errors import OutOfReachError
from tallyio.core.units import Address, Hash32, address


class Header(msgspec.Struct, frozen=True):
    """What TallyIO keeps of a block header. ``prevrandao`` is the header's ``mixHash``."""

    ref: BlockRef
    base_fee_wei: int
    gas_used: int
    gas_limit: int
    coinbase: Address
    logs_bloom: bytes
    prevrandao: bytes
    excess_blob_gas: int

    def block(self, logs: Sequence[Log]) -> NewBlock:
        return NewBlock(
            block=self.ref,
            base_fee_wei=self.base_fee_wei,
            gas_used=self.gas_used,
            gas_limit=self.gas_limit,
            coinbase=self.coinbase,
            logs=tuple(logs),
        )


def hash32(value: Any, field: str = "hash") -> Hash32:
    raw = jsonrpc.data(value, field)
    if len(raw) != 32:
        raise OutOfReachError(f"the node sent {len(raw)} bytes as {field}, expected 32")
    return Hash32("0x" + raw.hex())


def account(value: Any, field: str = "address") -> Address:
    raw = jsonrpc.data(value, field)
    if len(raw) != 20:
        raise OutOfReachError(f"the node sent {len(raw)} bytes as {field}, expected an address of 20")
    return address(raw)


def header(raw: Any) -> Header:
    """A block object of ``eth_getBlockBy...`` or of a ``newHeads`` notice. Raises ``OutOfReachError``."""
    if not isinstance(raw, dict):
        raise OutOfReachError(f"the node sent {raw!r:.60} as a block, expected an object")
    get = raw.get
    return Header(
        ref=BlockRef(
            number=jsonrpc.quantity(get("number"), "block number"),
            hash=hash32(get("hash"), "block hash"),
            parent_hash=hash32(get("parentHash"), "parentHash"),
            timestamp=jsonrpc.quantity(get("timestamp"), "timestamp"),
        ),
        base_fee_wei=jsonrpc.quantity(get("baseFeePerGas", "0x0"), "baseFeePerGas"),
        gas_used=jsonrpc.quantity(get("gasUsed"), "gasUsed"),
        gas_limit=jsonrpc.quantity(get("gasLimit"), "gasLimit"),
        coinbase=account(get("miner"), "miner"),
        logs_bloom=jsonrpc.data(get("logsBloom"), "logsBloom"),
        prevrandao=jsonrpc.data(get("mixHash") or "0x" + "00" * 32, "mixHash"),
        excess_blob_gas=jsonrpc.quantity(get("excessBlobGas") or "0x0", "excessBlobGas"),
    )


def log(raw: Any) -> Log:
    """One log of ``eth_getLogs`` or of a receipt. Raises ``OutOfReachError``."""
    if not isinstance(raw, dict) or not isinstance(raw.get("topics"), list):
        raise OutOfReachError(f"the node sent {raw!r:.60} as a log, expected an object with topics")
    return Log(
        address=account(raw.get("address")),
        topics=tuple(hash32(topic, "topic") for topic in raw["topics"]),
        data=jsonrpc.data(raw.get("data"), "log data"),
        block_number=jsonrpc.quantity(raw.get("blockNumber"), "blockNumber"),
        block_hash=hash32(raw.get("blockHash"), "blockHash"),
        tx_hash=hash32(raw.get("transactionHash"), "transactionHash"),
        tx_index=jsonrpc.quantity(raw.get("transactionIndex"), "transactionIndex"),
        log_index=jsonrpc.quantity(raw.get("logIndex"), "logIndex"),
    )


def logs(raw: Any) -> list[Log]:
    """The answer of ``eth_getLogs`` without the logs that a reorg removed. Raises ``OutOfReachError``."""
    if not isinstance(raw, list):
        raise OutOfReachError(f"the node sent {raw!r:.60} as logs, expected a list")
    return [log(entry) for entry in raw if not (isinstance(entry, dict) and entry.get("removed"))]
