"""The feed: everything heard from one chain, in one order."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Protocol

import structlog

from tallyio.chains import blocks
from tallyio.chains.block_logs import LogReader, UnreadableBlockError
from tallyio.chains.blocks import Header
from tallyio.chains.follow import Follower
from tallyio.chains.mempool import Mempool
from tallyio.chains.rpc import Rpc
from tallyio.chains.subscription import Subscription
from tallyio.core.chain import BlockRef, ChainEvent, FeedStatus
from tallyio.core.errors import OutOfReachError

_log = structlog.get_logger()


class Feed(Protocol):
    def events(self) -> AsyncIterator[ChainEvent]:
        """Every event from the start block on; ends only by closing the iterator or by an error."""
        ...

    @property
    def latest(self) -> int:
        """Number of the newest head that was heard of, which may not have been yielded yet."""
        ...


class WebSocketFeed:
    """Heads and pending transactions by WebSocket, blocks and logs by HTTP.

    * Every canonical block from ``start_block`` on comes once, after its parent, with all its logs in order
      (``chains.block_logs`` says why logs are asked for per block and not subscribed). A ``BlockRef`` as start is a
      block that the caller already knows: its child comes first. History is read in ranges.
    * When the chain leaves blocks, a ``Rollback`` names them before their replacements come. ``finality_depth``
      blocks are kept for that; a deeper reorg raises ``DivergenceError``.
    * The head is also asked for every ``poll_s``, so a lost or late notice delays a block but loses none.
    * Pending transactions come once each, when no block waits; ``counts`` tells what was dropped and why.
    * A lost connection is told by ``FeedStatus`` and opened again for as long as it takes. Answers that stay
      inconsistent raise ``OutOfReachError``.
    """

    def __init__(
        self,
        rpc: Rpc,
        ws_url: str,
        start_block: int | BlockRef,
        *,
        pending: bool = True,
        finality_depth: int = 128,
        range_size: int = 500,
        poll_s: float = 1.0,
        heartbeat_s: float = 5.0,
        timeout_s: float = 5.0,
        pending_limit: int = 4096,
        max_backoff_s: float = 5.0,
    ) -> None:
        self._rpc = rpc
        self._poll_s = poll_s
        self._max_backoff_s = max_backoff_s
        self._logs = LogReader(rpc, range_size=range_size)
        self._follower = Follower(rpc, start_block, history=finality_depth, range_size=range_size, logs=self._logs)
        self._wake = asyncio.Event()
        self._mempool = Mempool(rpc, self._wake.set, pending_limit)
        self._subscription = Subscription(
            ws_url,
            on_head=self._on_head,
            on_pending=self._mempool.announce if pending else None,
            on_status=self._on_socket,
            heartbeat_s=heartbeat_s,
            timeout_s=timeout_s,
            max_backoff_s=max_backoff_s,
        )
        self._notice: Header | None = None
        self._noticed = False
        self._down: dict[str, str] = {"socket": "not connected yet"}
        self._announced_up: bool | None = None
        self._statuses: deque[FeedStatus] = deque()
        self._undecodable = 0

    @property
    def tip(self) -> BlockRef | None:
        """The last block that was yielded."""
        return self._follower.tip

    @property
    def latest(self) -> int:
        return self._notice.ref.number if self._notice else self._follower.seen

    @property
    def counts(self) -> Counter[str]:
        """What was skipped or asked again so far: see ``Mempool.counts``; plus garbled notices and log retries."""
        counts = Counter({f"pending_{name}": n for name, n in self._mempool.counts.items()})
        counts["notices_garbled"] = self._subscription.garbled + self._undecodable
        counts["log_retries"] = self._logs.retries
        return +counts

    async def events(self) -> AsyncIterator[ChainEvent]:
        tasks = [asyncio.create_task(self._subscription.run()), asyncio.create_task(self._mempool.run())]
        failures = 0
        try:
            while True:
                self._wake.clear()
                self._noticed, notice, self._notice = False, self._notice, None
                try:
                    async for event in self._follower.advance(notice):
                        yield event
                        while self._statuses:
                            yield self._statuses.popleft()
                    self._report("node", None)
                    failures = 0
                except UnreadableBlockError:
                    raise
                except OutOfReachError as error:
                    failures += 1
                    self._report("node", str(error))
                while self._statuses:
                    yield self._statuses.popleft()
                while self._mempool and not self._noticed and not failures:
                    yield self._mempool.pop()
                for task in tasks:
                    if task.done():
                        task.result()
                pause = self._poll_s if not failures else min(0.05 * 2**failures, self._max_backoff_s)
                if failures:
                    await asyncio.sleep(pause)
                else:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(pause):
                            await self._wake.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _on_head(self, raw: Any) -> None:
        try:
            self._notice = blocks.header(raw)
        except OutOfReachError:
            self._undecodable += 1  # the head is asked for anyway
        self._noticed = True
        self._wake.set()

    def _on_socket(self, connected: bool, detail: str) -> None:
        self._report("socket", None if connected else detail)
        self._noticed = self._noticed or connected  # heads may have been missed meanwhile
        self._wake.set()

    def _report(self, part: str, trouble: str | None) -> None:
        """Remember what is broken; a ``FeedStatus`` follows when the whole goes down or comes up."""
        if trouble is None:
            self._down.pop(part, None)
        else:
            self._down[part] = trouble
        up = not self._down
        if up == self._announced_up or (self._announced_up is None and trouble is None and not up):
            return
        self._announced_up = up
        detail = f"connected to {self._rpc.where} and {self._subscription.where}" if up else str(trouble)
        _log.info("feed", connected=up, detail=detail)
        self._statuses.append(FeedStatus(connected=up, detail=detail))
