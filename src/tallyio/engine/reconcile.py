"""After each block: our entries, then the ledger against the chain's balances, to the wei.

A block's entries, the records that belong to it and the ledger's advance are one SQLite transaction, so that a kill at
any moment leaves a whole block or none. A difference is journaled and raised; nothing is adjusted.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec

from tallyio.core.chain import BlockRef, NewBlock, Rollback
from tallyio.core.errors import DivergenceError, OutOfReachError
from tallyio.core.units import Address
from tallyio.engine.chain_reader import Activity, ChainReader
from tallyio.journal.accounts import EXECUTOR, NATIVE
from tallyio.journal.entries import LedgerTransaction, Scope
from tallyio.journal.ledger import Ledger
from tallyio.journal.ledger_reader import Holding
from tallyio.journal.log import Journal
from tallyio.journal.posting import ChainTransaction, post_block
from tallyio.journal.projections import strategy_of
from tallyio.journal.records import Difference, Diverged

SECOND_LOOKS_S = (0.1, 0.3, 0.9)
"""A node may answer from the next block while it imports one, so only a difference that stays counts."""
READ_AHEAD = 16
"""Blocks read together while catching up."""


class LedgerDivergenceError(DivergenceError):
    """The ledger does not equal the chain at ``block``."""

    def __init__(self, block: BlockRef, differences: tuple[Difference, ...]) -> None:
        listed = "; ".join(f"{d.account} in {d.token}: ledger {d.ledger}, chain {d.chain}" for d in differences)
        super().__init__(
            f"the ledger differs from the chain at block {block.number}: {listed}",
            todo="Find out what moved the money before the searcher is resumed",
        )
        self.block = block
        self.differences = differences


class Reconciliation(msgspec.Struct, frozen=True):
    """A block whose ledger equals the chain. ``own`` are the owner's transactions in it."""

    block: BlockRef
    posted: tuple[LedgerTransaction, ...]
    own: tuple[ChainTransaction, ...]


class Recovery(msgspec.Struct, frozen=True):
    """What a start-up found: blocks undone (newest first), blocks posted, and the owner's transactions in these."""

    head: BlockRef
    undone: tuple[BlockRef, ...]
    blocks: int
    own: tuple[tuple[BlockRef, ChainTransaction], ...]


