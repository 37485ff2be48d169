"""The best cycle on a state of the pools."""

from collections import defaultdict
from collections.abc import Iterable
from math import prod

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool
from tallyio.core.units import PIPS, Address
from tallyio.reports.exhaustive.cycles import Cycle, Hop, cycles
from tallyio.reports.exhaustive.records import GasModel, Takeable
from tallyio.reports.exhaustive.sizing import best_input, estimated_peak, run
from tallyio.reports.exhaustive.venues import Outline, State, States, estimate, outline, swap

_SLACK = 1e-9
"""Floats stay within 1e-12 of exact values here; this margin keeps rounding from hiding a cycle."""


class Found(msgspec.Struct, frozen=True):
    record: Takeable
    after: dict[Address, State]


class Graph:
    """What never changes between blocks: the pools and every cycle over them."""

    def __init__(self, pools: Iterable[Pool], weth: Address) -> None:
        self.pools = {pool.address: pool for pool in pools}
        self.weth = weth
        self.cycles = cycles(self.pools.values(), weth)
        self.touching: dict[Address, list[int]] = defaultdict(list)
        for i, cycle in enumerate(self.cycles):
            for hop in cycle:
                self.touching[hop.pool.address].append(i)
        self.to_weth: dict[Address, list[Hop]] = defaultdict(list)
        for pool in self.pools.values():
            if weth in (pool.token0, pool.token1):
                token = pool.other(weth)
                self.to_weth[token].append(Hop(pool, token))


class CycleSearch:
    """One block's search. ``update`` tells it of new states; estimates of untouched cycles are kept."""

    def __init__(self, graph: Graph, states: States, gas: GasModel) -> None:
        self.graph = graph
        self.states: States = {}
        self._gas = gas
        self._shapes: dict[tuple[Address, Address], tuple[Outline, float]] = {}
        self._rates: dict[tuple[Address, Address], float] = {}
        self._peaks: dict[int, tuple[float, float]] = {}
        self.update(states)

    def update(self, states: States) -> None:
        self.states = {**self.states, **states}
        for address, state in states.items():
            pool = self.graph.pools[address]
            for token in (pool.token0, pool.token1):
                keep = 1 - pool.fee_pips / PIPS
                shape = outline(pool, state, token)
                self._shapes[address, token] = shape, keep
                self._rates[address, token] = estimate(shape, keep, 0.0)[1]
            for i in self.graph.touching[address]:
                self._peaks.pop(i, None)

    def shape(self, hop: Hop) -> tuple[Outline, float]:
        return self._shapes[hop.pool.address, hop.token_in]

    def best(self, more_than_wei: int) -> Found | None:
        """The cycle with the greatest net value above ``more_than_wei``, sized and priced exactly."""
        ranked = sorted(self._estimates(more_than_wei), reverse=True)
        found: Found | None = None
        for bound, i, near in ranked:
            if found is not None and bound < found.record.net_wei:
                break
            exact = self._exact(self.graph.cycles[i], near)
            best_so_far = found.record.net_wei if found is not None else more_than_wei
            if exact is not None and exact.record.net_wei > best_so_far:
                found = exact
        return found

    def _estimates(self, more_than_wei: int) -> Iterable[tuple[float, int, int]]:
        """(upper bound of the net value, cycle, input) of every cycle that may beat ``more_than_wei``."""
        for i, cycle in enumerate(self.graph.cycles):
            keys = [(hop.pool.address, hop.token_in) for hop in cycle]
            if prod([self._rates[key] for key in keys]) <= 1 - _SLACK:
                continue
            if i not in self._peaks:
                self._peaks[i] = estimated_peak([self._shapes[key] for key in keys])
            amount, out = self._peaks[i]
            if amount == 0:
                continue
            token = cycle[0].token_in
            profit, slack = out - amount, out * _SLACK
            gas = self._gas.cost_wei([hop.pool for hop in cycle])
            if token != self.graph.weth:
                profit, slack = self._sale_estimate(token, profit), self._sale_estimate(token, slack)
            bound = profit + slack - gas
            if bound > more_than_wei:
                yield bound, i, int(amount)

    def _sale_estimate(self, token: Address, amount: float) -> float:
        sales = self.graph.to_weth[token]
        return max(estimate(*self._shapes[hop.pool.address, token], amount)[0] for hop in sales)

    def _exact(self, cycle: Cycle, near: int) -> Found | None:
        amount, profit = best_input(cycle, self.states, near)
        if profit <= 0:
            return None
        _, after = run(cycle, self.states, amount)
        pools, gross, token = [hop.pool for hop in cycle], profit, cycle[0].token_in
        if token != self.graph.weth:
            sale = best_sale(self.graph.to_weth[token], self.states, profit)
            if sale is None:
                return None
            pool, gross, state = sale
            pools, after = [*pools, pool], {**after, pool.address: state}
        gas = self._gas.cost_wei(pools)
        record = Takeable(
            kind="arbitrage", pools=tuple(p.address for p in pools), token=token, amount=amount,
            gross_wei=gross, gas_wei=gas, net_wei=gross - gas,
        )  # fmt: skip
        return Found(record, after)


def best_sale(ways: Iterable[Hop], states: States, amount: int) -> tuple[Pool, int, State] | None:
    """The single pool that pays most for ``amount``."""
    best: tuple[Pool, int, State] | None = None
    for hop in ways:
        try:
            _, out, after = swap(hop.pool, states[hop.pool.address], hop.token_in, amount)
        except ChainDataError:
            continue
        if best is None or out > best[1]:
            best = hop.pool, out, after
    return best
