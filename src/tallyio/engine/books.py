"""Learn and remember: what became of what was sent, the ledger, the nonces, the breaker."""

import structlog

from tallyio.chains import reads
from tallyio.chains.rpc import Rpc
from tallyio.core.chain import BlockRef, NewBlock, Rollback
from tallyio.core.errors import OutOfReachError
from tallyio.core.trade import Bundle, Outcome, Submission
from tallyio.core.units import Address, Hash32
from tallyio.engine.accuracy import Accuracy
from tallyio.engine.observer import Watch
from tallyio.engine.reconcile import LedgerDivergenceError, Reconciler
from tallyio.execution.tracking import Receipt, Tracker
from tallyio.journal.log import Journal
from tallyio.journal.records import BreakerState
from tallyio.risk import breaker
from tallyio.risk.limits import BreakerLimits
from tallyio.wallet.nonces import NonceBook

log = structlog.get_logger()

FINAL_DEPTH = 64
"""Blocks after which an outcome is taken for final."""


class Books:
    """One owner's. The gate reads ``breaker``, each change of which is journaled with its cause, and the margin of
    ``accuracy``."""

    def __init__(
        self,
        *,
        rpc: Rpc,
        owner: Address,
        journal: Journal,
        tracker: Tracker,
        reconciler: Reconciler,
        nonces: NonceBook,
        limits: BreakerLimits,
        state: BreakerState,
        accuracy: Accuracy,
        watch: Watch,
    ) -> None:
        self._rpc = rpc
        self._owner = owner
        self._journal = journal
        self._tracker = tracker
        self._reconciler = reconciler
        self._nonces = nonces
        self._limits = limits
        self._watch = watch
        self._unwritten: list[Outcome | BreakerState] = []
        self._next_nonce = -1
        self.breaker = state
        self.accuracy = accuracy
        self.difference_wei = 0
        """What the ledger and the chain differed by at the last block, over all tokens."""

    async def learn(self, event: NewBlock) -> None:
        """Outcomes of ``event``'s block; they are journaled by ``settle``, with the block's ledger entries."""
        next_nonce = await reads.nonce(self._rpc, self._owner, event.block.hash)
        receipts = await self._receipts(event, next_nonce)
        self._next_nonce = next_nonce
        outcomes = self._tracker.on_block(event.block, receipts, next_nonce)
        self._tracker.forget(event.block.number - FINAL_DEPTH)
        self._nonces.observe(next_nonce, event.block.number)
        self._count(outcomes)

    async def settle(self, event: NewBlock) -> None:
        """The block's ledger entries, compared with the chain; a difference opens the breaker."""
        records, self._unwritten = self._unwritten, []
        try:
            with self._watch.stage("reconcile"):
                await self._reconciler.on_block(event, records)
            self.difference_wei = 0
            self.accuracy.learn(record for record in records if isinstance(record, Outcome))
        except LedgerDivergenceError as e:
            self.difference_wei = sum(abs(difference.amount) for difference in e.differences)
            self.diverged(str(e))
        except OutOfReachError:
            self._unwritten = [*records, *self._unwritten]
            raise

    def rolled_back(self, event: Rollback) -> None:
        outcomes = self._tracker.on_rollback(event.to)
        self._count(outcomes)
        records, self._unwritten = self._unwritten, []
        self._reconciler.on_rollback(event, records)

    def sent(self, bundle: Bundle) -> None:
        self._tracker.sent(bundle)

    async def answered(self, target_block: int, submissions: list[Submission]) -> None:
        """A bundle that every relay refuses in time shows a fault of ours or of theirs: it counts as a failure."""
        for submission in submissions:
            self._tracker.answered(submission)
        refused = bool(submissions) and all(s.status == "rejected" for s in submissions)
        if refused and int(await self._rpc.call("eth_blockNumber"), 16) < target_block:
            log.warning("a bundle was refused", target=target_block, detail=submissions[0].detail)
            self._change(breaker.on_failure(self.breaker, self._limits))

    def diverged(self, detail: str) -> None:
        log.error("diverged", detail=detail)
        self._change(breaker.on_divergence(self.breaker, detail))

    def _count(self, outcomes: list[Outcome]) -> None:
        now_ns = self._watch.clock.unix_ns()
        for outcome in outcomes:
            self._unwritten.append(outcome)
            self._watch.tell("outcome", outcome)
            after = breaker.on_outcome(self.breaker, outcome, self._limits, now_ns)
            if after != self.breaker:
                self.breaker = after
                self._unwritten.append(after)

    def _change(self, state: BreakerState) -> None:
        if state != self.breaker:
            self.breaker = state
            self._journal.append(state)

    async def _receipts(self, event: NewBlock, next_nonce: int) -> list[Receipt]:
        """Of our transactions up to this block: of those that its logs name, or of all that are watched when the nonce
        says that there are others, as after blocks that nobody looked at.
        """
        watched = self._tracker.watched()
        seen = {entry.tx_hash for entry in event.logs}
        hashes = [tx_hash for tx_hash in watched if tx_hash in seen]
        if next_nonce - self._next_nonce != len(hashes):
            hashes = list(watched)
        found = [r for r in await reads.get_receipts(self._rpc, hashes) if r and r.block_number <= event.block.number]
        blocks = await self._blocks({receipt.block_hash for receipt in found}, event)
        return [_of(receipt, blocks[receipt.block_hash]) for receipt in found]

    async def _blocks(self, hashes: set[Hash32], event: NewBlock) -> dict[Hash32, BlockRef]:
        blocks = {event.block.hash: event.block}
        for hash_ in sorted(hashes - blocks.keys()):
            header = await reads.get_block(self._rpc, hash_)
            if header is None:
                raise OutOfReachError(f"the node has a receipt of block {hash_} but not the block", todo="Ask again")
            blocks[hash_] = header.ref
        return blocks


def _of(receipt: reads.Receipt, block: BlockRef) -> Receipt:
    return Receipt(
        tx_hash=receipt.tx_hash,
        block=block,
        success=receipt.success,
        gas_used=receipt.gas_used,
        gas_price_wei=receipt.effective_gas_price_wei,
        logs=receipt.logs,
        l1_fee_wei=receipt.l1_fee_wei,
    )
