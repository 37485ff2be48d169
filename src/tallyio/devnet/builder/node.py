"""The node behind the builder: an anvil that mines only when told to (``--no-mining --order fifo``)."""

from collections.abc import Sequence
from typing import Any

import aiohttp
import msgspec
import rlp  # type: ignore[import-untyped]

from tallyio.core.errors import ChainDataError, OutOfReachError, TallyError
from tallyio.core.units import Address, Hash32
from tallyio.devnet.builder.records import Head, Slot
from tallyio.execution.signed import SignedTransaction, decode

Call = tuple[str, Sequence[Any]]


class NodeRefusedError(TallyError):
    """The node answered a call with an error."""


class Node:
    """Asynchronous JSON-RPC, and the few things that a builder does to its node."""

    def __init__(self, url: str, timeout_s: float = 30.0) -> None:
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None
        self._announced: str | None = None

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None

    async def call(self, method: str, *params: Any) -> Any:
        return _result(method, (await self.attempt([(method, params)]))[0])

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        answers = await self.attempt(calls)
        return [_result(method, answer) for (method, _), answer in zip(calls, answers, strict=True)]

    async def attempt(self, calls: Sequence[Call]) -> list[dict[str, Any]]:
        """The answers of one batch, errors included. Anvil runs the calls of a batch in order."""
        if not calls:
            return []
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        body = [{"jsonrpc": "2.0", "id": i, "method": m, "params": p} for i, (m, p) in enumerate(calls)]
        try:
            async with self._session.post(
                self._url, data=msgspec.json.encode(body), headers={"Content-Type": "application/json"}
            ) as response:
                answers = msgspec.json.decode(await response.read(), type=list[dict[str, Any]])
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError) as e:
            raise OutOfReachError(f"the devnet's node at {self._url} does not answer: {type(e).__name__}") from e
        return sorted(answers, key=lambda answer: int(answer["id"]))

    async def head(self) -> Head:
        return _head(await self.call("eth_getBlockByNumber", "latest", False))

    async def head_at(self, number: int) -> Head | None:
        block = await self.call("eth_getBlockByNumber", hex(number), False)
        return _head(block) if block else None

    async def nonces(self, senders: Sequence[Address], block: str = "latest") -> dict[Address, int]:
        counts = await self.batch([("eth_getTransactionCount", (who, block)) for who in senders])
        return {who: int(count, 16) for who, count in zip(senders, counts, strict=True)}

    async def announced(self) -> list[Hash32]:
        """Hashes that became ready in the node's pool since the last call, in their order.

        After a pause so long that the node forgot the filter, the order of what came meanwhile is lost.
        """
        if self._announced is not None:
            answer = (await self.attempt([("eth_getFilterChanges", (self._announced,))]))[0]
            if isinstance(answer.get("result"), list):
                return [Hash32(h) for h in answer["result"]]
        self._announced = await self.call("eth_newPendingTransactionFilter")
        return []

    async def pool(self) -> list[SignedTransaction]:
        """Everything in the node's pool, ready or queued, in no particular order."""
        return _pool(await self.call("txpool_content"))

    async def take_pool(self) -> list[SignedTransaction]:
        """Read and empty the pool in one request, so that no arrival falls in between."""
        content, _ = await self.batch([("txpool_content", ()), ("anvil_dropAllTransactions", ())])
        return _pool(content)

    async def send(self, transactions: Sequence[SignedTransaction]) -> dict[Hash32, str]:
        """Put transactions into the pool in this order; returns the node's words on each that it refused."""
        answers = await self.attempt([("eth_sendRawTransaction", ("0x" + tx.raw.hex(),)) for tx in transactions])
        return {
            tx.hash: str(answer["error"].get("message"))
            for tx, answer in zip(transactions, answers, strict=True)
            if "error" in answer
        }

    async def mine(self, slot: Slot) -> dict[str, Any]:
        """Mine the pool as it stands into ``slot``; returns the block with its receipts under ``receipts``."""
        await self.batch(
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


def _head(block: dict[str, Any]) -> Head:
    return Head(
        int(block["number"], 16),
        Hash32(block["hash"]),
        int(block["timestamp"], 16),
        int(block["baseFeePerGas"], 16),
        int(block["gasUsed"], 16),
        int(block["gasLimit"], 16),
    )


def _pool(content: dict[str, dict[str, dict[str, Any]]]) -> list[SignedTransaction]:
    return _decoded(
        [
            fields
            for kind in ("pending", "queued")
            for by_nonce in content[kind].values()
            for fields in by_nonce.values()
        ]
    )


def _decoded(answers: list[dict[str, Any]]) -> list[SignedTransaction]:
    """From the node's JSON back to signed bytes; types that the builder does not order are left out."""
    known = []
    for fields in answers:
        try:
            tx = decode(_raw(fields))
        except (ChainDataError, KeyError, ValueError):
            continue
        if tx.hash == fields["hash"]:
            known.append(tx)
    return known


def _raw(fields: dict[str, Any]) -> bytes:
    def number(name: str) -> int:
        return int(fields[name], 16)

    kind = int(fields.get("type") or "0x0", 16)
    to = bytes.fromhex(fields["to"][2:]) if fields.get("to") else b""
    data = bytes.fromhex(fields["input"][2:])
    if kind == 0:
        body = [number("nonce"), number("gasPrice"), number("gas"), to, number("value"), data]
        return bytes(rlp.encode([*body, number("v"), number("r"), number("s")]))
    fees = [number("gasPrice")] if kind == 1 else [number("maxPriorityFeePerGas"), number("maxFeePerGas")]
    access = [
        [bytes.fromhex(entry["address"][2:]), [bytes.fromhex(key[2:]) for key in entry["storageKeys"]]]
        for entry in fields.get("accessList") or []
    ]
    body = [number("chainId"), number("nonce"), *fees, number("gas"), to, number("value"), data, access]
    parity = number("yParity") if fields.get("yParity") else number("v")
    return bytes([kind]) + bytes(rlp.encode([*body, parity, number("r"), number("s")]))


def _result(method: str, answer: dict[str, Any]) -> Any:
    if "error" in answer:
        raise NodeRefusedError(f"{method} answered: {answer['error'].get('message')}")
    return answer["result"]
