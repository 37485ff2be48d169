"""What the ledger asks the chain: blocks, the transactions that touch our money, and balances, all by block hash."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from tallyio.chains.multicall import aggregate, block_param
from tallyio.chains.rpc import Rpc
from tallyio.core.chain import BlockRef, Log
from tallyio.core.errors import ChainDataError, OutOfReachError
from tallyio.core.units import Address, Hash32
from tallyio.journal.accounts import NATIVE
from tallyio.journal.entries import Scope
from tallyio.journal.posting import ChainTransaction, touches

_BALANCE_OF = bytes.fromhex("70a08231")
_GET_ETH_BALANCE = bytes.fromhex("4d2301cc")


class Activity(msgspec.Struct, frozen=True):
    """A block's transactions that may touch our money, in order, and who received its bids."""

    block: BlockRef
    coinbase: Address
    transactions: tuple[ChainTransaction, ...]


class ChainReader(Protocol):
    async def head(self) -> BlockRef: ...

    async def block(self, number: int) -> BlockRef | None:
        """The canonical block of that number; None when the chain is shorter."""
        ...

    async def activity(self, block: BlockRef, scope: Scope, logs: Sequence[Log] | None = None) -> Activity:
        """``logs`` are all of the block's when the caller has them. Raises ``OutOfReachError`` if it left the chain."""
        ...

    async def balances(self, block: BlockRef, holdings: Sequence[tuple[Address, Address]]) -> list[int]:
        """Balances of (holder, token) at the end of ``block``."""
        ...


class RpcChainReader:
    """A ``ChainReader`` over one node. ``multicall3`` makes one call of all balances."""

    def __init__(self, rpc: Rpc, multicall3: Address | None = None) -> None:
        self._rpc = rpc
        self._multicall3 = multicall3

    async def head(self) -> BlockRef:
        return _ref(await self._rpc.call("eth_getBlockByNumber", ["latest", False]))

    async def block(self, number: int) -> BlockRef | None:
        found = await self._rpc.call("eth_getBlockByNumber", [hex(number), False])
        return _ref(found) if found else None

    async def activity(self, block: BlockRef, scope: Scope, logs: Sequence[Log] | None = None) -> Activity:
        found = await self._rpc.call("eth_getBlockByHash", [block.hash, True])
        if not found:
            raise OutOfReachError(f"block {block.number} {block.hash} is not known to the node", todo="Ask again")
        if logs is None:
            logs = await self._logs(block, scope)
        ours = set(scope.addresses.values())
        moved: dict[Hash32, list[Log]] = {}
        for log in logs:
            if touches(log, scope):
                moved.setdefault(log.tx_hash, []).append(log)
        named = [tx for tx in found["transactions"] if tx["from"].lower() in ours or (tx["to"] or "").lower() in ours]
        receipts = await self._receipts(block, [Hash32(tx["hash"].lower()) for tx in named])
        transactions = []
        for tx in found["transactions"]:
            hash_ = Hash32(tx["hash"].lower())
            if hash_ in receipts or hash_ in moved:
                transactions.append(_transaction(tx, receipts.get(hash_), moved.get(hash_, [])))
        return Activity(block, Address(found["miner"].lower()), tuple(transactions))

    async def balances(self, block: BlockRef, holdings: Sequence[tuple[Address, Address]]) -> list[int]:
        if self._multicall3 is not None:
            calls = [
                (self._multicall3, _GET_ETH_BALANCE + _padded(holder))
                if token == NATIVE
                else (token, _BALANCE_OF + _padded(holder))
                for holder, token in holdings
            ]
            answers = [data if good else b"" for good, data in await self._aggregate(calls, block)]
        else:
            at = block_param(block.hash)
            requests: list[tuple[str, list[Any]]] = [
                ("eth_getBalance", [holder, at])
                if token == NATIVE
                else ("eth_call", [{"to": token, "data": "0x" + (_BALANCE_OF + _padded(holder)).hex()}, at])
                for holder, token in holdings
            ]
            answers = [_bytes(answer) for answer in await self._rpc.batch(requests)]
        return [_amount(answer, *holding) for answer, holding in zip(answers, holdings, strict=True)]

    async def _aggregate(self, calls: Sequence[tuple[Address, bytes]], block: BlockRef) -> list[tuple[bool, bytes]]:
        assert self._multicall3 is not None  # noqa: S101 - the caller asked
        return await aggregate(self._rpc, self._multicall3, calls, block.hash)

    async def _logs(self, block: BlockRef, scope: Scope) -> list[Log]:
        held = ["0x" + _padded(holder).hex() for holder in scope.addresses.values()]
        wanted = {"blockHash": block.hash, "address": sorted(scope.followed)}
        answers = await self._rpc.batch(
            [
                ("eth_getLogs", [{**wanted, "topics": [None, held]}]),
                ("eth_getLogs", [{**wanted, "topics": [None, None, held]}]),
            ]
        )
        found = {int(log["logIndex"], 16): _log(log) for answer in answers for log in answer}
        return [found[index] for index in sorted(found)]

    async def _receipts(self, block: BlockRef, hashes: Sequence[Hash32]) -> dict[Hash32, Mapping[str, Any]]:
        answers = await self._rpc.batch([("eth_getTransactionReceipt", [hash_]) for hash_ in hashes]) if hashes else []
        for hash_, answer in zip(hashes, answers, strict=True):
            if not answer or answer["blockHash"].lower() != block.hash:
                raise OutOfReachError(f"the receipt of {hash_} is not of block {block.hash}", todo="Ask again")
        return dict(zip(hashes, answers, strict=True))


