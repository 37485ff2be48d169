"""The joint optimum of the cycles on a view, as trades that land one behind the other, to the wei.

The float flows of all pools at once (``netted``) come apart into cycles: follow the greatest flow until a token comes
again, take what the narrowest edge carries round, and go on with the rest. Each cycle is then traded exactly on the
state that those before it leave, and sized anew by turns, the others held.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tallyio.core.errors import ChainDataError
from tallyio.core.trade import Route
from tallyio.hot_path.sizing import Sized, run
from tallyio.market.view import MarketView
from tallyio.strategies.optimum.best_input import best_input, route_of
from tallyio.strategies.optimum.netted import Netted, netted
from tallyio.strategies.optimum.ties import Edge
from tallyio.strategies.ways import Path

_TURNS = 3
_NOTHING = 1e-6
"""Share of the greatest flow below which an edge carries nothing."""
_MOST_CYCLES = 32


class Cycle(NamedTuple):
    """``sale`` is the edge that sells the profit for wrapped ether, where the cycle does not start with it."""

    path: Path
    amount_in: int
    sale: int | None = None


class Joint(NamedTuple):
    """``routes``, one for each of ``cycles``, land in this order, each exact on the view that those before it leave.

    ``profit`` is what they add up to in wrapped ether before gas, ``single`` what the best of the cycles brings alone.
    No trades over these pools bring more than ``bound`` while their curves are concave.
    """

    cycles: tuple[Cycle, ...]
    routes: tuple[Route, ...]
    profit: int
    single: int
    bound: float

    @property
    def gain(self) -> int:
        return self.profit - self.single


def joint(view: MarketView, cycles: Iterable[Path]) -> Joint | None:
    """The best use of the pools of ``cycles``, which all start by selling wrapped ether; ``None`` where none pays."""
    alone = [(sized, path) for path in cycles if (sized := _sized(view, path))]
    if not alone:
        return None
    best = max(alone, key=lambda each: each[0].profit)
    flows = _flows(view, {edge for _, path in alone for edge in path})
    plans = [_polished(view, _cycles(flows)), _polished(view, [Cycle(best[1], best[0].amounts[0])])]
    made = max(plans, key=lambda each: each.profit)
    return Joint(made.cycles, made.routes, made.profit, best[0].profit, flows.netted.bound)


def _sized(view: MarketView, path: Path) -> Sized | None:
    try:
        best = best_input(view, path)
    except ChainDataError:  # after a trade a pool may be in a state that cannot be told
        return None
    return best.sized if best else None


class _Plan(NamedTuple):
    cycles: tuple[Cycle, ...]
    routes: tuple[Route, ...]
    profit: int
    view: MarketView


class _Flows(NamedTuple):
    edges: list[int]
    ends: list[tuple[int, int]]
    netted: Netted

    def take(self, path: Sequence[int], left: list[float]) -> float:
        """What the narrowest edge of ``path`` lets through, in the first one's input; ``left`` is less by it."""
        share, amount = 1.0, left[path[0]]
        for number in path:
            share = min(share, left[number] / amount)
            amount *= self._paid(number)
        amount = moved = left[path[0]] * share
        for number in path:
            left[number] -= moved
            moved *= self._paid(number)
        return amount

    def _paid(self, number: int) -> float:
        flow = self.netted.flows[number]
        return flow.amount_out / flow.amount_in


def _flows(view: MarketView, through: set[int]) -> _Flows:
    """Over both directions of every pair that the cycles use: a joint optimum may turn one round."""
    from tallyio.protocols.dex.compiled.curves import curve_of

    edges = sorted({edge ^ turned for edge in through for turned in (0, 1) if view.rates[edge ^ turned] > 0})
    names = {view.weth: 0}
    ends = []
    for edge in edges:
        sold, bought = view.graph.token_sold(edge), view.graph.token_bought(edge)
        ends.append((names.setdefault(sold, len(names)), names.setdefault(bought, len(names))))
    worth = {0: 1.0}
    for _ in names:  # a token's worth in wrapped ether, from token to token
        for edge, (source, target) in zip(edges, ends, strict=True):
            if target in worth:
                worth.setdefault(source, float(view.rates[edge]) * worth[target])
    curves = [Edge(*pair, curve_of(view.model(edge))) for edge, pair in zip(edges, ends, strict=True)]
    return _Flows(edges, ends, netted(curves, [worth.get(number, 1.0) for number in range(len(names))]))


