"""How a debt is bought with the collateral that its repayment brings, and where the rest is sold.

All values here are float estimates: they point to a way, ``liquidation_route`` decides in integers.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from tallyio.core.pools import Pool, PoolState
from tallyio.core.units import Address
from tallyio.hot_path.compiled_families import compiled_state, is_compiled
from tallyio.hot_path.curve import Curve
from tallyio.market.graph import Graph
from tallyio.market.view import MarketView

_NOTHING = float("-inf")


class Kind(Enum):
    """``REST``: just the debt is bought, the rest of the collateral is sold for wrapped ether at the end.
    ``ALL``: all of the collateral is sold along the way, which passes through wrapped ether; what is left there is the
    gain. ``LOAN``: debt and collateral are one asset, a flash loan of the market bridges the moment."""

    REST = "rest"
    ALL = "all"
    LOAN = "loan"


class Way(NamedTuple):
    """``hops`` lead from the collateral to the debt; ``sale`` from what is left to wrapped ether."""

    kind: Kind
    hops: tuple[Pool, ...]
    sale: tuple[Pool, ...] = ()

    @property
    def families(self) -> tuple[str, ...]:
        return tuple(pool.family for pool in (*self.hops, *self.sale))


class Ways:
    """Prices ways on one view. ``curves`` outlives it: a curve is used again while its pool's state is the same."""

    def __init__(
        self, view: MarketView, pairs: "Pairs", curves: dict[tuple[Address, bool], tuple[PoolState, Curve]]
    ) -> None:
        self._view, self._pairs, self._curves = view, pairs, curves

    def between(self, collateral: Address, debt: Address, paid: float, received: float) -> Iterator[tuple[float, Way]]:
        """(wrapped ether gained, way): the best way of each kind through each token between the two."""
        for hops in self._cheapest(collateral, debt, paid):
            yield from self._rest(collateral, debt, hops, paid, received)
        for hops in self._dearest(collateral, debt, paid, received):
            way = Way(Kind.ALL, hops)
            yield self.value(way, collateral, debt, paid, received), way

    def loan(self, asset: Address, left: float) -> Iterator[tuple[float, Way]]:
        """A flash loan of ``asset`` of which ``left`` is the gain."""
        value, sale = self._best_sale(asset, left, (), 0.0)
        if value > 0:
            yield value, Way(Kind.LOAN, (), sale)

    def value(self, way: Way, collateral: Address, debt: Address, paid: float, received: float) -> float:
        """Wrapped ether that ``way`` gains when ``paid`` of the debt brings ``received`` of the collateral."""
        weth = self._view.weth
        if way.kind is Kind.LOAN:
            return self._sell(way.sale, debt, received, (), 0.0)
        if way.kind is Kind.REST:
            need = self._need(way.hops, debt, paid)
            return self._sell(way.sale, collateral, received - need, way.hops, need)
        if debt == weth:
            return self._output(way.hops, collateral, received) - paid
        return self._output(way.hops[:1], collateral, received) - self._need(way.hops[1:], debt, paid)

    def _rest(
        self, collateral: Address, debt: Address, hops: tuple[Pool, ...], paid: float, received: float
    ) -> Iterator[tuple[float, Way]]:
        need = self._need(hops, debt, paid)
        if received > need:
            value, sale = self._best_sale(collateral, received - need, hops, need)
            yield value, Way(Kind.REST, hops, sale)

    def _cheapest(self, collateral: Address, debt: Address, paid: float) -> Iterator[tuple[Pool, ...]]:
        """Every single pool, and through each middle token the two pools that take least for the debt."""
        for pool in self._tradable(collateral, debt):
            yield (pool,)
        for middle in self._pairs.between(collateral, debt):
            last = min(self._tradable(middle, debt), key=lambda p: self._need((p,), debt, paid), default=None)
            if last is None:
                continue
            owed = self._need((last,), debt, paid)
            first = min(self._tradable(collateral, middle), key=lambda p: self._need((p,), middle, owed), default=None)
            if first is not None and owed < float("inf"):
                yield first, last

    def _dearest(self, collateral: Address, debt: Address, paid: float, received: float) -> Iterator[tuple[Pool, ...]]:
        """Ways on which everything is sold: to wrapped ether as the debt, or through it."""
        weth = self._view.weth
        if collateral == weth:
            return
        if debt == weth:
            for pool in self._tradable(collateral, debt):
                yield (pool,)
        for middle in self._pairs.between(collateral, debt) if debt == weth else (weth,):
            first = self._best_output(collateral, middle, received)
            if first is None:
                continue
            if debt == weth:
                last = self._best_output(middle, debt, self._output((first,), collateral, received))
            else:
                last = min(self._tradable(middle, debt), key=lambda p: self._need((p,), debt, paid), default=None)
            if last is not None:
                yield first, last

    def _best_output(self, sold: Address, bought: Address, amount: float) -> Pool | None:
        return max(self._tradable(sold, bought), key=lambda p: self._output((p,), sold, amount), default=None)

    def _best_sale(
        self, token: Address, amount: float, used: tuple[Pool, ...], need: float
    ) -> tuple[float, tuple[Pool, ...]]:
        if token == self._view.weth:
            return amount, ()
        found: list[tuple[tuple[Pool, ...], float]] = [
            ((pool,), self._sell((pool,), token, amount, used, need)) for pool in self._tradable(token, self._view.weth)
        ]
        if not found:
            for middle in self._pairs.between(token, self._view.weth):
                first = self._best_output(token, middle, amount)
                last = first and self._best_output(middle, self._view.weth, self._output((first,), token, amount))
                if first and last and first not in used and last not in used:
                    found.append(((first, last), self._output((first, last), token, amount)))
        sale, value = max(found, key=lambda item: item[1], default=((), _NOTHING))
        return value, sale

    def _sell(
        self, sale: tuple[Pool, ...], token: Address, amount: float, used: tuple[Pool, ...], need: float
    ) -> float:
        """What the rest of the collateral brings; less in a pool that the way itself has just sold it to."""
        if amount <= 0:
            return _NOTHING
        if token == self._view.weth:
            return amount
        if not sale:
            return _NOTHING
        if used and used[0] == sale[0]:
            return self._output(sale, token, need + amount) - self._output(sale, token, need)
        return self._output(sale, token, amount)

    def _output(self, hops: tuple[Pool, ...], token: Address, amount: float) -> float:
        for pool in hops:
            amount = self._curve(pool, token).output(amount)
            token = pool.other(token)
        return amount

    def _need(self, hops: tuple[Pool, ...], token: Address, amount: float) -> float:
        """Input for ``amount`` of ``token`` at the end of ``hops``; infinite when it is not to be had."""
        for pool in reversed(hops):
            token = pool.other(token)
            amount = _input_for(self._curve(pool, token), amount)
        return amount

    def _tradable(self, a: Address, b: Address) -> list[Pool]:
        view = self._view
        return [p for p in self._pairs.of(a, b) if p.address not in view.untradable and p.address in view.states]

    def _curve(self, pool: Pool, token_in: Address) -> Curve:
        key, state = (pool.address, token_in == pool.token0), self._view.states[pool.address]
        known = self._curves.get(key)
        if known is None or known[0] is not state:
            known = self._curves[key] = (state, Curve(pool, compiled_state(pool, state), key[1]))
        return known[1]


