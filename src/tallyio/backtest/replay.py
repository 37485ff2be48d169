"""One archived block before the searcher's eyes: the state before it and after each of its transactions."""

from tallyio.archive.records import ArchivedBlock, ArchiveError
from tallyio.backtest.exchanges import Exchanges, exchanges_of
from tallyio.backtest.ground import Ground
from tallyio.backtest.known_pools import known_pools
from tallyio.backtest.own_bundle import place
from tallyio.backtest.records import Replayed, ReplaySettings
from tallyio.backtest.session import Session
from tallyio.backtest.takers import takers
from tallyio.inspection.sources.archived import Watched
from tallyio.simulation.block_execution import BlockExecution


def replay(
    block: ArchivedBlock,
    settings: ReplaySettings | None = None,
    exchanges: Exchanges | None = None,
    ground: Ground | None = None,
) -> Replayed:
    """The searcher on ``block``, unchanged; each proposal is executed at its place in the block.

    Only what stands in the state so far is shown to it, and, for backruns, the signed bytes of the transaction that
    comes next: no later transaction, log or state of the block. ``ground`` is the searcher as it stands before the
    block, in place of ``settings`` and ``exchanges``: it serves one block after another.

    Raises ``ArchiveError`` for a block without pre-state or with one that does not give its header's receipts,
    ``OperatorError`` for a chain without known exchanges, and what ``BlockExecution`` raises.
    """
    ground = ground or Ground(settings or ReplaySettings(), exchanges or exchanges_of(block.chain_id))
    exchanges = ground.exchanges
    execution = BlockExecution(block)
    watched = Watched(execution, exchanges.weth)
    known = known_pools(execution, exchanges)
    place(execution, exchanges.weth)
    session = Session(execution, block, known, ground)
    session.look()
    while execution.position < execution.length:
        behind = session.behind(block.transactions[execution.position])
        session.follow(watched.step().logs)
        session.take(behind)
        session.look()
    root = execution.receipts_root()
    if block.header is not None and root != block.header.receipts_root:
        raise ArchiveError(
            f"block {block.number} executes to receipts {root}, expected {block.header.receipts_root}",
            todo="Run: tallyio archive verify, on its archive",
        )
    return Replayed(
        number=block.number,
        known=known,
        proposals=session.proposals(),
        gas_used=execution.gas_used,
        receipts_root=root,
        taken=takers(watched.activity()),
        chain_id=block.chain_id,
        block_hash=block.hash,
        timestamp=block.timestamp or 0,
        base_fee_wei=block.base_fee_wei or 0,
        transactions=execution.length,
        unfollowed=session.unfollowed,
        unproved=session.unproved(),
        weth=exchanges.weth,
    )