def _transaction(tx: Mapping[str, Any], receipt: Mapping[str, Any] | None, moved: Sequence[Log]) -> ChainTransaction:
    """A transaction without receipt is somebody else's, of which only the logs matter."""
    return ChainTransaction(
        hash=Hash32(tx["hash"].lower()),
        index=int(tx["transactionIndex"], 16),
        sender=Address(tx["from"].lower()),
        to=Address(tx["to"].lower()) if tx["to"] else None,
        nonce=int(tx["nonce"], 16),
        value_wei=int(tx["value"], 16),
        data=_bytes(tx["input"]),
        success=receipt is None or int(receipt["status"], 16) == 1,
        gas_used=int(receipt["gasUsed"], 16) if receipt else 0,
        gas_price_wei=int(receipt["effectiveGasPrice"], 16) if receipt else 0,
        logs=tuple(_log(log) for log in receipt["logs"]) if receipt else tuple(moved),
        created=Address(receipt["contractAddress"].lower()) if receipt and receipt.get("contractAddress") else None,
        l1_fee_wei=int(receipt.get("l1Fee") or "0x0", 16) if receipt else 0,
    )


def _log(log: Mapping[str, Any]) -> Log:
    return Log(
        address=Address(log["address"].lower()),
        topics=tuple(topic.lower() for topic in log["topics"]),
        data=_bytes(log["data"]),
        block_number=int(log["blockNumber"], 16),
        block_hash=Hash32(log["blockHash"].lower()),
        tx_hash=Hash32(log["transactionHash"].lower()),
        tx_index=int(log["transactionIndex"], 16),
        log_index=int(log["logIndex"], 16),
    )


def _ref(block: Mapping[str, Any]) -> BlockRef:
    return BlockRef(
        number=int(block["number"], 16),
        hash=Hash32(block["hash"].lower()),
        parent_hash=Hash32(block["parentHash"].lower()),
        timestamp=int(block["timestamp"], 16),
    )


def _padded(holder: Address) -> bytes:
    return bytes.fromhex(holder[2:]).rjust(32, b"\0")


def _bytes(text: str) -> bytes:
    digits = text.removeprefix("0x")
    return bytes.fromhex("0" * (len(digits) % 2) + digits)


def _amount(answer: bytes, holder: Address, token: Address) -> int:
    if not answer or (token != NATIVE and len(answer) != 32):
        raise ChainDataError(f"{token} did not answer balanceOf({holder}) with a number", todo="Follow only ERC-20s")
    return int.from_bytes(answer)
