"""One archived block before the searcher's eyes: the state before it and after each of its transactions."""

import msgspec

from tallyio.archive.records import ArchivedBlock, ArchiveError
from tallyio.backtest.factories import ETHEREUM, Factory
from tallyio.backtest.known_pools import KnownPools, known_pools
from tallyio.backtest.known_ticks import known_state
from tallyio.backtest.own_bundle import Paid, place, run
from tallyio.core.chain import BlockRef, Log, NewBlock
from tallyio.core.deltas import LendingChanged, PoolDiscovered
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import PoolState, V3State
from tallyio.core.trade import Opportunity
from tallyio.core.units import Address, Hash32
from tallyio.market.market import Market
from tallyio.market.mirroring import advance
from tallyio.market.view import MarketView
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.simulation.block_execution import BlockExecution
from tallyio.strategies.arbitrage import Arbitrage, ArbitrageSettings

WETH = Address("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")


class Proposal(msgspec.Struct, frozen=True):
    """``position``: how many of the block's transactions had run. ``paid`` is what the chain made of it there."""

    position: int
    opportunity: Opportunity
    paid: Paid


class Replayed(msgspec.Struct, frozen=True):
    """``proposals`` has each opportunity once (the same pools), where it paid most; in order of position.

    ``gas_used`` and ``receipts_root`` are of the block's own transactions: equal to its header's where what we placed
    and tried disturbed none of them.
    """

    number: int
    known: KnownPools
    proposals: list[Proposal]
    gas_used: int
    receipts_root: Hash32


def replay(
    block: ArchivedBlock, settings: ArbitrageSettings | None = None, factories: tuple[Factory, ...] = ETHEREUM
) -> Replayed:
    """The searcher of arbitrages on ``block``, unchanged; each proposal is executed at its place in the block.

    Only what stands in the state so far is shown to it: no later transaction, log or state of the block.
    Raises ``ArchiveError`` for a block without pre-state, and what ``BlockExecution`` raises.
    """
    execution = BlockExecution(block)
    known = known_pools(execution, factories)
    place(execution, WETH)
    registry = DexRegistry([each.deployment for each in factories])
    head = _head(block)
    market = Market(registry, WETH)
    market.start(head.block, known.pools.values(), known.states)
    view = market.view(next_base_fee_wei=head.base_fee_wei, next_timestamp=block.timestamp or 0)
    strategy = Arbitrage(settings or ArbitrageSettings())
    best: dict[frozenset[Address], Proposal] = {}
    _propose(execution, strategy, head, view, best)
    while execution.position < execution.length:
        moved = _within_ends(execution, view, _moved(registry, view, execution.step().logs))
        if moved:
            view = view.with_states(moved)
            _propose(execution, strategy, head, view, best)
    proposals = sorted(best.values(), key=lambda each: each.position)
    return Replayed(block.number, known, proposals, execution.gas_used, execution.receipts_root())


def _propose(
    execution: BlockExecution,
    strategy: Arbitrage,
    head: NewBlock,
    view: MarketView,
    best: dict[frozenset[Address], Proposal],
) -> None:
    for opportunity in strategy.evaluate(head, view):
        paid = run(execution, opportunity.route)
        key = frozenset(opportunity.pools)
        if key not in best or paid.gross_wei > best[key].paid.gross_wei:
            best[key] = Proposal(execution.position, opportunity, paid)


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
