"""The best cycles on a view: screened by rates, ranked by a float optimum, decided in integers.

Ranking is by what a route adds to the executor's wrapped ether, less its gas. A cycle that does not touch wrapped
ether may start at any of its tokens and sells its profit for wrapped ether in one more swap; each start is a
candidate of its own. The float optimum bounds what exact integers can give, so only the best need them.
"""

import operator
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tallyio.core.pools import PoolState
from tallyio.core.trade import Route, SwapStep
from tallyio.core.units import Address
from tallyio.hot_path.amm.quote import output_of
from tallyio.hot_path.curve import Curve
from tallyio.hot_path.screen import screen
from tallyio.hot_path.sizing import Leg, Sized, refine, seed
from tallyio.market.graph import Graph
from tallyio.market.view import MarketView
from tallyio.strategies.base import GasModel

_SLACK = 1e-9
"""Share by which a float optimum may fall short of the exact one."""


class Found(NamedTuple):
    """A trade of a cycle; ``net_wei`` is ``gross_wei`` less gas at the view's next base fee."""

    net_wei: int
    gross_wei: int
    gas: int
    route: Route


class _Turn(NamedTuple):
    """A cycle from one of its tokens. ``sales`` are the edges that sell that token for wrapped ether, empty where it
    is wrapped ether; ``gas`` leaves the sale out."""

    edges: tuple[int, ...]
    pools: tuple[Address, ...]
    sales: tuple[int, ...]
    gas: int


class _Estimate(NamedTuple):
    bound: float
    cycle: int
    turn: _Turn
    start: float


class _Seed(NamedTuple):
    states: tuple[PoolState, ...]
    start: float
    profit: float


class _Known(NamedTuple):
    states: tuple[PoolState, ...]
    value: Sized | None


