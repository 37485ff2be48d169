"""The block builder: one block at a time, from bundles and waiting transactions."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import structlog

from tallyio.chains.fees import next_base_fee
from tallyio.chains.signed import SignedTransaction
from tallyio.core.clock import seeded
from tallyio.core.errors import RetryableError
from tallyio.core.units import Address, Hash32
from tallyio.devnet.builder import reorg
from tallyio.devnet.builder.mempool import Mempool
from tallyio.devnet.builder.mine import Mined, broken, report
from tallyio.devnet.builder.node import Node
from tallyio.devnet.builder.order import plan_block
from tallyio.devnet.builder.pool import BundlePool
from tallyio.devnet.builder.records import BlockReport, Head, Plan, Slot, StoredBundle
from tallyio.devnet.builder.tail import Priority

if TYPE_CHECKING:
    from tallyio.devnet.builder.server import Server

MAX_REPORTS = 10_000
MAX_FAILURES = 10

log = structlog.get_logger()


class BlockBuilder:
    """Builds every block of a node that runs with ``--no-mining --order fifo``; nobody else may mine it.

    ``block_seconds`` is the chain's time between blocks, ``interval_ms`` the wall clock's. ``reorg_every`` N > 0
    replaces the newest one or two blocks of this builder before each block whose number N divides; the chain ends
    longer than it was. ``seed`` decides depth and order of reorgs. ``on_block`` hears of every block mined.

    Bundles are secret until their block is built: during the few milliseconds in which a block is placed and mined,
    its transactions pass through the node's pool, and subscribers to pending transactions are told of them. Public
    transactions are announced a second time then. Transactions of other types than 0, 1 and 2 are not built.
    """

    def __init__(
        self,
        node_rpc_url: str,
        *,
        coinbase: Address,
        block_seconds: int = 12,
        interval_ms: int = 1000,
        reorg_every: int = 0,
        seed: int = 0,
        on_block: Callable[[BlockReport], None] | None = None,
    ) -> None:
        self.node = Node(node_rpc_url)
        self.coinbase = coinbase
        self.block_seconds = block_seconds
        self.interval_ms = interval_ms
        self.reorg_every = reorg_every
        self.counters: Counter[str] = Counter()
        self.bundles = BundlePool(self.counters)
        self.mempool = Mempool(self.node)
        self.reports: dict[int, BlockReport] = {}
        self._mined: list[Mined] = []
        self._rng = seeded(seed, "reorg")
        self._on_block = on_block
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Begin to watch the order of arrivals in the node's pool; ``run`` and ``serve`` do it by themselves."""
        await self.mempool.refresh()

    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> "Server":
        """Answer JSON-RPC (port 0 takes a free one) until the returned server is stopped."""
        from tallyio.devnet.builder.server import Server

        server = Server(self)
        await server.start(host, port)
        return server

    async def close(self) -> None:
        await self.node.close()

    async def build_block(self) -> BlockReport:
        """Build one block now, after a reorg when one is due; returns the newest block's report."""
        async with self._turn:
            head = await self.node.head()
            if self.reorg_every and (head.number + 1) % self.reorg_every == 0:
                await self._reorganise(head)
                head = await self.node.head()
            singles = [*await self.mempool.refresh(), *self.mempool.private()]
            slot = self._slot(head, self.coinbase)
            return await self._build(slot, self.bundles.for_block(slot.number), singles, self._by_tip(slot))

    async def add_private(self, tx: SignedTransaction) -> None:
        """Take a transaction that only this builder shall know. Raises ``RpcError`` when too many wait."""
        async with self._turn:
            await self.mempool.refresh()  # whatever is public already came first
            self.mempool.add_private(tx, (await self.node.head()).number)
        self.counters["private_transactions_received"] += 1

    async def run(self, blocks: int | None = None) -> None:
        """Build ``blocks`` blocks (all that come, for None), one every ``interval_ms``.

        A node that fails is tried again at the next turn, ``MAX_FAILURES`` times in a row.
        """
        await self.start()
        clock = asyncio.get_running_loop()
        due, built, failures = clock.time(), 0, 0
        while blocks is None or built < blocks:
            due = max(due + self.interval_ms / 1000, clock.time())
            await asyncio.sleep(due - clock.time())
            try:
                await self.build_block()
            except RetryableError as e:
                failures += 1
                if failures == MAX_FAILURES:
                    raise
                log.warning("no block built", reason=e.message, failures=failures)
            else:
                built, failures = built + 1, 0

    def slot_after(self, head: Head) -> Slot:
        return self._slot(head, self.coinbase)

    def _slot(self, head: Head, coinbase: Address) -> Slot:
        base_fee_wei = next_base_fee(head.base_fee_wei, head.gas_used, head.gas_limit)
        return Slot(head, head.timestamp + self.block_seconds, base_fee_wei, coinbase)

    def _by_tip(self, slot: Slot) -> Priority:
        return lambda tx: (-tx.tip_wei(slot.base_fee_wei), self.mempool.arrival(tx.hash))

    async def _build(
        self,
        slot: Slot,
        bundles: Sequence[StoredBundle],
        singles: Sequence[SignedTransaction],
        priority: Priority,
        dropped: tuple[Hash32, ...] = (),
    ) -> BlockReport:
        bundles, singles = list(bundles), list(singles)
        private = {tx.hash for tx in self.mempool.private()}
        public = {tx.hash for tx in singles} - private
        secret = ({tx.hash for bundle in bundles for tx in bundle.transactions} | private) - public
        excluded: list[tuple[StoredBundle, str]] = []
        while True:
            plan = await plan_block(self.node, slot, bundles, singles, priority)
            fixed = sum(len(placed.effects) for placed in plan.bundles)
            refused = await self.mempool.place(plan.transactions, secret, fixed)
            out = {p.bundle.hash: "refused" for p in plan.bundles for tx in p.bundle.transactions if tx.hash in refused}
            if not out:
                block = await self.node.mine(slot)
                out = {placed.bundle.hash: "misplaced" for placed in broken(plan, block)}
                if not out:
                    break
                await self._undo(slot)
            excluded += [(bundle, out[bundle.hash]) for bundle in bundles if bundle.hash in out]
            bundles = [bundle for bundle in bundles if bundle.hash not in out]
        mined = Mined(report(plan, excluded, block, dropped), frozenset(secret), frozenset(private & secret))
        return await self._finish(plan, excluded, mined)

    async def _undo(self, slot: Slot) -> None:
        """Take back the block just mined; its public transactions wait again."""
        self.counters["blocks_rolled_back"] += 1
        back = await self.node.block_transactions(slot.number)
        await self.node.rollback(1)
        self.mempool.hold(back)

    async def _finish(self, plan: Plan, excluded: list[tuple[StoredBundle, str]], mined: Mined) -> BlockReport:
        made = mined.report
        for placed in plan.bundles:
            self.bundles.remove(placed.bundle, "landed")
            self.counters["bundles_landed"] += 1
        for bundle, reason in [*excluded, *plan.failed]:
            self.bundles.remove(bundle, reason)
            self.counters[f"bundles_failed_{reason}"] += 1
        self.counters["bundles_failed_expired"] += self.bundles.expire(made.number)
        self.counters["blocks"] += 1
        await self.mempool.settle(made.transactions, made.number)
        self._remember(mined)
        log.debug("block built", number=made.number, bundles=len(made.bundles), transactions=len(made.transactions))
        if self._on_block:
            self._on_block(made)
        return made

    def _remember(self, mined: Mined) -> None:
        self._mined = [*self._mined[-reorg.MAX_DEPTH :], mined]
        self.reports[mined.report.number] = mined.report
        if len(self.reports) > MAX_REPORTS:
            del self.reports[next(iter(self.reports))]

    async def _reorganise(self, head: Head) -> None:
        """Replace the newest blocks by as many of a rival's, without bundles."""
        depth = reorg.depth(self._rng, self._replaceable(head))
        if depth == 0:
            return
        leaving = self._mined[-depth:]
        returned = [tx for mined in leaving for tx in await self.node.block_transactions(mined.report.number)]
        secret = {h for mined in leaving for h in mined.secret}
        private = {h for mined in leaving for h in mined.private}
        waiting = await self.mempool.refresh()
        await self.mempool.place((), set(), 0)
        await self.node.rollback(depth)
        self._mined = self._mined[:-depth]
        back = [tx for tx in returned if tx.hash not in secret]
        self.mempool.hold(back)
        for tx in returned:
            if tx.hash in private:
                self.mempool.add_private(tx, head.number)
        dropped = tuple(mined.report.hash for mined in reversed(leaving))
        self.counters["reorgs"] += 1
        self.counters["blocks_dropped"] += depth
        everyone = [*back, *waiting]
        for i in range(depth):
            slot = self._slot(await self.node.head(), reorg.RIVAL)
            singles, priority = reorg.reshuffled(self._rng, everyone)
            await self._build(slot, (), singles, priority, dropped if i == 0 else ())
        log.info("reorganised", depth=depth, head=head.number)

    def _replaceable(self, head: Head) -> int:
        """How many of the newest blocks are this builder's own, one upon the other."""
        found, expected = 0, head.hash
        for mined in reversed(self._mined[-reorg.MAX_DEPTH :]):
            if mined.report.hash != expected:
                break
            found, expected = found + 1, mined.report.parent_hash
        return found