def _cycles(flows: _Flows) -> list[Cycle]:
    """The flows as cycles, those from token 0 first, the greatest share of its first edge first."""
    left = [flow.amount_in for flow in flows.netted.flows]
    least = [amount * _NOTHING for amount in left]
    leaving: dict[int, list[int]] = defaultdict(list)
    for number, (sold, _) in enumerate(flows.ends):
        leaving[sold].append(number)

    def ways(token: int) -> list[int]:
        return sorted((n for n in leaving[token] if left[n] > least[n]), key=lambda n: -left[n])

    found: list[Cycle] = []
    for start in sorted(leaving):
        while len(found) < _MOST_CYCLES:
            path = _round(flows, start, left, ways)
            if not path:
                break
            amount = flows.take(path, left)
            sold = flows.ends[path[0]][0]
            sales = [n for n in leaving[sold] if flows.ends[n][1] == 0 and left[n] > 0 and n not in path]
            sale = max(sales, key=left.__getitem__, default=None)
            if sold == 0 or sale is not None:
                edges = tuple(flows.edges[number] for number in path)
                found.append(Cycle(edges, int(amount), None if sale is None or sold == 0 else flows.edges[sale]))
    return found


def _round(flows: _Flows, start: int, left: list[float], ways: Callable[[int], list[int]]) -> list[int]:
    """Along the greatest flows from ``start`` back to it, or where they lead to no new token, from where they have been
    to there; empty where none is left. What leads nowhere is struck off: a rest that rounding left."""
    path: list[int] = []
    tokens = [start]
    while True:
        leading = ways(tokens[-1])
        onward = [n for n in leading if flows.ends[n][1] == start or flows.ends[n][1] not in tokens]
        if not leading:
            if not path:
                return []
            left[path.pop()] = 0.0
            tokens.pop()
            continue
        path.append((onward or leading)[0])
        token = flows.ends[path[-1]][1]
        if token in tokens:
            return path[tokens.index(token) :]
        tokens.append(token)


def _polished(view: MarketView, cycles: Sequence[Cycle]) -> _Plan:
    """Each cycle in turn is put last and sized on what the others leave, while that brings more."""
    best = _traded(view, cycles)
    for _ in range(_TURNS):
        before = best.profit
        for place, cycle in enumerate(best.cycles):
            others = (*best.cycles[:place], *best.cycles[place + 1 :])
            again = _sized(_traded(view, others).view, cycle.path)
            if again:
                last = cycle._replace(amount_in=again.amounts[0])
                best = max(best, _traded(view, (*others, last)), key=lambda each: each.profit)
        if best.profit == before:
            break
    return best


def _traded(view: MarketView, cycles: Sequence[Cycle]) -> _Plan:
    """What would lose, or be refused, is left out."""
    kept, routes, profit = [], [], 0
    for cycle in cycles:
        made = _carried_out(view, cycle)
        if made:
            route, gross, view = made
            kept.append(cycle)
            routes.append(route)
            profit += gross
    return _Plan(tuple(kept), tuple(routes), profit, view)


def _carried_out(view: MarketView, cycle: Cycle) -> tuple[Route, int, MarketView] | None:
    """The route, what it adds in wrapped ether, and the view after it; ``None`` where it adds nothing."""
    sized = run([view.exchange(edge) for edge in cycle.path], cycle.amount_in)
    if sized.profit <= 0:
        return None
    route, gross = route_of(view, cycle.path, sized), sized.profit
    try:
        if cycle.sale is not None:
            after = view.after(route)
            sold = run([after.exchange(cycle.sale)], gross)
            gross = sold.amounts[-1]
            sale = route_of(after, (cycle.sale,), sold).steps[0]
            route = Route(route.funding, route.inner, (sale,))
        return (route, gross, view.after(route)) if gross > 0 else None
    except ChainDataError:
        return None
