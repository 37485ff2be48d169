"""The builder's JSON-RPC methods: parameters in, answers out."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import msgspec

from tallyio.chains.signed import SignedTransaction, decode
from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.devnet.builder.builder import BlockBuilder
from tallyio.devnet.builder.callbundle import call_bundle
from tallyio.devnet.builder.jsonrpc import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    REFUSED,
    UNAUTHORIZED,
    RpcError,
    hash32,
    hex_bytes,
    hex_list,
    parameter_object,
    quantity,
)
from tallyio.devnet.builder.pool import bundle_hash, check_limits
from tallyio.devnet.builder.records import BlockReport, StoredBundle
from tallyio.execution.bundle import MAX_BYTES, MAX_TRANSACTIONS

SEND_KEYS = frozenset(
    ["txs", "blockNumber", "minTimestamp", "maxTimestamp", "revertingTxHashes", "replacementUuid", "builders"]
)
CALL_KEYS = frozenset(["txs", "blockNumber", "stateBlockNumber", "timestamp", "revertingTxHashes"])

Handler = Callable[[Any, Address | None], Awaitable[Any]]


class Methods:
    """Dispatches a method with the identity that signed the request (None: nobody did)."""

    def __init__(self, builder: BlockBuilder) -> None:
        self._builder = builder
        self._arrivals = count()
        self._chain_id: int | None = None
        self._open: dict[str, Handler] = {
            "eth_sendRawTransaction": self._send_raw_transaction,
            "eth_chainId": self._chain_id_hex,
            "devnet_blockReport": self._block_report,
            "devnet_counters": self._counters,
        }
        self._signed: dict[str, Handler] = {
            "eth_sendBundle": self._send_bundle,
            "eth_callBundle": self._call_bundle,
            "eth_cancelBundle": self._cancel_bundle,
            "flashbots_getBundleStatsV2": self._bundle_stats,
        }

    def needs_identity(self, method: str) -> bool:
        return method in self._signed

    async def dispatch(self, method: str, params: Any, signer: Address | None) -> Any:
        """Raises ``RpcError`` for whatever is wrong with the request."""
        handler = self._open.get(method) or self._signed.get(method)
        if handler is None:
            raise RpcError(METHOD_NOT_FOUND, f"the method {method[:64]} does not exist")
        if method in self._signed and signer is None:
            raise RpcError(UNAUTHORIZED, f"{method} needs a signed request")
        return await handler(params, signer)

    async def _send_bundle(self, params: Any, signer: Address | None) -> Any:
        fields = parameter_object(params, SEND_KEYS)
        signer = _known(signer)
        uuid = _text(fields.get("replacementUuid", ""), "replacementUuid")
        if uuid and fields.get("txs") == []:
            self._builder.bundles.cancel(signer, uuid)
            return {"bundleHash": None}
        transactions = await self._transactions(fields.get("txs"))
        low, high = (quantity(fields.get(name) or 0, name) for name in ("minTimestamp", "maxTimestamp"))
        if high and low > high:
            raise RpcError(INVALID_PARAMS, f"minTimestamp {low} is after maxTimestamp {high}")
        reverting = frozenset(
            hash32(item, "revertingTxHashes")
            for item in hex_list(fields.get("revertingTxHashes") or [], "revertingTxHashes")
        )
        bundle = StoredBundle(
            bundle_hash(transactions),
            transactions,
            quantity(fields.get("blockNumber"), "blockNumber"),
            signer,
            next(self._arrivals),
            low,
            high,
            reverting,
            uuid,
        )
        self._builder.bundles.add(bundle, (await self._builder.node.head()).number)
        return {"bundleHash": bundle.hash}

    async def _call_bundle(self, params: Any, signer: Address | None) -> Any:
        fields = parameter_object(params, CALL_KEYS)
        transactions = await self._transactions(fields.get("txs"))
        state = fields.get("stateBlockNumber", "latest")
        number = None if state == "latest" else quantity(state, "stateBlockNumber")
        head = await self._builder.node.head() if number is None else await self._builder.node.head_at(number)
        if head is None:
            raise RpcError(REFUSED, f"stateBlockNumber: block {number} does not exist")
        slot = self._builder.slot_after(head)
        if fields.get("timestamp") is not None:
            slot = msgspec.structs.replace(slot, timestamp=quantity(fields["timestamp"], "timestamp"))
        if fields.get("blockNumber") is not None:
            quantity(fields["blockNumber"], "blockNumber")
        return await call_bundle(self._builder.node, slot, transactions)

    async def _cancel_bundle(self, params: Any, signer: Address | None) -> Any:
        fields = parameter_object(params, frozenset(["replacementUuid"]))
        uuid = _text(fields.get("replacementUuid"), "replacementUuid")
        if not self._builder.bundles.cancel(_known(signer), uuid):
            raise RpcError(REFUSED, f"no bundle of this identity waits under replacementUuid {uuid}")
        return {"cancelled": True}

    async def _bundle_stats(self, params: Any, signer: Address | None) -> Any:
        fields = parameter_object(params, frozenset(["bundleHash", "blockNumber"]))
        bundle, number = (
            hash32(fields.get("bundleHash"), "bundleHash"),
            quantity(fields.get("blockNumber"), "blockNumber"),
        )
        return {"status": self._builder.bundles.fate(bundle, number)}

    async def _send_raw_transaction(self, params: Any, signer: Address | None) -> Any:
        if not isinstance(params, list) or len(params) != 1:
            raise RpcError(INVALID_PARAMS, "expected params to be a list of one signed transaction")
        (tx,) = await self._transactions(params)
        nonce = (await self._builder.node.nonces([tx.sender]))[tx.sender]
        if tx.nonce < nonce:
            raise RpcError(REFUSED, f"nonce too low: {tx.sender} is at {nonce}, the transaction has {tx.nonce}")
        await self._builder.add_private(tx)
        return tx.hash

    async def _chain_id_hex(self, params: Any, signer: Address | None) -> Any:
        return hex(await self._chain())

    async def _block_report(self, params: Any, signer: Address | None) -> Any:
        if not isinstance(params, list) or len(params) != 1:
            raise RpcError(INVALID_PARAMS, "expected params to be a list of one block number")
        report = self._builder.reports.get(quantity(params[0], "number"))
        return None if report is None else report_to_wire(report)

    async def _counters(self, params: Any, signer: Address | None) -> Any:
        return dict(self._builder.counters)

    async def _chain(self) -> int:
        if self._chain_id is None:
            self._chain_id = int(await self._builder.node.call("eth_chainId"), 16)
        return self._chain_id

    async def _transactions(self, value: Any) -> tuple[SignedTransaction, ...]:
        raws = [hex_bytes(item, "txs") for item in hex_list(value, "txs")[: MAX_TRANSACTIONS + 1]]
        if not 0 < len(raws) <= MAX_TRANSACTIONS:
            raise RpcError(
                INVALID_PARAMS, f"txs: expected 1 to {MAX_TRANSACTIONS}, found {len(hex_list(value, 'txs'))}"
            )
        if (size := sum(map(len, raws))) > MAX_BYTES:
            raise RpcError(INVALID_PARAMS, f"txs: expected at most {MAX_BYTES} bytes, found {size}")
        chain_id = await self._chain()
        transactions = []
        for i, raw in enumerate(raws):
            try:
                tx = decode(raw)
            except ChainDataError as e:
                raise RpcError(INVALID_PARAMS, f"txs[{i}]: {e.message}") from e
            if tx.chain_id not in (None, chain_id):
                raise RpcError(INVALID_PARAMS, f"txs[{i}]: expected chain id {chain_id}, found {tx.chain_id}")
            transactions.append(tx)
        check_limits(transactions)
        return tuple(transactions)


def report_to_wire(report: BlockReport) -> dict[str, Any]:
    """``devnet_blockReport``: amounts and numbers as hex quantities, hashes as 0x-hex."""
    return {
        "number": hex(report.number),
        "hash": report.hash,
        "parentHash": report.parent_hash,
        "timestamp": hex(report.timestamp),
        "coinbase": report.coinbase,
        "gasUsed": hex(report.gas_used),
        "transactions": list(report.transactions),
        "bundles": [
            {
                "bundleHash": bundle.hash,
                "txHashes": list(bundle.transactions),
                "coinbasePayment": hex(bundle.proposer_wei),
                "sender": bundle.signer,
                "replacementUuid": bundle.replacement_uuid or None,
            }
            for bundle in report.bundles
        ],
        "failed": [{"bundleHash": bundle, "reason": reason} for bundle, reason in report.failed],
        "replacedBlocks": list(report.dropped),
    }


def _known(signer: Address | None) -> Address:
    if signer is None:
        raise RpcError(UNAUTHORIZED, "the request is not signed")
    return signer


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) > 64:
        raise RpcError(INVALID_PARAMS, f"{name}: expected a text of at most 64 characters")
    return value
