"""The market at one moment, immutable: what strategies see."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tallyio.core.chain import BlockRef
from tallyio.core.errors import ChainDataError
from tallyio.core.lending import LendingState
from tallyio.core.pools import Pool, PoolState
from tallyio.core.trade import LiquidateStep, Route, SwapStep
from tallyio.core.units import Address
from tallyio.hot_path.compiled_families import compiled_state, is_compiled
from tallyio.hot_path.curve import FloatCurve
from tallyio.hot_path.sizing import Exchange, Leg
from tallyio.market.graph import Graph
from tallyio.protocols.dex.model import PoolExchange, curve, swap
from tallyio.protocols.flash_loans.offer import Offer
from tallyio.protocols.lending.aave_v3.liquidation_effect import apply_liquidation


class States(dict[Address, PoolState]):
    """States of pools that differ from those of ``base`` in ``moved`` alone: who knows one can tell the other quickly.

    ``States.changed`` makes one; ``base`` is a plain mapping, never a ``States``.
    """

    __slots__ = ("base", "moved")

    base: Mapping[Address, PoolState]
    moved: frozenset[Address]

    @classmethod
    def changed(cls, before: Mapping[Address, PoolState], changes: Mapping[Address, PoolState]) -> "States":
        made = cls(before)
        made.update(changes)
        made.base, moved = _lineage(before)
        made.moved = moved | changes.keys()
        return made


def may_differ(a: Mapping[Address, PoolState], b: Mapping[Address, PoolState]) -> frozenset[Address] | None:
    """Pools outside of which ``a`` and ``b`` are the same; ``None`` where their common origin is not known."""
    (base_a, moved_a), (base_b, moved_b) = _lineage(a), _lineage(b)
    return moved_a | moved_b if base_a is base_b else None


def _lineage(states: Mapping[Address, PoolState]) -> tuple[Mapping[Address, PoolState], frozenset[Address]]:
    return (states.base, states.moved) if isinstance(states, States) else (states, frozenset())


class MarketView(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """State as of ``block``, for a transaction at the top of the block after it.

    ``rates`` holds, by edge of ``graph``, the output for a unit of input at the margin, fee included, and 0 for pools
    in ``untradable`` (address → reason). Views share all that they have in common.
    """

    block: BlockRef
    next_timestamp: int
    next_base_fee_wei: int
    weth: Address
    pools: Mapping[Address, Pool]
    states: Mapping[Address, PoolState]
    lending: Mapping[Address, LendingState]
    graph: Graph
    rates: NDArray[np.float64]
    untradable: Mapping[Address, str]
    offers: Mapping[Address, Sequence[Offer]] = {}
    """What lenders beside the markets in ``lending`` offer within a transaction, by token."""

    def after(self, route: Route) -> "MarketView":
        """The market once ``route`` has run.

        Raises ``ChainDataError`` when a step would revert here or move other amounts than it says, and
        ``LiquidationRefusedError`` likewise for a liquidation.
        """
        states: dict[Address, PoolState] = {}
        lending = dict(self.lending)
        for step in route.steps:
            if isinstance(step, SwapStep):
                states[step.pool] = self._swapped(step, states.get(step.pool) or self._state(step.pool))
            else:
                lending[step.market] = self._liquidated(step, lending)
        return self.with_states(states, lending=lending)

    def with_states(
        self, states: Mapping[Address, PoolState], *, lending: Mapping[Address, LendingState] | None = None
    ) -> "MarketView":
        """The same moment with other states of some pools; pools that these move with them cannot be traded then."""
        rates, untradable = self.rates.copy(), dict[Address, str]()
        for address, state in states.items():
            if address in self.graph.index and address not in self.untradable:
                pool = self.pools[address]
                rates[self.graph.edges_of(pool)] = marginal_rates(pool, state, self.next_timestamp)
            for other in self.graph.kin.get(self.pools[address].group, ()) if address in self.pools else ():
                if other not in states and other in self.graph.index:
                    rates[self.graph.edges_of(self.pools[other])] = 0.0
                    untradable[other] = f"pool {address} moved it"
        rates.flags.writeable = False
        return msgspec.structs.replace(
            self,
            states=States.changed(self.states, states),
            rates=rates,
            untradable={**self.untradable, **untradable} if untradable else self.untradable,
            lending=self.lending if lending is None else lending,
        )

    def without(self, reasons: Mapping[Address, str]) -> "MarketView":
        """The same moment where no route may use some more pools (address → reason)."""
        rates = self.rates.copy()
        for address in reasons:
            if address in self.graph.index:
                rates[self.graph.edges_of(self.pools[address])] = 0.0
        rates.flags.writeable = False
        return msgspec.structs.replace(self, rates=rates, untradable={**self.untradable, **reasons})

    def model(self, edge: int) -> PoolExchange:
        """An edge of ``graph`` as its family's models know it. Raises ``KeyError`` where its pool has no state."""
        pool = self.graph.pools[edge >> 1]
        sold, bought = self.graph.token_sold(edge), self.graph.token_bought(edge)
        return PoolExchange(pool, self.states[pool.address], sold, bought, self.next_timestamp)

    def exchange(self, edge: int) -> Exchange:
        """The exact swaps of an edge. Raises as ``model``."""
        model = self.model(edge)
        if is_compiled(model.pool):
            return Leg(model.pool, compiled_state(model.pool, model.state), not edge & 1)
        from tallyio.protocols.dex.compiled.exchange import exchange_of

        return exchange_of(model)

    def curve(self, edge: int) -> FloatCurve:
        """The float model of an edge. Raises as ``model``, and ``ChainDataError`` where there is none."""
        model = self.model(edge)
        if is_compiled(model.pool):
            return curve(*model)
        from tallyio.protocols.dex.compiled.curves import curve_of

        return curve_of(model)

    def _state(self, pool: Address) -> PoolState:
        state = self.states.get(pool)
        if state is None:
            raise ChainDataError(f"pool {pool} is not in the view of block {self.block.number}")
        return state

    def _swapped(self, step: SwapStep, state: PoolState) -> PoolState:
        amount = step.amount_out if step.exact_out else step.amount_in
        pool, now = self.pools[step.pool], self.next_timestamp
        done = swap(pool, state, step.token_in, step.token_out, amount, now, exact_out=step.exact_out)
        if (done.amount_in, done.amount_out) != (step.amount_in, step.amount_out):
            raise ChainDataError(
                f"pool {step.pool} takes {done.amount_in} and pays {done.amount_out}, "
                f"the step says {step.amount_in} and {step.amount_out}"
            )
        return done.state

    def _liquidated(self, step: LiquidateStep, lending: Mapping[Address, LendingState]) -> LendingState:
        market = lending.get(step.market)
        if market is None:
            raise ChainDataError(f"lending market {step.market} is not in the view of block {self.block.number}")
        return apply_liquidation(market, step, self.next_timestamp)


def marginal_rates(pool: Pool, state: PoolState, timestamp: int) -> list[float]:
    """Output for a unit of input at the margin, fee included, by edge: each pair's first token sold, then its second.
    0 where there is no liquidity."""
    return [_rate(pool, state, *way, timestamp) for pair in pool.pairs for way in (pair, pair[::-1])]


def _rate(pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> float:
    try:
        return curve(pool, state, token_in, token_out, timestamp).rate()
    except ChainDataError:
        return 0.0