class Reconciler:
    """Keeps the ledger at the chain's head. ``scope`` is what is to be followed; it may be wider than the ledger is."""

    def __init__(self, journal: Journal, reader: ChainReader, scope: Scope) -> None:
        self.ledger = Ledger(journal)
        self._journal = journal
        self._reader = reader
        self._scope = scope

    def widen(self, scope: Scope) -> None:
        """Follow more from the next block on: new tokens, or the executor once it is deployed."""
        self._scope = scope

    async def recover(self) -> Recovery:
        """Start-up: open the ledger at the head of the chain, or bring an open one there, across reorganisations.

        Every step is a commit of whole blocks, so a kill during recovery only means that the rest is still to do.
        Raises ``LedgerDivergenceError`` when the ledger then differs from the chain.
        """
        head = await self._reader.head()
        if self.ledger.head() is None:
            await self._open(head)
            return Recovery(head, (), 0, ())
        recovery = await self._catch_up(head)
        await self._close(recovery.head, (), None)
        return recovery

    async def on_block(self, event: NewBlock, records: Sequence[msgspec.Struct] = ()) -> Reconciliation:
        """Post ``event``'s block and compare; ``records`` (outcomes, breaker) are journaled in the same transaction.

        Blocks missed before it are caught up first; a ledger that is not open is opened at its parent. When the chain
        cannot be read nothing is written: call again with the same records, or pass them on with the next block.
        Raises ``LedgerDivergenceError`` after the commit.
        """
        head = self.ledger.head()
        if head is None:
            head = await self._parent(event.block)
            await self._open(head)
        if self.ledger.block_at(event.block.number) == event.block:
            self._journal.append_many(records, block=event.block)
            return Reconciliation(event.block, (), ())
        if event.block.parent_hash != head.hash:
            await self._catch_up(await self._parent(event.block))
            if self._head().hash != event.block.parent_hash:
                raise OutOfReachError(f"block {event.block.number} {event.block.hash} has left the chain", todo="Go on")
        activity = await self._reader.activity(event.block, self._in_force(), event.logs)
        posted = await self._close(event.block, records, activity)
        return Reconciliation(event.block, posted, _own(activity, self._scope))

    def on_rollback(self, event: Rollback, records: Sequence[msgspec.Struct] = ()) -> tuple[BlockRef, ...]:
        """Compensate the blocks that left the chain; ``records`` (reorged outcomes) go into the same transaction.

        When its own opening block has left, the ledger is opened anew with the next block. Raises ``DivergenceError``
        when the feed goes back to a block that the ledger does not know.
        """
        with self._journal.transaction():
            self._journal.append_many(records, block=event.to)
            head = self.ledger.head()
            if head is None or (
                head.number <= event.to.number and self.ledger.block_at(event.to.number) in (None, event.to)
            ):
                return ()
            if self.ledger.first() in event.dropped:
                return self.ledger.abandon(event.to)
            return self.ledger.rewind(event.to)

    async def _open(self, block: BlockRef) -> None:
        self.ledger.open(block, self._scope, await self._balances(block, self._wanted()))

    async def _catch_up(self, target: BlockRef) -> Recovery:
        undone: list[BlockRef] = []
        own: list[tuple[BlockRef, ChainTransaction]] = []
        blocks = 0
        while True:
            undone += await self._rewind()
            head = self._head()
            if head.number >= target.number:
                return Recovery(head, tuple(undone), blocks, tuple(own))
            last = min(head.number + READ_AHEAD, target.number)
            scope = self._in_force()
            refs = await asyncio.gather(*(self._reader.block(n) for n in range(head.number + 1, last + 1)))
            chain = _linked(head, refs)
            if not chain:
                raise OutOfReachError(f"the node does not tell what follows block {head.number}", todo="Try again")
            for activity in await asyncio.gather(*(self._reader.activity(ref, scope) for ref in chain)):
                self.ledger.advance(activity.block, self._derive(activity))
                own += [(activity.block, tx) for tx in _own(activity, scope)]
                blocks += 1

    async def _rewind(self) -> tuple[BlockRef, ...]:
        """Undo the ledger's blocks that the chain no longer has."""
        block = head = self._head()
        while await self._reader.block(block.number) != block:
            below = self.ledger.block_at(block.number - 1)
            if below is None:
                raise DivergenceError(
                    f"the chain does not have the ledger's opening block {block.number} {block.hash}",
                    todo="The data folder is another chain's, or the reorganisation is too deep; start a new one",
                )
            block = below
        return self.ledger.rewind(block) if block != head else ()

    async def _close(
        self, block: BlockRef, records: Sequence[msgspec.Struct], activity: Activity | None
    ) -> tuple[LedgerTransaction, ...]:
        """Post, compare and widen at ``block``, in one transaction."""
        wanted = self._wanted() | {(f.account, f.token): f.address for f in self.ledger.followed()}
        posted = self._derive(activity) if activity is not None else []
        balances = await self._balances(block, wanted)
        for pause_s in SECOND_LOOKS_S:
            if not self._unexpected(posted, balances):
                break
            await asyncio.sleep(pause_s)
            balances = await self._balances(block, wanted)
        with self._journal.transaction():
            self._journal.append_many(records, block=block)
            if activity is not None:
                self.ledger.advance(block, posted)
            followed = [(f.account, f.token) for f in self.ledger.followed()]
            found = ((h, self.ledger.balance(*h), balances[h]) for h in followed)
            differences = tuple(Difference(*h, ledger, chain) for h, ledger, chain in found if ledger != chain)
            if differences:
                self._journal.append(Diverged(block, differences))
            elif missing := {h: balances[h] for h in self._wanted() if h not in followed}:
                self.ledger.open(block, self._scope, missing)
        if differences:
            raise LedgerDivergenceError(block, differences)
        return tuple(posted)

    def _unexpected(self, posted: Sequence[LedgerTransaction], balances: dict[Holding, int]) -> bool:
        """Whether the chain's balances differ from the ledger's once ``posted`` is in it."""
        sums: Counter[Holding] = Counter()
        for transaction in posted:
            for entry in transaction.entries:
                sums[entry.account, entry.token] += entry.amount
        followed = [(f.account, f.token) for f in self.ledger.followed()]
        return any(self.ledger.balance(*h) + sums[h] != balances[h] for h in followed)

    def _derive(self, activity: Activity) -> list[LedgerTransaction]:
        return post_block(
            activity.transactions,
            activity.block,
            self._in_force(),
            strategy_of=lambda tx_hash: strategy_of(self._journal, tx_hash),
            executor_ether_wei=self.ledger.balance(EXECUTOR, NATIVE),
            coinbase=activity.coinbase,
        )

    async def _parent(self, block: BlockRef) -> BlockRef:
        parent = await self._reader.block(block.number - 1)
        if parent is None or parent.hash != block.parent_hash:
            raise OutOfReachError(
                f"the parent of block {block.number} {block.hash} is not on the chain", todo="Ask again"
            )
        return parent

    async def _balances(self, block: BlockRef, held: dict[Holding, Address]) -> dict[Holding, int]:
        holdings = sorted(held)
        amounts = await self._reader.balances(block, [(held[h], h[1]) for h in holdings])
        return dict(zip(holdings, amounts, strict=True))

    def _wanted(self) -> dict[Holding, Address]:
        tokens = (NATIVE, *sorted(self._scope.followed))
        return {(account, t): held for account, held in self._scope.addresses.items() for t in tokens}

    def _in_force(self) -> Scope:
        scope = self.ledger.scope(self._scope.weth)
        assert scope is not None  # noqa: S101 - an open ledger follows the owner
        return scope

    def _head(self) -> BlockRef:
        head = self.ledger.head()
        assert head is not None  # noqa: S101 - the callers asked
        return head


def _linked(head: BlockRef, refs: Sequence[BlockRef | None]) -> list[BlockRef]:
    """The blocks of ``refs`` that follow each other from ``head``."""
    chain: list[BlockRef] = []
    for ref in refs:
        if ref is None or ref.parent_hash != (chain[-1] if chain else head).hash:
            break
        chain.append(ref)
    return chain


def _own(activity: Activity, scope: Scope) -> tuple[ChainTransaction, ...]:
    return tuple(tx for tx in activity.transactions if tx.sender == scope.owner)
