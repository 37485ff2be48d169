"""The searcher while a block goes by: its market, its strategies, and what it has proposed so far."""

from collections.abc import Iterable
from dataclasses import dataclass

from tallyio.archive.records import ArchivedBlock, ArchiveError
from tallyio.backtest.ground import Ground
from tallyio.backtest.judging import judged
from tallyio.backtest.known_pools import KnownPools, state_of
from tallyio.backtest.records import Proposal
from tallyio.chains.signed import decode_any
from tallyio.core.chain import BlockRef, Log, NewBlock, PendingTransaction
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import PoolState, V3State
from tallyio.core.trade import Opportunity
from tallyio.core.units import Address
from tallyio.protocols.dex.siblings import family_of
from tallyio.simulation.block_execution import BlockExecution
from tallyio.strategies.optimum.whole import sharpened


@dataclass
class Chance:
    """One set of pools that gains. ``last_wei`` is what it promised last, 0 once it is gone."""

    best: Proposal
    last_wei: int


class Session:
    """Arbitrage looks at the state as it is; backrun at the next transaction alone, before it has run.

    ``unfollowed`` are pools of which events told another state than the contract's own answer, or nothing.
    """

    def __init__(
        self,
        execution: BlockExecution,
        block: ArchivedBlock,
        known: KnownPools,
        ground: Ground,
    ) -> None:
        self._execution = execution
        self._known = known.pools
        self._ground = ground
        self._head = _head(block)
        self._view = ground.view(self._head, block.timestamp or 0, known)
        self._chances: dict[frozenset[Address], Chance] = {}
        self._over: list[Proposal] = []
        self._stale = True
        self.unfollowed: dict[Address, str] = {}

    def proposals(self) -> list[Proposal]:
        """Each opportunity once, where it paid most; in order of position."""
        return [each for each in self._all() if not each.paid.unknown]

    def unproved(self) -> list[Proposal]:
        """Those that could not be run: the archive lacks what they would touch."""
        return [each for each in self._all() if each.paid.unknown]

    def _all(self) -> list[Proposal]:
        return sorted([*self._over, *(each.best for each in self._chances.values())], key=lambda each: each.position)

    def look(self) -> None:
        """Propose arbitrages on the state as it is, where it changed since the last look."""
        if self._stale:
            self._stale = False
            found = self._ground.arbitrage.evaluate(self._head, self._view)
            self.take(found)
            self._leave({frozenset(each.pools) for each in found})

    def behind(self, raw: bytes) -> list[Opportunity]:
        """Backruns of a transaction that has not run yet."""
        body = decode_any(raw)
        if body.to not in self._ground.registry.routers:
            return []
        pending = PendingTransaction(
            hash=body.hash,
            sender=body.sender,
            to=body.to,
            nonce=body.nonce,
            value_wei=body.value_wei,
            gas_limit=body.gas_limit,
            max_fee_wei=body.max_fee_wei,
            priority_fee_wei=body.priority_fee_wei,
            data=body.data,
            raw=raw,
        )
        return self._ground.backrun.evaluate(pending, self._view)

    def take(self, found: Iterable[Opportunity]) -> None:
        """Run each of ``found`` here that promises more than its pools have paid so far."""
        for opportunity in found:
            key, gross = frozenset(opportunity.pools), opportunity.gross_wei
            chance = self._chances.get(key)
            if chance is None:
                self._chances[key] = Chance(self._judged(opportunity), gross)
            elif gross > chance.last_wei and 2 * chance.last_wei < chance.best.opportunity.gross_wei:
                self._over.append(chance.best)
                self._chances[key] = Chance(self._judged(opportunity), gross)
            else:
                changed, chance.last_wei = gross != chance.last_wei, gross
                if gross > chance.best.opportunity.gross_wei or (changed and chance.best.paid.reason):
                    made = self._judged(opportunity)
                    if made.paid.gross_wei > chance.best.paid.gross_wei:
                        chance.best = made

    def _judged(self, opportunity: Opportunity) -> Proposal:
        made = self._run(opportunity)
        better = opportunity if made.paid.reason else sharpened(self._view, opportunity)
        return made if better is opportunity else self._run(better)

    def _run(self, opportunity: Opportunity) -> Proposal:
        return judged(self._execution, self._view, opportunity, self._ground.settings)

    def _leave(self, standing: set[frozenset[Address]]) -> None:
        for key, chance in self._chances.items():
            if key not in standing:
                chance.last_wei = 0

    def follow(self, logs: tuple[Log, ...]) -> None:
        """The market after a transaction. Of a v3 pool the ends of what is known are drawn anew: from another price, or
        among other positions, it reaches less far."""
        told = self._told(logs)
        moved: dict[Address, PoolState] = {}
        for at in dict.fromkeys(log.address for log in logs if log.address in self._known):
            before = self._view.states[at]
            state = state_of(self._execution, self._view.pools[at]) or _without_liquidity(told.get(at, before))
            if _price_of(state) != _price_of(told.get(at, before)):
                self.unfollowed[at] = "its events tell another state" if at in told else "its events tell nothing"
            if state != before:
                moved[at] = state
        if moved:
            self._view, self._stale = self._view.with_states(moved), True

    def _told(self, logs: tuple[Log, ...]) -> dict[Address, PoolState]:
        """What the events make of the pools, as the live market would have it."""
        moved: dict[Address, PoolState] = {}
        for log in logs:
            pool = self._ground.registry.subject(log, self._view.pools)
            if pool is None:
                continue
            before = moved.get(pool.address, self._view.states.get(pool.address))
            try:
                after = family_of(pool).advance(pool, before, [log], self._view.next_timestamp)
            except ChainDataError:
                continue
            if after is not None:
                moved[pool.address] = after
        return moved


def _without_liquidity(state: PoolState) -> PoolState:
    """Where nothing around the price is known, nothing can be priced."""
    return V3State(state.sqrt_price_x96, state.tick, 0) if isinstance(state, V3State) else state


def _price_of(state: PoolState) -> object:
    return state.sqrt_price_x96 if isinstance(state, V3State) else state


def _head(block: ArchivedBlock) -> NewBlock:
    """The parent as the searcher stands on it, with the base fee that it makes the block pay (EIP-1559)."""
    header = block.header
    if header is None:
        raise ArchiveError(f"block {block.number} has traces alone, expected its pre-state", todo="Fetch it with it")
    parent = BlockRef(block.number - 1, header.parent_hash, header.parent_hash, max(0, header.timestamp - 1))
    return NewBlock(parent, header.base_fee_wei or 0, 0, header.gas_limit, header.coinbase, ())
