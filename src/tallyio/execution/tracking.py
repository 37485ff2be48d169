"""What became of everything we sent: bundles and receipts in, outcomes out. Pure: no I/O, no clock.

One *item* is one transaction of ours in one bundle. Its life::

    open ──receipt──> landed | reverted ──its block left the chain──> open again (outcome "reorged")
      └──target passed without it, or its nonce used by another──> dropped ──receipt, later──> landed | reverted

A signed transaction in two bundles lands once: the outcome belongs to the bundle that aimed at that block, or else to
the one sent last. A send whose answer was lost is open like any other, and ends by a receipt or by the nonce.
"""

from collections.abc import Iterable

import msgspec

from tallyio.core.chain import BlockRef, Log
from tallyio.core.executor_events import executed
from tallyio.core.trade import Bundle, Outcome, Submission
from tallyio.core.units import Address, Hash32

LANDED, REVERTED, DROPPED, REORGED = "landed", "reverted", "dropped", "reorged"


class Receipt(msgspec.Struct, frozen=True):
    """A receipt of a transaction of ours. ``l1_fee_wei`` is what a rollup charges on top of gas."""

    tx_hash: Hash32
    block: BlockRef
    success: bool
    gas_used: int
    gas_price_wei: int
    logs: tuple[Log, ...]
    l1_fee_wei: int = 0


class _Item:
    __slots__ = ("block", "bundle", "dropped_at", "index")

    def __init__(self, bundle: Bundle, index: int) -> None:
        self.bundle, self.index = bundle, index
        self.block: BlockRef | None = None
        self.dropped_at: int | None = None

    @property
    def tx_hash(self) -> Hash32:
        return self.bundle.own[self.index]

    @property
    def nonce(self) -> int:
        return self.bundle.nonces[self.index]

    @property
    def open(self) -> bool:
        return self.block is None and self.dropped_at is None


Record = Bundle | Submission | Outcome


