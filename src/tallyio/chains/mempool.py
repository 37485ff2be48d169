"""Pending transactions between the subscription and the feed: each once, newest kept, none ever in a block's way."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tallyio.chains import transactions
from tallyio.chains.jsonrpc import RpcError, data
from tallyio.core.chain import PendingTransaction
from tallyio.core.errors import ChainDataError, OutOfReachError

if TYPE_CHECKING:
    from tallyio.chains.rpc import Rpc

_BATCH = 50
_SEEN = 1 << 16


class Mempool:
    """Fetches announced transactions and holds at most ``limit`` of them; a full queue drops its oldest.

    ``counts``: duplicate, overflow, vanished (unknown to the node, or mined by the time it was asked),
    undecodable (signed bytes cannot be rebuilt, or do not match the hash), unreachable.
    """

    def __init__(self, rpc: "Rpc", on_ready: Callable[[], None], limit: int = 4096) -> None:
        self._rpc = rpc
        self._on_ready = on_ready
        self._announced: deque[Any] = deque()
        self._ready: deque[PendingTransaction] = deque()
        self._limit = limit
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._wake = asyncio.Event()
        self.counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._ready)

    def pop(self) -> PendingTransaction:
        return self._ready.popleft()

    def announce(self, item: Any) -> None:
        """A hash, or a whole transaction object, as the subscription sent it."""
        key = item.get("hash") if isinstance(item, dict) else item
        if not isinstance(key, str):
            self.counts["undecodable"] += 1
            return
        if key in self._seen:
            self.counts["duplicate"] += 1
            return
        self._seen[key] = None
        if len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        self._push(self._announced, item)
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._announced:
                items = [self._announced.popleft() for _ in range(min(_BATCH, len(self._announced)))]
                try:
                    await self._fetch(items)
                except OutOfReachError:
                    self.counts["unreachable"] += len(items)
                self._on_ready()

    async def _fetch(self, items: list[Any]) -> None:
        hashes = [item for item in items if isinstance(item, str)]
        objects = [item for item in items if isinstance(item, dict)]
        if hashes:
            calls = [("eth_getTransactionByHash", [tx_hash]) for tx_hash in hashes]
            objects += await self._rpc.batch(calls, keep_errors=True)
        for raw in objects:
            if not isinstance(raw, dict) or raw.get("blockNumber") is not None:
                self.counts["vanished"] += 1
                continue
            try:
                transaction = await self._decode(raw)
            except (ChainDataError, OutOfReachError):
                self.counts["undecodable"] += 1
            else:
                self._push(self._ready, transaction)

    async def _decode(self, raw: dict[str, Any]) -> PendingTransaction:
        """Rebuild the signed bytes; where that fails, the node may have them (``eth_getRawTransactionByHash``)."""
        try:
            return transactions.pending(raw)
        except ChainDataError:
            if raw.get("type") == hex(transactions.BLOB_TYPE):
                raise
        try:
            signed = await self._rpc.call("eth_getRawTransactionByHash", [raw.get("hash")])
        except RpcError:
            signed = None
        if signed is None:
            raise ChainDataError(f"transaction {raw.get('hash')}: its signed bytes are not to be had")
        return transactions.pending(raw, data(signed, "signed bytes"))

    def _push(self, queue: deque[Any], item: Any) -> None:
        if len(queue) >= self._limit:
            queue.popleft()
            self.counts["overflow"] += 1
        queue.append(item)
