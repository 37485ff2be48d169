"""The node behind the builder: an anvil that mines only when told to (``--no-mining --order fifo``)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from tallyio.chains.jsonrpc import Call
from tallyio.chains.rpc import Rpc, RpcError
from tallyio.chains.signed import SignedTransaction, decode
from tallyio.chains.transactions import encode_signed
from tallyio.core.errors import ChainDataError, OutOfReachError
from tallyio.core.units import Address, Hash32
from tallyio.devnet.builder.records import Head, Slot

MAX_CALLS = 50
"""Calls in one request. Anvil runs a batch in its order only while it is short: a task that has done much yields."""


class Replaced(NamedTuple):
    """How a replaced pool changed hands.

    ``before`` and ``after`` are what became ready until then and during it. ``followers`` arrived late, right behind a
    transaction that was taken out, and left the pool with it. ``refused`` gives the node's words.
    """

    before: list[Hash32]
    followers: list[SignedTransaction]
    after: list[Hash32]
    refused: dict[Hash32, str]


class Node:
    """The few things that a builder does to its node."""

    def __init__(self, url: str, timeout_s: float = 30.0) -> None:
        self._rpc = Rpc(url, timeout_s, batch_size=MAX_CALLS)
        self._filter: str | None = None

    async def close(self) -> None:
        await self._rpc.close()

    async def call(self, method: str, *params: Any) -> Any:
        """Raises ``RpcError`` when the node refuses."""
        return await self._rpc.call(method, params)

    async def head(self) -> Head:
        return _head(await self.call("eth_getBlockByNumber", "latest", False))

    async def head_at(self, number: int) -> Head | None:
        block = await self.call("eth_getBlockByNumber", hex(number), False)
        return _head(block) if block else None

    async def nonces(self, senders: Sequence[Address], block: str = "latest") -> dict[Address, int]:
        counts = await self._rpc.batch([("eth_getTransactionCount", (who, block)) for who in senders])
        return {who: int(count, 16) for who, count in zip(senders, counts, strict=True)}

    async def announced(self) -> list[Hash32] | None:
        """Hashes that became ready in the node's pool since the last call, in their order.

        None when nobody was watching (the first call, or the node forgot): then only ``pool`` tells what is there.
        """
        if self._filter is not None:
            try:
                return [Hash32(h) for h in await self.call("eth_getFilterChanges", self._filter)]
            except RpcError:
                pass
        self._filter = await self.call("eth_newPendingTransactionFilter")
        return None

    async def pool(self) -> list[SignedTransaction]:
        """Everything in the node's pool, ready or queued, in no particular order. Slow."""
        content = await self.call("txpool_content")
        return _decoded(
            [
                fields
                for kind in ("pending", "queued")
                for by_nonce in content[kind].values()
                for fields in by_nonce.values()
            ]
        )

    async def signed_bytes(self, hashes: Sequence[Hash32]) -> list[bytes | None]:
        """The signed bytes of transactions in the pool or in a block; None for those that the node lacks."""
        raws = await self._rpc.batch([("eth_getRawTransactionByHash", (h,)) for h in hashes])
        return [bytes.fromhex(raw[2:]) if raw else None for raw in raws]

    async def replace_pool(self, out: Sequence[SignedTransaction], into: Sequence[SignedTransaction]) -> Replaced:
        """Take ``out`` from the pool, then put ``into`` in, in this order.

        The node drops with a transaction whatever follows it by nonce. A follower that arrived after ``out`` was
        learnt is asked for in the same request, just before, so that it is not lost.
        """
        watch: list[Call] = [("eth_getFilterChanges", (self._filter,))]
        answers = await self._rpc.batch([*watch, *_drops(out)], keep_errors=True)
        followers = _decoded([found for found in answers[1:] if isinstance(found, dict)])
        sent = await self._rpc.batch([*_sends(into), *watch], keep_errors=True)
        before, after = ([] if isinstance(answer, RpcError) else answer for answer in (answers[0], sent.pop()))
        return Replaced(before, followers, after, _refused(into, sent))

    async def send(self, transactions: Sequence[SignedTransaction]) -> dict[Hash32, str]:
        """Put transactions into the pool in this order; returns the node's words on each that it refused."""
        return _refused(transactions, await self._rpc.batch(_sends(transactions), keep_errors=True))

    async def mine(self, slot: Slot) -> dict[str, Any]:
        """Mine the pool as it stands into ``slot``; returns the block with its receipts under ``receipts``."""
        await self._rpc.batch(
            [
                ("anvil_setCoinbase", (slot.coinbase,)),
                ("anvil_setNextBlockBaseFeePerGas", (hex(slot.base_fee_wei),)),
                ("evm_mine", ({"timestamp": hex(slot.timestamp)},)),
            ]
        )
        block: dict[str, Any] = await self.call("eth_getBlockByNumber", hex(slot.number), True)
        block["receipts"] = await self.call("eth_getBlockReceipts", hex(slot.number)) if block["transactions"] else []
        return block

    async def block_transactions(self, number: int) -> list[SignedTransaction]:
        block = await self.call("eth_getBlockByNumber", hex(number), True)
        return _decoded(block["transactions"])

    async def rollback(self, depth: int) -> None:
        await self.call("anvil_rollback", depth)


def _drops(transactions: Sequence[SignedTransaction]) -> list[Call]:
    """By sender: ask for what follows its last transaction, then drop them, last first."""
    calls: list[Call] = []
    asked: set[Address] = set()
    for tx in sorted(transactions, key=lambda tx: (tx.sender, -tx.nonce)):
        if tx.sender not in asked:
            calls.append(("eth_getTransactionBySenderAndNonce", (tx.sender, hex(tx.nonce + 1))))
            asked.add(tx.sender)
        calls.append(("anvil_dropTransaction", (tx.hash,)))
    return calls


def _sends(transactions: Sequence[SignedTransaction]) -> list[Call]:
    return [("eth_sendRawTransaction", ("0x" + tx.raw.hex(),)) for tx in transactions]


def _refused(transactions: Sequence[SignedTransaction], answers: Sequence[Any]) -> dict[Hash32, str]:
    found = zip(transactions, answers, strict=True)
    return {tx.hash: answer.reason for tx, answer in found if isinstance(answer, RpcError)}


def _head(block: dict[str, Any]) -> Head:
    return Head(
        int(block["number"], 16),
        Hash32(block["hash"]),
        int(block["timestamp"], 16),
        int(block["baseFeePerGas"], 16),
        int(block["gasUsed"], 16),
        int(block["gasLimit"], 16),
    )


def _decoded(answers: list[dict[str, Any]]) -> list[SignedTransaction]:
    """From the node's JSON back to signed bytes; types that the builder does not order are left out."""
    known = []
    for fields in answers:
        try:
            tx = decode(encode_signed(fields))
        except (ChainDataError, OutOfReachError, KeyError, TypeError):
            continue
        if tx.hash == fields["hash"]:
            known.append(tx)
    return known
