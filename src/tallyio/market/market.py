"""The mirror of the pools: moved by each block's logs, rewound by each rollback."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from tallyio.config.settings import CycleSettings
from tallyio.core.chain import BlockRef, Log, NewBlock, Rollback
from tallyio.core.errors import BugError, ChainDataError, DivergenceError
from tallyio.core.lending import LendingState
from tallyio.core.pools import PairState, Pool, PoolState
from tallyio.core.units import Address
from tallyio.hot_path.compiled_families import compiled_state, is_compiled
from tallyio.market.graph import Graph, GraphBuilder, pairs_of
from tallyio.market.liquidity import LiquidityGate
from tallyio.market.quarantine import Quarantine
from tallyio.market.reading import PoolsRead
from tallyio.market.state_numbers import numbers
from tallyio.market.suspicion import Aside
from tallyio.market.tradable import obstacle, short_changing
from tallyio.market.view import MarketView, marginal_rates
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.dex.siblings import family_of
from tallyio.protocols.flash_loans.offer import Offer

log = structlog.get_logger()

MAY_HAVE_CHANGED = "may have changed without an event"
NOT_PROVED = "not compared with its contract yet"
HISTORY = 256
"""Blocks that can be rewound."""


class Counters(msgspec.Struct):
    """What became of the logs: applied, without meaning here, of pools not known, or not to be decoded."""

    applied: int = 0
    other: int = 0
    unknown_pool: int = 0
    undecodable: int = 0


class Publisher(Protocol):
    """Hears of every move of the pools, such as ``hot_path.shared.writer.MarketWriter``."""

    def publish(self, block: BlockRef, moved: Iterable[tuple[Pool, PairState | None]]) -> None:
        """The market is now as of ``block``; ``moved`` are all compiled pools that may differ from before."""


class _Undo(msgspec.Struct):
    before: BlockRef
    states: dict[Address, PoolState | None]


class Market:
    """Not thread-safe; ``view`` hands out immutable pictures of it.

    ``untradable_tokens`` (token → reason) lists tokens that no route may touch. With ``prove`` a pool that is found by
    its events is used once ``settle`` has shown that its contract says the same.
    """

    def __init__(
        self,
        registry: DexRegistry,
        weth: Address,
        *,
        untradable_tokens: Mapping[Address, str] | None = None,
        prove: bool = False,
        max_hops: int = 3,
        cycles: CycleSettings | None = None,
        history: int = HISTORY,
    ) -> None:
        self.registry = registry
        self.weth = weth
        self.counters = Counters()
        self.last_undecodable = ""
        self._builder = GraphBuilder(weth, max_hops, cycles or CycleSettings())
        self._gate = LiquidityGate(self._builder)
        self._pools: dict[Address, Pool] = {}
        self._states: dict[Address, PoolState] = {}
        self._untradable: dict[Address, str] = {}
        self._unread: dict[Address, str] = {}
        self._refused: dict[Address, str] = {}
        self._polled: set[Address] = set()
        self._prove = prove
        self._quarantine = Quarantine(weth, untradable_tokens or {})
        self._rates: NDArray[np.float64] = np.zeros(64)
        self._undo: deque[_Undo] = deque(maxlen=history)
        self._block: BlockRef | None = None
        self._publisher: Publisher | None = None
        self._moved: dict[Address, None] = {}

    @property
    def block(self) -> BlockRef:
        if self._block is None:
            raise BugError("the market has no block yet; start it first")
        return self._block

    @property
    def graph(self) -> Graph:
        return self._builder.graph

    @property
    def pools(self) -> Mapping[Address, Pool]:
        return MappingProxyType(self._pools)

    @property
    def states(self) -> Mapping[Address, PoolState]:
        return MappingProxyType(self._states)

    @property
    def untradable(self) -> Mapping[Address, str]:
        """Pools that no route may use, with the reason."""
        return MappingProxyType(self._untradable)

    @property
    def unread(self) -> Mapping[Address, str]:
        """Pools that ``settle`` must bring from the chain before they can be used, with the reason."""
        return MappingProxyType(self._unread)

    @property
    def refused(self) -> Mapping[Address, str]:
        """Pools whose contracts are not what their factories or events say, with the reason."""
        return MappingProxyType(self._refused)

    def asides(self) -> list[Aside]:
        """When which pools were set aside because trades through them, or with one of their tokens, failed."""
        return self._quarantine.asides(self._pools)

    @property
    def refreshable(self) -> Mapping[Address, PoolState]:
        """The states, followed until now, of those ``unread`` of which ``read_pools`` need not ask all."""
        changed = (address for address, reason in self._unread.items() if reason == MAY_HAVE_CHANGED)
        return {address: self._states[address] for address in changed if address in self._states}

    def history(self) -> Iterator[tuple[int, Mapping[Address, PoolState | None]]]:
        """Backwards through the blocks that can be rewound: a block's number, and of the pools that the block after it
        moved, the states that stood at its end."""
        for undo in reversed(self._undo):
            yield undo.before.number, undo.states

    def publish_to(self, publisher: Publisher) -> None:
        """All pools now, and from now on every change, at the end of the block or rollback that makes it."""
        self._publisher = publisher
        self._moved = dict.fromkeys(self._pools)
        if self._block is not None:
            self._publish()

    def start(
        self, block: BlockRef, pools: Iterable[Pool] = (), states: Mapping[Address, PoolState] | None = None
    ) -> None:
        """Sets the mirror to what was read from the chain as of ``block``."""
        self._block = block
        self._undo.clear()
        for pool in (*pools, *self.registry.standing):
            self._discover(pool)
        for address, state in (states or {}).items():
            self._set(address, state)
        self._publish()

    def apply(self, event: NewBlock) -> frozenset[Address]:
        """The next block; returns the pools that it touched. Raises ``BugError`` when it does not follow ours."""
        before = self.block
        if event.block.parent_hash != before.hash:
            raise BugError(
                f"block {event.block.number} {event.block.hash} does not follow {before.number} {before.hash}",
                todo="The feed must send parents before children, and a rollback before another branch",
            )
        undo = _Undo(before, {})
        happened: dict[Address, list[Log]] = {}
        for entry in event.logs:
            self._sort(entry, undo.states, happened)
        for address, logs in happened.items():
            self._advance(self._pools[address], logs, event.block.timestamp, undo.states)
        for address in self._polled - self._refused.keys():
            self._unread.setdefault(address, MAY_HAVE_CHANGED)
            self._set(address, self._states.get(address))
        for token, proof in short_changing(event.logs, self._pools).items():
            self.condemn(token, f"takes a fee on transfer: {proof}")
        self._undo.append(undo)
        self._block = event.block
        self._judge_again(*self._quarantine.freed(event.block.number))
        self._publish()
        return frozenset(undo.states)

    def rewind(self, event: Rollback) -> frozenset[Address]:
        """Back to the state as of ``event.to``; returns the pools that changed by it.

        Raises ``DivergenceError`` when that block is not in the kept history: the mirror must be read anew.
        """
        if event.to.hash != self.block.hash and all(undo.before.hash != event.to.hash for undo in self._undo):
            raise DivergenceError(
                f"block {event.to.number} {event.to.hash} is not among the last {len(self._undo)} blocks of the mirror",
                todo="Read the market from the chain again",
            )
        touched: set[Address] = set()
        while self.block.hash != event.to.hash:
            undo = self._undo.pop()
            for address, state in undo.states.items():
                if state is None and family_of(self._pools[address]).read_first:
                    self._unread[address] = "not read yet"
                self._set(address, state)
            touched.update(undo.states)
            self._block = undo.before
        self._publish()
        return frozenset(touched)

    def settle(self, read: PoolsRead) -> None:
        """What was read from the chain as of ``block`` of the pools that are ``unread``: they can be used from now on.

        Those without a state yet wait for an event. A pool that is refused stays so: where its family reads first until
        its next event, else for good. One that was followed until now is asked once more before: a node may answer from
        the next block while it imports it, one question so and the next otherwise.
        """
        undo = self._undo[-1].states if self._undo else {}
        asked = dict(self._unread)
        doubted: dict[Address, str] = {}
        for address in asked:
            pool = read.learned.get(address, self._pools[address])
            if pool.address != address:
                self._forget(address)
            self._pools[pool.address] = pool
            self._enter(pool)
            if address in read.refused:
                followed = asked[address] == MAY_HAVE_CHANGED
                (doubted if followed else self._refused)[address] = read.refused[address]
            undo.setdefault(pool.address, self._states.get(pool.address))
        self._unread.clear()
        self._unread.update(doubted)
        for address, reason in asked.items():
            named = read.learned[address].address if address in read.learned else address
            state = read.states.get(named)
            if reason == NOT_PROVED and address not in read.refused:
                state = self._proved(named, state)
            self._set(named, state)
        self._publish()

    def _proved(self, address: Address, read: PoolState | None) -> PoolState | None:
        """The mirrored state where the contract's own equals it; a pool whose events tell another is refused."""
        mirrored = self._states.get(address)
        ours, theirs = numbers(mirrored), numbers(read)
        differing = [name for name in ours.keys() | theirs.keys() if ours.get(name, 0) != theirs.get(name, 0)]
        if not differing:
            return mirrored
        self._refused[address] = f"its events tell another {min(differing)} than its contract"
        return None

    def condemn(self, token: Address, reason: str) -> None:
        """From now on no route may touch ``token``. It stays so over rollbacks: it is the token's code that shows."""
        if self._quarantine.condemn(token, reason):
            self._judge_again([token], [])

    def worked(self, tokens: Iterable[Address], pools: Iterable[Address]) -> None:
        """Simulated trades with ``tokens`` through ``pools`` did what was predicted."""
        self._quarantine.worked(tokens, pools, self.block.number)

    def failed(self, tokens: Iterable[Address], pools: Iterable[Address], why: str) -> None:
        """A simulated trade with ``tokens`` through ``pools`` failed: those that may be the cause are set aside for
        some blocks."""
        self._judge_again(*self._quarantine.failed(tokens, pools, self.block.number, why))
        self._publish()

    def _judge_again(self, tokens: Sequence[Address], pools: Sequence[Address]) -> None:
        concerned = [a for a, pool in self._pools.items() if not set(tokens).isdisjoint(pool.tokens)] if tokens else []
        for address in (*pools, *concerned):
            self._set(address, self._states.get(address))

    def forget(self, pools: Iterable[Address]) -> None:
        """Their states are not known any more; nothing may use them until they are."""
        for address in pools:
            self._set(address, None)
        self._publish()

    def view(
        self,
        *,
        next_base_fee_wei: int,
        next_timestamp: int,
        lending: Mapping[Address, LendingState] | None = None,
        offers: Mapping[Address, Sequence[Offer]] = MappingProxyType({}),
    ) -> MarketView:
        """An immutable picture of the market as of ``block``, for a transaction in the block after it."""
        graph = self._builder.graph
        rates = self._rates[: 2 * len(graph.pools)].copy()
        rates.flags.writeable = False
        return MarketView(
            block=self.block,
            next_timestamp=next_timestamp,
            next_base_fee_wei=next_base_fee_wei,
            weth=self.weth,
            pools=dict(self._pools),
            states=dict(self._states),
            lending=dict(lending or {}),
            graph=graph,
            rates=rates,
            untradable=dict(self._untradable),
            offers=offers,
        )

    def _sort(self, entry: Log, undo: dict[Address, PoolState | None], happened: dict[Address, list[Log]]) -> None:
        """Takes an announcement at once, and puts an event to those of its pool."""
        try:
            found = self.registry.discovered(entry)
        except ChainDataError as e:
            self._skip(entry, 1, e)
            return
        if found is not None:
            undo.setdefault(found.address, self._states.get(found.address))
            self._discover(found)
            self.counters.applied += 1
            if family_of(found).key(entry) != found.address:
                return
            if found.address in self._states:  # its own first event cannot come again
                self._unread[found.address] = "it was announced again"
                self._set(found.address, self._states[found.address])
                return
        pool = self.registry.subject(entry, self._pools)
        if pool is not None:
            happened.setdefault(pool.address, []).append(entry)
        elif self.registry.concerns_all(entry):
            self._read_anew(entry.address, undo)
        elif entry.topics and entry.topics[0] in self.registry.topics and entry.address not in self._pools:
            self.counters.unknown_pool += 1
        else:
            self.counters.other += 1

    def _read_anew(self, home: Address, undo: dict[Address, PoolState | None]) -> None:
        self.counters.applied += 1
        for address in [address for address, pool in self._pools.items() if pool.home == home]:
            undo.setdefault(address, self._states.get(address))
            self._refused.pop(address, None)
            self._unread[address] = f"what holds for all of {home} may have changed"
            self._set(address, self._states.get(address))

    def _advance(self, pool: Pool, logs: list[Log], timestamp: int, undo: dict[Address, PoolState | None]) -> None:
        before = self._states.get(pool.address)
        undo.setdefault(pool.address, before)
        if pool.address in self._refused:
            if not family_of(pool).read_first:
                return
            del self._refused[pool.address]
            before = None
        try:
            after = family_of(pool).advance(pool, before, logs, timestamp)
        except ChainDataError as e:
            if pool.address not in self._unread:
                self._skip(logs[-1], len(logs), e)
            self._unread[pool.address] = e.message
            after = None
        else:
            self.counters.applied += len(logs)
            if after is None:
                self._unread[pool.address] = "not read yet"
            elif self._unread.get(pool.address) != NOT_PROVED:
                self._unread.pop(pool.address, None)
        self._set(pool.address, after)

    def _skip(self, entry: Log, count: int, error: ChainDataError) -> None:
        self.counters.undecodable += count
        self.last_undecodable = error.message
        log.warning("log skipped", block=entry.block_number, address=entry.address, error=error.message)

    def _discover(self, pool: Pool) -> None:
        if pool.address in self._pools:
            return
        self._pools[pool.address] = pool
        if family_of(pool).read_first:
            self._unread[pool.address] = "not read yet"
        else:
            self._enter(pool)
            if self._prove:
                self._unread[pool.address] = NOT_PROVED
        self._set(pool.address, self._states.get(pool.address))

    def _enter(self, pool: Pool) -> None:
        """Into the graph: once the pool is known whole."""
        end = 2 * (self._builder.add(pool) + pairs_of(pool))
        while end > len(self._rates):
            self._rates = np.concatenate((self._rates, np.zeros(len(self._rates))))

    def _forget(self, address: Address) -> None:
        """An announced pool that was learned under its own name."""
        del self._pools[address]
        self._untradable.pop(address, None)
        self._moved.pop(address, None)

    def _publish(self) -> None:
        if self._publisher is not None:
            moved = ((self._pools[a], self._states.get(a)) for a in self._moved if is_compiled(self._pools[a]))
            told = [(pool, None if state is None else compiled_state(pool, state)) for pool, state in moved]
            self._publisher.publish(self.block, told)
        self._moved.clear()

    def _set(self, address: Address, state: PoolState | None) -> None:
        pool = self._pools[address]
        self._moved[address] = None
        if state is None:
            self._states.pop(address, None)
        else:
            self._states[address] = state
            if family_of(pool).polled(pool, state):
                self._polled.add(address)
        reason = (
            self._refused.get(address) or self._unread.get(address) or obstacle(pool, state, self._quarantine.tokens)
        )
        reason = reason or self._quarantine.pools.get(address, "")
        if reason or state is None:
            self._untradable[address] = reason
        else:
            self._untradable.pop(address, None)
        if not self._builder.knows(pool):
            return
        first = self._builder.add(pool)
        now = self._block.timestamp if self._block else 0
        rates = 0.0 if reason or state is None else marginal_rates(pool, state, now)
        self._rates[2 * first : 2 * (first + pairs_of(pool))] = rates
        self._gate.measure(pool, self._states, self._rates)
