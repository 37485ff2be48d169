"""The mirror of the pools: moved by each block's logs, rewound by each rollback."""

from collections import deque
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from tallyio.config.settings import CycleSettings
from tallyio.core.chain import BlockRef, Log, NewBlock, Rollback
from tallyio.core.deltas import LendingChanged, PoolDiscovered, V2Synced
from tallyio.core.errors import BugError, ChainDataError, DivergenceError
from tallyio.core.lending import LendingState
from tallyio.core.pools import V2, Pool, PoolState
from tallyio.core.units import Address
from tallyio.market.graph import Graph, GraphBuilder
from tallyio.market.liquidity import LiquidityGate
from tallyio.market.mirroring import advance
from tallyio.market.tradable import obstacle, short_changing
from tallyio.market.view import MarketView, marginal_rates
from tallyio.protocols.dex.registry import POOL_TOPICS, DexRegistry

log = structlog.get_logger()

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

    def publish(self, block: BlockRef, moved: Iterable[tuple[Pool, PoolState | None]]) -> None:
        """The market is now as of ``block``; ``moved`` are all pools that may differ from before."""


class _Undo(msgspec.Struct):
    before: BlockRef
    states: dict[Address, PoolState | None]


class Market:
    """Not thread-safe; ``view`` hands out immutable pictures of it.

    ``untradable_tokens`` (token → reason) lists tokens that no route may touch.
    """

    def __init__(
        self,
        registry: DexRegistry,
        weth: Address,
        *,
        untradable_tokens: Mapping[Address, str] | None = None,
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
        self._condemned: dict[Address, str] = dict(untradable_tokens or {})
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
        for pool in pools:
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
        for entry in event.logs:
            try:
                self._apply_log(entry, undo.states)
            except ChainDataError as e:
                self.counters.undecodable += 1
                self.last_undecodable = e.message
                log.warning("log skipped", block=entry.block_number, address=entry.address, error=e.message)
        for token, proof in short_changing(event.logs, self._pools).items():
            self.condemn(token, f"takes a fee on transfer: {proof}")
        self._undo.append(undo)
        self._block = event.block
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
                self._set(address, state)
            touched.update(undo.states)
            self._block = undo.before
        self._publish()
        return frozenset(touched)

    def condemn(self, token: Address, reason: str) -> None:
        """From now on no route may touch ``token``. It stays so over rollbacks: it is the token's code that shows."""
        if token in self._condemned:
            return
        self._condemned[token] = reason
        log.warning("token is not traded any more", token=token, reason=reason)
        for address, pool in self._pools.items():
            if token in (pool.token0, pool.token1):
                self._set(address, self._states.get(address))

    def view(
        self, *, next_base_fee_wei: int, next_timestamp: int, lending: Mapping[Address, LendingState] | None = None
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
        )

    def _apply_log(self, entry: Log, undo: dict[Address, PoolState | None]) -> None:
        if entry.address not in self._pools and entry.address not in self.registry.factories:
            if entry.topics and entry.topics[0] in POOL_TOPICS:
                self.counters.unknown_pool += 1
            else:
                self.counters.other += 1
            return
        delta = self.registry.decode(entry)
        if delta is None or isinstance(delta, LendingChanged):
            self.counters.other += 1
            return
        if isinstance(delta, PoolDiscovered):
            undo.setdefault(delta.pool.address, self._states.get(delta.pool.address))
            self._discover(delta.pool)
        else:
            if isinstance(delta, V2Synced) != (self._pools[delta.pool].family == V2):
                raise ChainDataError(f"pool {delta.pool} is of another family, found a {type(delta).__name__} of it")
            before = self._states.get(delta.pool)
            after = advance(before, delta)
            undo.setdefault(delta.pool, before)
            self._set(delta.pool, after)
        self.counters.applied += 1

    def _discover(self, pool: Pool) -> None:
        if pool.address in self._pools:
            return
        number = self._builder.add(pool)
        if 2 * number + 2 > len(self._rates):
            self._rates = np.concatenate((self._rates, np.zeros(len(self._rates))))
        self._pools[pool.address] = pool
        self._set(pool.address, self._states.get(pool.address))

    def _publish(self) -> None:
        if self._publisher is not None:
            self._publisher.publish(self.block, [(self._pools[a], self._states.get(a)) for a in self._moved])
        self._moved.clear()

    def _set(self, address: Address, state: PoolState | None) -> None:
        pool = self._pools[address]
        self._moved[address] = None
        if state is None:
            self._states.pop(address, None)
        else:
            self._states[address] = state
        number = self._builder.add(pool)
        reason = obstacle(pool, state, self._condemned)
        if reason or state is None:
            self._untradable[address] = reason
            self._rates[2 * number : 2 * number + 2] = 0.0
        else:
            self._untradable.pop(address, None)
            self._rates[2 * number : 2 * number + 2] = marginal_rates(pool, state)
        self._gate.measure(pool, self._states, self._rates)