class Pairs:
    """Pools of two tokens by those, of the families whose curves are pieces of constant product."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        pools: defaultdict[frozenset[Address], list[Pool]] = defaultdict(list)
        beside: defaultdict[Address, set[Address]] = defaultdict(set)
        for pool in graph.pools:
            if is_compiled(pool):
                pools[frozenset(pool.tokens)].append(pool)
                beside[pool.token0].add(pool.token1)
                beside[pool.token1].add(pool.token0)
        self._pools: Mapping[frozenset[Address], list[Pool]] = dict(pools)
        self._beside: Mapping[Address, set[Address]] = dict(beside)

    def of(self, a: Address, b: Address) -> list[Pool]:
        return self._pools.get(frozenset((a, b)), [])

    def edges(self, sold: Address, bought: Address) -> list[int]:
        """The graph's edges that sell one token for the other."""
        return [2 * self._graph.index[pool.address] + (sold == pool.token1) for pool in self.of(sold, bought)]

    def between(self, a: Address, b: Address) -> list[Address]:
        """Tokens that trade with both, in a fixed order."""
        return sorted(self._beside.get(a, set()) & self._beside.get(b, set()))


def _input_for(curve: Curve, amount: float) -> float:
    """The inverse of ``Curve.output``."""
    taken, index = 0.0, 0
    while piece := curve.piece(index):
        largest = piece.reserve_out * piece.capacity / (piece.reserve_in + piece.capacity)
        if amount <= largest and amount < piece.reserve_out:
            return (taken + piece.reserve_in * amount / (piece.reserve_out - amount)) / curve.keep
        taken += piece.capacity
        amount -= largest
        index += 1
    return float("inf")
