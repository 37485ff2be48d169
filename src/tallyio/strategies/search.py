"""The best cycles on a view: found by the compiled detector, ranked by its float optima, decided in integers.

Ranking is by what a route adds to the executor's wrapped ether, less its gas. A cycle that does not touch wrapped
ether may start at any of its tokens and sells its profit for wrapped ether in one more swap; each start is a
candidate of its own. The float optimum bounds what exact integers can give, so only the best need them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tallyio.core.pools import PoolState
from tallyio.core.trade import Route, SwapStep
from tallyio.core.units import Address
from tallyio.hot_path.curve import FloatCurve
from tallyio.hot_path.sizing import Sized, refine
from tallyio.market.graph import Graph
from tallyio.market.view import MarketView
from tallyio.protocols.flash_loans.offer import Offer
from tallyio.strategies.base import GasModel, swap_step
from tallyio.strategies.detection import Detection
from tallyio.strategies.funding import Borrowed, Opening, fund, lent, offers_of
from tallyio.strategies.ways import Path, Standing, turned

_SLACK = 1e-9
"""Share by which a float optimum may fall short of the exact one."""


class Found(NamedTuple):
    """A trade of a cycle; ``net_wei`` is ``gross_wei`` less gas at the view's next base fee."""

    net_wei: int
    gross_wei: int
    gas: int
    route: Route


class _Turn(NamedTuple):
    """A cycle from its token number ``place``. ``sales`` are the edges that sell that token for wrapped ether, empty
    where it is wrapped ether; ``gas`` leaves the sale out."""

    place: int
    path: Path
    sales: tuple[int, ...]
    gas: int


class _Estimate(NamedTuple):
    bound: float
    way: Standing
    turn: _Turn


class _Known(NamedTuple):
    way: Standing
    value: Sized | None