class Tracker:
    """Follows the transactions of one sender whose trades run through ``executor``.

    ``unbound`` names relays whose bundles may land after their target (a public mempool).
    """

    def __init__(self, executor: Address, *, unbound: Iterable[str] = ()) -> None:
        self._executor = executor
        self._unbound = frozenset(unbound)
        self._items: dict[Hash32, list[_Item]] = {}
        self._bundles: dict[str, Bundle] = {}
        self._submissions: dict[str, dict[str, Submission]] = {}

    @classmethod
    def restore(cls, records: Iterable[Record], executor: Address, *, unbound: Iterable[str] = ()) -> "Tracker":
        """The tracker that wrote ``records`` (in journal order), as it was."""
        tracker = cls(executor, unbound=unbound)
        for record in records:
            match record:
                case Bundle():
                    tracker.sent(record)
                case Submission():
                    tracker.answered(record)
                case Outcome():
                    tracker._replay(record)
        return tracker

    def sent(self, bundle: Bundle) -> None:
        """A bundle is about to be sent (it is in the journal already). The same bundle twice counts once."""
        if bundle.id not in self._bundles:
            self._bundles[bundle.id] = bundle
            for index, tx_hash in enumerate(bundle.own):
                self._items.setdefault(tx_hash, []).append(_Item(bundle, index))

    def answered(self, submission: Submission) -> None:
        """A relay's latest answer for a bundle."""
        self._submissions.setdefault(submission.bundle_id, {})[submission.relay] = submission

    def watched(self) -> tuple[Hash32, ...]:
        """Transactions whose receipts ``on_block`` wants, in the order of sending: all that have not landed."""
        return tuple(h for h, items in self._items.items() if all(item.block is None for item in items))

    def open_bundles(self) -> tuple[Bundle, ...]:
        """Bundles with a transaction that has no outcome yet."""
        ids = {item.bundle.id: item.bundle for items in self._items.values() for item in items if item.open}
        return tuple(ids.values())

    def on_block(self, block: BlockRef, receipts: Iterable[Receipt], next_nonce: int) -> list[Outcome]:
        """Outcomes as of the end of ``block``.

        ``receipts`` are those of watched transactions in this or an earlier block of the canonical chain (after a
        restart many blocks may pass at once); ``next_nonce`` is the sender's at the end of ``block``.
        """
        outcomes: list[Outcome] = []
        for receipt in sorted(receipts, key=lambda receipt: receipt.block.number):
            outcomes += self._landed(receipt)
        for items in self._items.values():
            for item in items:
                if item.open and (item.nonce < next_nonce or self._passed(item.bundle, block.number)):
                    item.dropped_at = block.number
                    outcomes.append(_nothing(item, DROPPED, None))
        return outcomes

    def on_rollback(self, to: BlockRef) -> list[Outcome]:
        """The chain left every block above ``to``: what landed there is open again."""
        outcomes = []
        for items in self._items.values():
            for item in items:
                if item.block and item.block.number > to.number:
                    outcomes.append(_nothing(item, REORGED, item.block))
                    item.block = None
        return outcomes

    def forget(self, final_block: int) -> None:
        """Let go of what was settled at or below ``final_block``, which no reorg can undo any more.

        What was dropped is kept while another outcome of its transaction is not final.
        """
        for tx_hash, items in list(self._items.items()):
            settled = [item.block.number if item.block else item.dropped_at for item in items]
            if all(number is not None and number <= final_block for number in settled):
                del self._items[tx_hash]
        kept = {item.bundle.id for items in self._items.values() for item in items}
        self._bundles = {i: bundle for i, bundle in self._bundles.items() if i in kept}
        self._submissions = {i: answers for i, answers in self._submissions.items() if i in kept}

    def _landed(self, receipt: Receipt) -> list[Outcome]:
        items = self._items.get(receipt.tx_hash, [])
        outcomes = []
        for item in items:
            if item.block is not None:
                if item.block.hash == receipt.block.hash:
                    return []
                outcomes.append(_nothing(item, REORGED, item.block))  # its rollback was never told
                item.block = None
        if items:
            aimed = [item for item in items if item.bundle.target_block == receipt.block.number]
            item = (aimed or items)[-1]
            item.block, item.dropped_at = receipt.block, None
            outcomes.append(self._outcome(item, receipt))
        return outcomes

    def _outcome(self, item: _Item, receipt: Receipt) -> Outcome:
        trade = executed(receipt.logs, self._executor) if receipt.success else None
        gained, bid = trade or (0, 0)
        return Outcome(
            bundle_id=item.bundle.id,
            opportunity_id=item.bundle.opportunity_ids[item.index],
            tx_hash=receipt.tx_hash,
            status=LANDED if receipt.success else REVERTED,
            block=receipt.block,
            gas_used=receipt.gas_used,
            gas_cost_wei=receipt.gas_used * receipt.gas_price_wei + receipt.l1_fee_wei,
            gross_wei=gained,
            bid_wei=bid,
            predicted_net_wei=item.bundle.predicted_net_wei[item.index],
        )

    def _passed(self, bundle: Bundle, number: int) -> bool:
        """Whether ``bundle`` can no longer land in a block after ``number``."""
        answers = self._submissions.get(bundle.id, {})
        waits = any(relay in self._unbound and s.status != "rejected" for relay, s in answers.items())
        return number >= bundle.target_block and not waits

    def _replay(self, outcome: Outcome) -> None:
        for item in self._items.get(outcome.tx_hash, []):
            if item.bundle.id != outcome.bundle_id:
                continue
            if outcome.status == DROPPED:
                item.dropped_at = item.bundle.target_block
            elif outcome.status == REORGED:
                item.block = None
            else:
                item.block, item.dropped_at = outcome.block, None


def _nothing(item: _Item, status: str, block: BlockRef | None) -> Outcome:
    """An outcome in which nothing was earned or paid; for a reorg, ``block`` is the one that left the chain."""
    bundle, i = item.bundle, item.index
    return Outcome(
        bundle.id, bundle.opportunity_ids[i], item.tx_hash, status, block, 0, 0, 0, 0, bundle.predicted_net_wei[i]
    )