class CycleSearch:
    """Keeps seeds and sizes of cycles whose pools did not change: a search after one trade costs what it touched.

    What is kept never changes an answer: it is used only on the very states that it was made from.
    """

    def __init__(self, gas: GasModel) -> None:
        self._gas = gas
        self._graph: Graph | None = None
        self._turns: dict[int, tuple[_Turn, ...]] = {}
        self._curves: dict[int, tuple[PoolState, Curve]] = {}
        self._seeds: dict[tuple[int, ...], _Seed] = {}
        self._sized: dict[tuple[int, ...], _Known] = {}

    def best(
        self, view: MarketView, min_net_wei: int, keep: int, touching: Sequence[Address] | None = None
    ) -> list[Found]:
        """Up to ``keep`` trades whose net exceeds ``min_net_wei``, best first, one a cycle; over all cycles, or those
        through the pools ``touching``."""
        self._adopt(view.graph)
        ids: NDArray[np.int32] | None = None
        if touching is not None:
            index = view.graph.index
            ids = view.graph.cycles.of_pools([index[pool] for pool in touching if pool in index])
        found: dict[int, Found] = {}
        for estimate in self._estimates(view, ids, min_net_wei):
            if len(found) >= keep and estimate.bound <= min(trade.net_wei for trade in found.values()):
                break
            exact = self._exact(view, estimate)
            if exact is None or exact.net_wei <= min_net_wei:
                continue
            known = found.get(estimate.cycle)
            if known is None or exact.net_wei > known.net_wei:
                found[estimate.cycle] = exact
        return sorted(found.values(), key=lambda trade: -trade.net_wei)[:keep]

    def _adopt(self, graph: Graph) -> None:
        """Numbers of pools and cycles hold within one growing graph only, and a new pool adds ways to sell."""
        if graph is self._graph:
            return
        old = self._graph.pools if self._graph else ()
        if graph.pools[: len(old)] != old:
            self._curves.clear()
            self._seeds.clear()
            self._sized.clear()
        self._turns.clear()
        self._graph = graph

    def _estimates(self, view: MarketView, ids: NDArray[np.int32] | None, min_net_wei: int) -> list[_Estimate]:
        """Every turn of a screened cycle whose bound exceeds ``min_net_wei``, highest bound first."""
        fee, rates = view.next_base_fee_wei, view.rates.tolist()
        estimates = []
        for cycle in screen(view.graph.cycles.edges, view.rates, ids)[0].tolist():
            for turn in self._turns.get(cycle) or self._turns_of(view.graph, cycle):
                _, start, profit = self._seed(view, turn)
                least, slack = min_net_wei + turn.gas * fee, (start + profit) * _SLACK
                if turn.sales:
                    rate = max([rates[edge] for edge in turn.sales])
                    if profit * rate + slack * rate <= least:
                        continue
                    gross = max([self._curve(view, edge).output(profit) for edge in turn.sales if rates[edge]])
                    slack *= rate
                else:
                    gross = profit
                if profit > 0 and gross + slack > least:
                    estimates.append(_Estimate(gross + slack - turn.gas * fee, cycle, turn, start))
        estimates.sort(key=lambda estimate: -estimate.bound)
        return estimates

    def _turns_of(self, graph: Graph, cycle: int) -> tuple[_Turn, ...]:
        edges = graph.cycles.rows[cycle]
        turns = []
        for i in range(len(edges)):
            turned = edges[i:] + edges[:i]
            token = graph.token_sold(turned[0])
            sales = graph.into_weth.get(token, ())
            if token == graph.weth or (sales and not any(graph.token_sold(e) == graph.weth for e in edges)):
                pools = tuple(graph.pools[edge >> 1].address for edge in turned)
                turns.append(_Turn(turned, pools, () if token == graph.weth else sales, self._gas_of(graph, turned)))
        self._turns[cycle] = tuple(turns)
        return self._turns[cycle]

    def _exact(self, view: MarketView, estimate: _Estimate) -> Found | None:
        turn, graph, fee = estimate.turn, view.graph, view.next_base_fee_wei
        sized = self._size(view, estimate)
        if sized is None:
            return None
        steps = [self._step(graph, e, *sized.amounts[i : i + 2]) for i, e in enumerate(turn.edges)]
        outer: tuple[SwapStep, ...] = ()
        gross, gas = sized.profit, turn.gas
        if turn.sales:
            offers = [
                (output_of(leg.pool, leg.state, leg.zero_for_one, sized.profit), edge)
                for edge in turn.sales
                if view.rates[edge] > 0
                for leg in (self._leg(view, edge),)
            ]
            gross, sale = max(offers, key=lambda o: o[0] - self._gas_of(graph, (*turn.edges, o[1])) * fee)
            gas = self._gas_of(graph, (*turn.edges, sale))
            outer = (self._step(graph, sale, sized.profit, gross),)
        if gross <= 0:
            return None
        return Found(gross - gas * fee, gross, gas, Route(steps[0], tuple(steps[1:]), outer))

    def _gas_of(self, graph: Graph, edges: Sequence[int]) -> int:
        return self._gas.swaps(graph.pools[edge >> 1].family for edge in edges)

    def _seed(self, view: MarketView, turn: _Turn) -> _Seed:
        states = _states(view, turn)
        known = self._seeds.get(turn.edges)
        if known is None or not _same(known.states, states):
            known = _Seed(states, *seed([self._curve(view, edge) for edge in turn.edges]))
            self._seeds[turn.edges] = known
        return known

    def _size(self, view: MarketView, estimate: _Estimate) -> Sized | None:
        edges, states = estimate.turn.edges, _states(view, estimate.turn)
        known = self._sized.get(edges)
        if known is None or not _same(known.states, states):
            known = _Known(states, refine([self._leg(view, edge) for edge in edges], estimate.start))
            self._sized[edges] = known
        return known.value

    def _curve(self, view: MarketView, edge: int) -> Curve:
        pool = view.graph.pools[edge >> 1]
        state = view.states[pool.address]
        known = self._curves.get(edge)
        if known is None or known[0] is not state:
            known = (state, Curve(pool, state, not edge & 1))
            self._curves[edge] = known
        return known[1]

    def _leg(self, view: MarketView, edge: int) -> Leg:
        pool = view.graph.pools[edge >> 1]
        return Leg(pool, view.states[pool.address], not edge & 1)

    def _step(self, graph: Graph, edge: int, amount_in: int, amount_out: int) -> SwapStep:
        pool = graph.pools[edge >> 1]
        sold = graph.token_sold(edge)
        return SwapStep(pool.address, pool.family, sold, pool.other(sold), amount_in, amount_out, pool.fee_pips)


def _states(view: MarketView, turn: _Turn) -> tuple[PoolState, ...]:
    states = view.states
    return tuple([states[pool] for pool in turn.pools])


def _same(a: tuple[PoolState, ...], b: tuple[PoolState, ...]) -> bool:
    return all(map(operator.is_, a, b))
