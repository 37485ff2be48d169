"""The one way through the house: hear, understand, know, see, decide, prove, act, learn, remember."""

import asyncio

import structlog

from tallyio.chains.feed import Feed
from tallyio.core.chain import FeedStatus, NewBlock, PendingTransaction, Rollback
from tallyio.core.errors import RetryableError
from tallyio.engine.beside import LongLook
from tallyio.engine.books import Books
from tallyio.engine.dispatch import Dispatcher
from tallyio.engine.mirror import Mirror
from tallyio.engine.observer import Watch
from tallyio.engine.planner import Planner
from tallyio.engine.slot import Slot
from tallyio.engine.suspects import learn

log = structlog.get_logger()

SECOND_LOOK_S = 0.5
"""How long after a difference the mirror is compared again."""

SEND_EVERY_NS = 150_000_000
"""A plan that grows for longer than this is sent in parts; each sending replaces the one before."""


class Pipeline:
    """Runs until ``stop`` is called. ``live_from`` is the head at start: blocks up to it are history, only read.

    ``plan_ms`` bounds the search for more trades in one slot; the best ones come first.
    """

    def __init__(
        self,
        *,
        feed: Feed,
        mirror: Mirror,
        planner: Planner,
        dispatcher: Dispatcher,
        books: Books,
        watch: Watch,
        live_from: int,
        verify_every_blocks: int,
        plan_ms: int,
        alternatives: int,
        beside: LongLook | None = None,
    ) -> None:
        self.feed = feed
        self.mirror = mirror
        self.planner = planner
        self.dispatcher = dispatcher
        self.books = books
        self.watch = watch
        self.live_from = live_from
        self.verify_every_blocks = verify_every_blocks
        self.plan_ns = plan_ms * 1_000_000
        self.alternatives = alternatives
        self.beside = beside
        self.slot: Slot | None = None
        self.blocks = 0
        self._stopped = False
        self._skipped = 0

    def stop(self) -> None:
        self._stopped = True

    async def run(self) -> None:
        async for event in self.feed.events():
            match event:
                case NewBlock():
                    await self.on_block(event)
                case Rollback():
                    await self.on_rollback(event)
                case PendingTransaction():
                    await self.on_pending(event)
                case FeedStatus():
                    self.watch.tell("feed", event.connected, event.detail)
            if self._stopped:
                break
        if self.slot:
            await self.dispatcher.cancel(self.slot)
        if self.beside:
            await self.beside.close()

    async def on_block(self, event: NewBlock) -> None:
        heard_ns = self.watch.clock.monotonic_ns()
        self.slot = None
        with self.watch.stage("apply"):
            self.mirror.apply(event)
        if self.mirror.skipped_logs > self._skipped:
            self.watch.tell("skipped", "undecodable", self.mirror.skipped_logs - self._skipped)
            self._skipped = self.mirror.skipped_logs
        if event.block.number < self.live_from:
            if event.block.number == self.live_from - 1:
                self.planner.warm(event, self.mirror.view())
            return
        self.blocks += 1
        self.watch.tell("block", event)
        try:
            await self._work_on(event, heard_ns)
        except RetryableError as e:
            # What was not read is caught up with the next block; nothing is traded on a guess until then.
            self.slot = None
            self.watch.tell("feed", False, e.message)
            log.warning("block skipped", block=event.block.number, reason=e.message)

    async def _work_on(self, event: NewBlock, heard_ns: int) -> None:
        await self.mirror.complete()
        await self.books.learn(event)
        self.planner.maker.breaker, self.planner.maker.margin = self.books.breaker, self.books.accuracy.margin
        if self._is_late(event.block.number + 1):
            self.watch.tell("skipped", "late", 1)
        else:
            self.slot = await self.planner.open(event, self.mirror.view())
            await self._plan(self.slot, heard_ns)
            learn(self.mirror.market, self.slot.worked, self.slot.failed)
            if self.beside:
                self.beside.begin(self.slot.view)
        await self.books.settle(event)
        if self.verify_every_blocks and self.blocks % self.verify_every_blocks == 0:
            await self.verify()

    async def _plan(self, slot: Slot, heard_ns: int) -> None:
        """Trade by trade, the best first. What there is goes out while the rest is still being proved."""
        sent_ns = heard_ns
        while await self.planner.add(slot):
            now_ns = self.watch.clock.monotonic_ns()
            if now_ns - heard_ns > self.plan_ns or self._is_late(slot.target):
                break
            if now_ns - sent_ns > SEND_EVERY_NS:
                await self._act(slot, heard_ns)
                sent_ns = now_ns
        await self._act(slot, heard_ns)
        if self.alternatives and len(slot.trades) > 1 and not self._is_late(slot.target):
            await self.planner.add_alternatives(slot, self.alternatives)
            await self._act(slot, heard_ns)

    def _is_late(self, target: int) -> bool:
        """Whether the block is there already: a plan for it would only make the next one late as well."""
        return self.feed.latest >= target

    async def on_rollback(self, event: Rollback) -> None:
        if self.slot:
            await self.dispatcher.cancel(self.slot)
            self.planner.abandon(self.slot)
        self.slot = None
        self.mirror.rewind(event)
        self.books.rolled_back(event)
        self.watch.tell("rollback", event)

    async def on_pending(self, event: PendingTransaction) -> None:
        started_ns = self.watch.clock.monotonic_ns()
        try:
            if self.slot and await self.planner.extend(self.slot, event):
                await self._act(self.slot, started_ns)
        except RetryableError as e:
            log.warning("pending transaction skipped", transaction=event.hash, reason=e.message)

    async def verify(self) -> None:
        """Compare all that is mirrored with the chain; a difference stops all trading until an operator resumes.

        A node may answer from the next block while it imports one, so only what a second look finds as well counts.
        """
        if await self.mirror.verify():
            await asyncio.sleep(SECOND_LOOK_S)
            for line in await self.mirror.verify():
                self.books.diverged(line)
        self.planner.maker.breaker = self.books.breaker

    async def _act(self, slot: Slot, started_ns: int) -> None:
        for bundle in self.dispatcher.make(slot):
            self.books.sent(bundle)
        for submissions in await self.dispatcher.send(slot, started_ns):
            await self.books.answered(slot.target, submissions)
