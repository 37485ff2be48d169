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

from tallyio.core.pools import Pool, PoolState
from tallyio.core.trade import Route, SwapStep
from tallyio.core.units import Address
from tallyio.hot_path.amm.quote import output_of
from tallyio.hot_path.curve import Curve
from tallyio.hot_path.screen import screen
from tallyio.hot_path.sizing import Leg, Sized, refine, seed
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


class _Estimate(NamedTuple):
    edges: tuple[int, ...]
    gross: float
    slack: float
    start: float


class _Known(NamedTuple):
    """What is kept of a sized cycle while the states it was sized on stay the same objects."""

    states: tuple[PoolState, ...]
    value: Sized | None


class CycleSearch:
    """Keeps sizes of cycles whose pools did not change, so that a search after one trade costs what it touched.

    What is kept never changes an answer: it is used only on the very states that it was made from.
    """

    def __init__(self, gas: GasModel) -> None:
        self._gas = gas
        self._curves: dict[int, tuple[PoolState, Curve]] = {}
        self._seeds: dict[tuple[int, ...], tuple[tuple[PoolState, ...], float, float]] = {}
        self._sized: dict[tuple[int, ...], _Known] = {}
        self._pools: tuple[Pool, ...] = ()

    def best(
        self, view: MarketView, min_net_wei: int, keep: int, touching: Sequence[Address] | None = None
    ) -> list[Found]:
        """Up to ``keep`` trades whose net exceeds ``min_net_wei``, best first, one a cycle; over all cycles, or those
        through the pools ``touching``."""
        self._adopt(view)
        cycles = view.graph.cycles
        ids: NDArray[np.int32] | None = None
        if touching is not None:
            ids = cycles.of_pools([view.graph.index[pool] for pool in touching if pool in view.graph.index])
        passed, _ = screen(cycles.edges, view.rates, ids)
        rows = cycles.rows
        estimates: list[tuple[float, _Estimate, int]] = []
        for cycle in passed.tolist():
            for estimate in self._estimates(view, rows[cycle]):
                gas = self._gas_of(view, estimate.edges)
                bound = estimate.gross + estimate.slack - gas * view.next_base_fee_wei
                if bound > min_net_wei:
                    estimates.append((bound, estimate, cycle))
        estimates.sort(key=lambda item: -item[0])
        found: dict[int, Found] = {}
        for bound, estimate, cycle in estimates:
            if len(found) >= keep and bound <= min(f.net_wei for f in found.values()):
                break
            exact = self._exact(view, estimate)
            if exact is None or exact.net_wei <= min_net_wei:
                continue
            if cycle not in found or exact.net_wei > found[cycle].net_wei:
                found[cycle] = exact
        return sorted(found.values(), key=lambda f: -f.net_wei)[:keep]

    def _adopt(self, view: MarketView) -> None:
        """Numbers of pools mean something within one growing graph only."""
        if view.graph.pools[: len(self._pools)] != self._pools:
            self._curves.clear()
            self._seeds.clear()
            self._sized.clear()
        self._pools = view.graph.pools

    def _estimates(self, view: MarketView, edges: tuple[int, ...]) -> list[_Estimate]:
        if view.graph.token_sold(edges[0]) == view.weth:
            start, profit = self._seed(view, edges)
            return [_Estimate(edges, profit, (start + profit) * _SLACK, start)] if profit > 0 else []
        out = []
        for turn in range(len(edges)):
            turned = edges[turn:] + edges[:turn]
            sales = view.graph.into_weth.get(view.graph.token_sold(turned[0]), ())
            if not sales:
                continue
            start, profit = self._seed(view, turned)
            if profit <= 0:
                continue
            gross = max(self._curve(view, edge).output(profit) for edge in sales)
            slack = (start + profit) * _SLACK * max(float(view.rates[edge]) for edge in sales)
            if gross > 0:
                out.append(_Estimate(turned, gross, slack, start))
        return out

    def _exact(self, view: MarketView, estimate: _Estimate) -> Found | None:
        sized = self._size(view, estimate)
        if sized is None:
            return None
        steps = [self._step(view, e, *sized.amounts[i : i + 2]) for i, e in enumerate(estimate.edges)]
        outer: tuple[SwapStep, ...] = ()
        gross, gas = sized.profit, self._gas_of(view, estimate.edges)
        token = view.graph.token_sold(estimate.edges[0])
        if token != view.weth:
            sold = [
                (output_of(leg.pool, leg.state, leg.zero_for_one, sized.profit), edge)
                for edge in view.graph.into_weth[token]
                if view.rates[edge] > 0
                for leg in (self._leg(view, edge),)
            ]
            gross, sale = max(
                sold, key=lambda s: s[0] - self._gas_of(view, (*estimate.edges, s[1])) * view.next_base_fee_wei
            )
            gas = self._gas_of(view, (*estimate.edges, sale))
            outer = (self._step(view, sale, sized.profit, gross),)
        if gross <= 0:
            return None
        route = Route(funding=steps[0], inner=tuple(steps[1:]), outer=outer)
        return Found(gross - gas * view.next_base_fee_wei, gross, gas, route)

    def _gas_of(self, view: MarketView, edges: Sequence[int]) -> int:
        return self._gas.swaps(view.graph.pools[edge >> 1].family for edge in edges)

    def _seed(self, view: MarketView, edges: tuple[int, ...]) -> tuple[float, float]:
        states = self._states(view, edges)
        known = self._seeds.get(edges)
        if known is None or not _same(known[0], states):
            known = (states, *seed([self._curve(view, edge) for edge in edges]))
            self._seeds[edges] = known
        return known[1], known[2]

    def _size(self, view: MarketView, estimate: _Estimate) -> Sized | None:
        states = self._states(view, estimate.edges)
        known = self._sized.get(estimate.edges)
        if known is None or not _same(known.states, states):
            known = _Known(states, refine([self._leg(view, edge) for edge in estimate.edges], estimate.start))
            self._sized[estimate.edges] = known
        return known.value

    def _states(self, view: MarketView, edges: tuple[int, ...]) -> tuple[PoolState, ...]:
        pools, states = view.graph.pools, view.states
        return tuple([states[pools[edge >> 1].address] for edge in edges])

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

    def _step(self, view: MarketView, edge: int, amount_in: int, amount_out: int) -> SwapStep:
        pool = view.graph.pools[edge >> 1]
        sold = view.graph.token_sold(edge)
        return SwapStep(pool.address, pool.family, sold, pool.other(sold), amount_in, amount_out, pool.fee_pips)


def _same(a: tuple[PoolState, ...], b: tuple[PoolState, ...]) -> bool:
    return all(map(operator.is_, a, b))
