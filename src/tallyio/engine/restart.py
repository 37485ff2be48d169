"""What a start-up must know of the searcher that ran before it: what it sent, and what of that the chain still has."""

from tallyio.core.chain import BlockRef
from tallyio.core.trade import Bundle, Outcome, Submission
from tallyio.core.units import Address
from tallyio.execution.tracking import LANDED, REVERTED, Tracker
from tallyio.journal.ledger_reader import LedgerReader
from tallyio.journal.log import Journal
from tallyio.journal.projections import outcomes


def restore_tracker(
    journal: Journal, ledger: LedgerReader, executor: Address, head: BlockRef, final_depth: int
) -> Tracker:
    """The tracker as the journal tells it, brought to the chain that ``ledger`` is at, of which ``head`` is the head.

    What had landed in a block that left the chain meanwhile is open again, and journaled so. What was settled
    ``final_depth`` blocks ago is not asked for any more.
    """
    kinds = (Bundle, Submission, Outcome)
    tracker = Tracker.restore((e.record for e in journal.read() if isinstance(e.record, kinds)), executor)
    tracker.forget(head.number - final_depth)
    gone = [
        outcome.block
        for outcome in outcomes(journal).values()
        if outcome.status in (LANDED, REVERTED) and outcome.block and _left(outcome.block, ledger)
    ]
    if gone:
        lowest = min(gone, key=lambda block: block.number)
        below = ledger.block_at(lowest.number - 1)
        if below is not None:
            journal.append_many(tracker.on_rollback(below), block=below)
    return tracker


def _left(block: BlockRef, ledger: LedgerReader) -> bool:
    first = ledger.first()
    if first is None or block.number < first.number:
        return False
    held = ledger.block_at(block.number)
    return held is None or held.hash != block.hash