class CycleSearch:
    """Keeps the sizes of cycles whose pools did not change: a search after one trade costs what it touched.

    What is kept never changes an answer: it is used only on the very states that it was made from. Searches may share
    one ``detection``, each looking at views of its own.
    """

    def __init__(self, gas: GasModel, detection: Detection | None = None) -> None:
        self._gas = gas
        self._detection = detection or Detection()
        self._graph: Graph | None = None
        self._turns: dict[Path, tuple[_Turn, ...]] = {}
        self._curves: dict[int, tuple[PoolState, FloatCurve]] = {}
        self._sized: dict[Path, _Known] = {}

    def follow(self, view: MarketView) -> None:
        """Ahead of a search on ``view`` or one beside it, which then has less to do."""
        self._detection.follow(view)

    def best(
        self, view: MarketView, min_net_wei: int, keep: int, touching: Sequence[Address] | None = None
    ) -> list[Found]:
        """Up to ``keep`` trades whose net exceeds ``min_net_wei``, best first, one a cycle; over all cycles, or those
        through the pools ``touching``."""
        self._adopt(view.graph)
        self._detection.follow(view)
        found: dict[Path, Found] = {}
        for estimate in self._estimates(view, self._detection.standing(touching), min_net_wei):
            if len(found) >= keep and estimate.bound <= min(trade.net_wei for trade in found.values()):
                break
            exact = self._exact(view, estimate)
            if exact is None or exact.net_wei <= min_net_wei:
                continue
            known = found.get(estimate.way.path)
            if known is None or exact.net_wei > known.net_wei:
                found[estimate.way.path] = exact
        return sorted(found.values(), key=lambda trade: -trade.net_wei)[:keep]

    def _adopt(self, graph: Graph) -> None:
        """Numbers of pools hold within one growing graph only, and a new pool adds ways to sell."""
        if graph is self._graph:
            return
        old = self._graph.pools if self._graph else ()
        if graph.pools[: len(old)] != old:
            self._curves.clear()
            self._sized.clear()
        self._turns.clear()
        self._graph = graph

    def _estimates(self, view: MarketView, ways: Sequence[Standing], min_net_wei: int) -> list[_Estimate]:
        """Every turn of ``ways`` whose bound exceeds ``min_net_wei``, highest bound first."""
        fee, rates = view.next_base_fee_wei, view.rates
        estimates = []
        for way in ways:
            turns = self._turns.get(way.path)
            for turn in self._turns_of(view.graph, way.path) if turns is None else turns:
                start, profit = way.peaks[turn.place]
                least, slack = min_net_wei + turn.gas * fee, (start + profit) * _SLACK
                if turn.sales:
                    rate = max([float(rates[edge]) for edge in turn.sales])
                    if profit * rate + slack * rate <= least:
                        continue
                    gross = max([self._curve(view, edge).output(profit) for edge in turn.sales if rates[edge]])
                    slack *= rate
                else:
                    gross = profit
                if profit > 0 and gross + slack > least:
                    estimates.append(_Estimate(gross + slack - turn.gas * fee, way, turn))
        estimates.sort(key=lambda estimate: (-estimate.bound, estimate.turn.path))
        return estimates

    def _turns_of(self, graph: Graph, path: Path) -> tuple[_Turn, ...]:
        turns = []
        for place in range(len(path)):
            edges = turned(path, place)
            token, through = graph.token_sold(edges[0]), {graph.pools[edge >> 1].group for edge in edges}
            # a pool of many tokens may sell what it was just traded in: it is quoted as it stood before
            sales = tuple(
                edge for edge in graph.into_weth.get(token, ()) if graph.pools[edge >> 1].group not in through
            )
            if token == graph.weth or (sales and not any(graph.token_sold(e) == graph.weth for e in edges)):
                gas = self._gas_of(graph, edges)
                turns.append(_Turn(place, edges, () if token == graph.weth else sales, gas))
        self._turns[path] = tuple(turns)
        return self._turns[path]

    def _exact(self, view: MarketView, estimate: _Estimate) -> Found | None:
        turn, graph, fee = estimate.turn, view.graph, view.next_base_fee_wei
        sized = self._size(view, estimate)
        if sized is None:
            return None
        opened = self._opened(view, turn.path, sized)
        if opened is None or opened[1] <= 0:
            return None
        opening, gross = opened
        outer: tuple[SwapStep, ...] = ()
        if turn.sales:
            offers = [(view.exchange(edge).output_of(gross), edge) for edge in turn.sales if view.rates[edge] > 0]
            got, sale = max(offers, key=lambda o: o[0] - self._gas_of(graph, (*turn.path, o[1])) * fee)
            outer, gross = (self._step(graph, sale, gross, got),), got
        if gross <= 0:
            return None
        route = Route(opening.funding, opening.inner, outer, opening.loans)
        gas = self._gas.route(route)
        return Found(gross - gas * fee, gross, gas, route)

    def _opened(self, view: MarketView, path: Path, sized: Sized) -> tuple[Opening, int] | None:
        """How a cycle is opened, and what it leaves of its token: where its loan costs something, or so much is not
        lent, its size is what that leaves most of."""
        graph = view.graph
        steps = self._steps(graph, path, sized.amounts)
        opening = fund(view, steps, self._gas)
        if opening is not None and not opening.premium:
            return opening, sized.profit
        best = None if opening is None else (opening, sized.profit - opening.premium)
        legs = [view.exchange(edge) for edge in path]
        for offer in _likeliest(offers_of(view, steps[0].token_in, steps), sized.amounts[0]):
            start = min(sized.amounts[0], offer.available)
            again = refine([Borrowed(offer), *legs], float(start + offer.premium(start)))
            if again is not None:
                loan, left = offer.loan(again.amounts[1]), again.amounts[-1] - again.amounts[1]
                if best is None or left - loan.premium > best[1]:
                    best = lent((loan,), self._steps(graph, path, again.amounts[1:])), left - loan.premium
        return best

    def _steps(self, graph: Graph, path: Path, amounts: Sequence[int]) -> list[SwapStep]:
        return [self._step(graph, edge, *amounts[i : i + 2]) for i, edge in enumerate(path)]

    def _gas_of(self, graph: Graph, edges: Sequence[int]) -> int:
        return self._gas.swaps(graph.pools[edge >> 1].family for edge in edges)

    def _size(self, view: MarketView, estimate: _Estimate) -> Sized | None:
        """A way that still stands as it was found stands on the same states."""
        way, turn = estimate.way, estimate.turn
        known = self._sized.get(turn.path)
        if known is None or known.way is not way:
            known = _Known(way, refine([view.exchange(edge) for edge in turn.path], way.peaks[turn.place][0]))
            self._sized[turn.path] = known
        return known.value

    def _curve(self, view: MarketView, edge: int) -> FloatCurve:
        state = view.states[view.graph.pools[edge >> 1].address]
        known = self._curves.get(edge)
        if known is None or known[0] is not state:
            known = (state, view.curve(edge))
            self._curves[edge] = known
        return known[1]

    def _step(self, graph: Graph, edge: int, amount_in: int, amount_out: int) -> SwapStep:
        sold, bought = graph.token_sold(edge), graph.token_bought(edge)
        return swap_step(graph.pools[edge >> 1], sold, bought, amount_in, amount_out)


def _likeliest(offers: Sequence[Offer], amount: int) -> Iterable[Offer]:
    """The one that lends ``amount``, or else all that it has, for least; and the one that has most."""
    if not offers:
        return ()
    cheap = min(offers, key=lambda o: o.premium(min(amount, o.available)) / min(amount, o.available))
    return dict.fromkeys((cheap, max(offers, key=lambda o: o.available)))
