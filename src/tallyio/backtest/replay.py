"""One archived block before the searcher's eyes: the state before it and after each of its transactions."""

from tallyio.archive.records import ArchivedBlock, ArchiveError
from tallyio.backtest.factories import ETHEREUM, Factory
from tallyio.backtest.judging import judged
from tallyio.backtest.known_pools import known_pools
from tallyio.backtest.known_ticks import known_state
from tallyio.backtest.own_bundle import place
from tallyio.backtest.records import Proposal, Replayed, ReplaySettings
from tallyio.backtest.takers import takers
from tallyio.core.chain import BlockRef, Log, NewBlock
from tallyio.core.deltas import LendingChanged, PoolDiscovered
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import PoolState, V3State
from tallyio.core.units import Address
from tallyio.inspection.sources.archived import Watched
from tallyio.market.market import Market
from tallyio.market.mirroring import advance
from tallyio.market.view import MarketView
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.simulation.block_execution import BlockExecution
from tallyio.strategies.arbitrage import Arbitrage

WETH = Address("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")


def replay(
    block: ArchivedBlock, settings: ReplaySettings | None = None, factories: tuple[Factory, ...] = ETHEREUM
) -> Replayed:
    """The searcher of arbitrages on ``block``, unchanged; each proposal is executed at its place in the block.

    Only what stands in the state so far is shown to it: no later transaction, log or state of the block.
    Raises ``ArchiveError`` for a block without pre-state, and what ``BlockExecution`` raises.
    """
    settings = settings or ReplaySettings()
    execution = BlockExecution(block)
    watched = Watched(execution)
    known = known_pools(execution, factories)
    place(execution, WETH)
    registry = DexRegistry([each.deployment for each in factories])
    head = _head(block)
    market = Market(registry, WETH, max_hops=settings.max_hops, cycles=settings.cycles)
    market.start(head.block, known.pools.values(), known.states)
    view = market.view(next_base_fee_wei=head.base_fee_wei, next_timestamp=block.timestamp or 0)
    strategy = Arbitrage(settings.arbitrage)
    best: dict[frozenset[Address], Proposal] = {}
    _propose(execution, strategy, head, view, settings, best)
    while execution.position < execution.length:
        moved = _within_ends(execution, view, _moved(registry, view, watched.step().logs))
        if moved:
            view = view.with_states(moved)
            _propose(execution, strategy, head, view, settings, best)
    proposals = sorted(best.values(), key=lambda each: each.position)
    return Replayed(
        number=block.number,
        known=known,
        proposals=proposals,
        gas_used=execution.gas_used,
        receipts_root=execution.receipts_root(),
        taken=takers(watched.activity()),
        chain_id=block.chain_id,
        block_hash=block.hash,
        timestamp=block.timestamp or 0,
        base_fee_wei=block.base_fee_wei or 0,
        transactions=execution.length,
    )


def _propose(
    execution: BlockExecution,
    strategy: Arbitrage,
    head: NewBlock,
    view: MarketView,
    settings: ReplaySettings,
    best: dict[frozenset[Address], Proposal],
) -> None:
    for opportunity in strategy.evaluate(head, view):
        found = judged(execution, view, opportunity, settings)
        key = frozenset(opportunity.pools)
        if key not in best or found.paid.gross_wei > best[key].paid.gross_wei:
            best[key] = found


def _moved(registry: DexRegistry, view: MarketView, logs: tuple[Log, ...]) -> dict[Address, PoolState]:
    moved: dict[Address, PoolState] = {}
    for log in logs:
        if log.address not in view.pools:
            continue
        try:
            delta = registry.decode(log)
            if delta is None or isinstance(delta, PoolDiscovered | LendingChanged):
                continue
            moved[log.address] = advance(moved.get(log.address, view.states.get(log.address)), delta)
        except ChainDataError:
            continue
    return moved


def _within_ends(
    execution: BlockExecution, view: MarketView, moved: dict[Address, PoolState]
) -> dict[Address, PoolState]:
    """A moved v3 pool's ends are drawn anew: what is known reaches less far from another price or other positions.

    Beyond all that is known there is no liquidity to be priced.
    """
    for at, state in moved.items():
        if isinstance(state, V3State):
            moved[at] = known_state(execution, view.pools[at]) or V3State(state.sqrt_price_x96, state.tick, 0)
    return moved


def _head(block: ArchivedBlock) -> NewBlock:
    """The parent as the searcher stands on it, with the base fee that it makes the block pay (EIP-1559)."""
    header = block.header
    if header is None:
        raise ArchiveError(f"block {block.number} has traces alone, expected its pre-state", todo="Fetch it with it")
    parent = BlockRef(block.number - 1, header.parent_hash, header.parent_hash, max(0, header.timestamp - 1))
    return NewBlock(parent, header.base_fee_wei or 0, 0, header.gas_limit, header.coinbase, ())
