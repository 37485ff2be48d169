"""What the ledger asks the chain: blocks, the transactions that touch our money, and balances, all by block hash."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from tallyio.chains import blocks, reads
from tallyio.chains.jsonrpc import data, quantity
from tallyio.chains.multicall import aggregate, block_param
from tallyio.chains.reads import Receipt
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
        found = await reads.get_block(self._rpc)
        if found is None:
            raise OutOfReachError("the node knows no latest block", todo="Ask again")
        return found.ref

    async def block(self, number: int) -> BlockRef | None:
        found = await reads.get_block(self._rpc, number)
        return found.ref if found else None

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
        by_hash: dict[Hash32, Mapping[str, Any]] = {blocks.hash32(tx.get("hash")): tx for tx in found["transactions"]}
        named = [h for h, tx in by_hash.items() if blocks.account(tx.get("from")) in ours or _to(tx) in ours]
        receipts = await self._receipts(block, named)
        transactions = [
            _transaction(tx, receipts.get(hash_), moved.get(hash_, []))
            for hash_, tx in by_hash.items()
            if hash_ in receipts or hash_ in moved
        ]
        return Activity(block, blocks.account(found.get("miner"), "miner"), tuple(transactions))

    async def balances(self, block: BlockRef, holdings: Sequence[tuple[Address, Address]]) -> list[int]:
        if self._multicall3 is not None:
            calls = [
                (self._multicall3, _GET_ETH_BALANCE + _padded(holder))
                if token == NATIVE
                else (token, _BALANCE_OF + _padded(holder))
                for holder, token in holdings
            ]
            answers = [word if good else b"" for good, word in await self._aggregate(calls, block)]
        else:
            at = block_param(block.hash)
            requests: list[tuple[str, list[Any]]] = [
                ("eth_getBalance", [holder, at])
                if token == NATIVE
                else ("eth_call", [{"to": token, "data": "0x" + (_BALANCE_OF + _padded(holder)).hex()}, at])
                for holder, token in holdings
            ]
            answers = [
                quantity(answer, "balance").to_bytes(32) if token == NATIVE else data(answer)
                for answer, (_, token) in zip(await self._rpc.batch(requests), holdings, strict=True)
            ]
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
        found = {log.log_index: log for answer in answers for log in blocks.logs(answer)}
        return [found[index] for index in sorted(found)]

    async def _receipts(self, block: BlockRef, hashes: Sequence[Hash32]) -> dict[Hash32, Receipt]:
        found = {}
        for hash_, receipt in zip(hashes, await reads.get_receipts(self._rpc, hashes), strict=True):
            if receipt is None or receipt.block_hash != block.hash:
                raise OutOfReachError(f"the receipt of {hash_} is not of block {block.hash}", todo="Ask again")
            found[hash_] = receipt
        return found


def _transaction(tx: Mapping[str, Any], receipt: Receipt | None, moved: Sequence[Log]) -> ChainTransaction:
    """A transaction without receipt is somebody else's, of which only the logs matter."""
    return ChainTransaction(
        hash=blocks.hash32(tx.get("hash")),
        index=quantity(tx.get("transactionIndex"), "transactionIndex"),
        sender=blocks.account(tx.get("from"), "from"),
        to=_to(tx),
        nonce=quantity(tx.get("nonce"), "nonce"),
        value_wei=quantity(tx.get("value"), "value"),
        data=data(tx.get("input"), "input"),
        success=receipt is None or receipt.success,
        gas_used=receipt.gas_used if receipt else 0,
        gas_price_wei=receipt.effective_gas_price_wei if receipt else 0,
        logs=receipt.logs if receipt else tuple(moved),
        created=receipt.created if receipt else None,
        l1_fee_wei=receipt.l1_fee_wei if receipt else 0,
    )


def _to(tx: Mapping[str, Any]) -> Address | None:
    return blocks.account(tx["to"], "to") if tx.get("to") else None


def _padded(holder: Address) -> bytes:
    return bytes.fromhex(holder[2:]).rjust(32, b"\0")


def _amount(answer: bytes, holder: Address, token: Address) -> int:
    if len(answer) != 32:
        raise ChainDataError(f"{token} did not answer balanceOf({holder}) with a number", todo="Follow only ERC-20s")
    return int.from_bytes(answer)
