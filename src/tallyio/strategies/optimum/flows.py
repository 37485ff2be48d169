"""A view's pools as the edges of one flow problem, and its solution as cycles that can be traded one after the other.

Tokens that change into each other without a fee (a currency and its wrapper, a vault's shares and its assets) are one
token there: no price lies between them. The steps between them come back when flows are taken apart.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import NamedTuple

from tallyio.core.units import Address
from tallyio.market.graph import Graph
from tallyio.market.view import MarketView
from tallyio.protocols.dex.compiled.flows import flow_of
from tallyio.strategies.optimum.netted import Edge, Netted, netted, never
from tallyio.strategies.ways import Path

_NOTHING = 1e-6
"""Share of the greatest flow below which an edge carries nothing."""
_MOST_CYCLES = 32
_NO_FEE = 1.0 - 1e-9
_FREE = frozenset({"wrapped_native", "erc4626", "wrapped_staked", "balancer_v3_buffer"})
"""Families at one price whatever the amount."""


class Cycle(NamedTuple):
    """``sale`` is the edge that sells the profit for wrapped ether, where the cycle does not start with it."""

    path: Path
    amount_in: int
    sale: int | None = None


class Flows(NamedTuple):
    """``numbers`` are the view's edges, ``edges`` the same as the problem has them, token 0 being wrapped ether."""

    numbers: list[int]
    edges: list[Edge]
    netted: Netted
    joints: "_Joints"


def flows_through(view: MarketView, through: Iterable[int], late: Callable[[], bool] = never) -> Flows:
    """Over both directions of every pair of the edges ``through``: a joint optimum may turn one round.

    A pool that has no row takes no part.
    """
    graph = view.graph
    both = sorted({edge ^ turned for edge in through for turned in (0, 1) if view.rates[edge ^ turned] > 0})
    joints = _Joints(view, both)
    nodes = {view.weth: 0}
    numbers, edges = [], []
    for number in both:
        sold, bought = graph.token_sold(number), graph.token_bought(number)
        (source, unit_in), (target, unit_out) = joints.root(sold), joints.root(bought)
        pool = graph.pools[number >> 1]
        flow = flow_of(pool, view.states[pool.address], view.next_timestamp, sold, bought)
        if source == target or flow is None:
            continue
        pair = (nodes.setdefault(source, len(nodes)), nodes.setdefault(target, len(nodes)))
        numbers.append(number)
        edges.append(Edge(*pair, flow.row, (flow.i, flow.j), (unit_in, unit_out)))
    worth = {0: 1.0}
    for _ in nodes:  # a token's worth in wrapped ether, from token to token
        for number, edge in zip(numbers, edges, strict=True):
            if edge.token_out in worth and edge.token_in not in worth:
                rate = float(view.rates[number]) * edge.units[1] / edge.units[0]
                worth[edge.token_in] = rate * worth[edge.token_out]
    prices = [worth.get(node, 1.0) for node in range(len(nodes))]
    return Flows(numbers, edges, netted(edges, prices, late), joints)


class _Joints:
    """Which tokens are one, and the steps between them."""

    def __init__(self, view: MarketView, edges: Sequence[int]) -> None:
        self._steps: defaultdict[Address, list[int]] = defaultdict(list)
        self._graph: Graph = view.graph
        self._roots: dict[Address, tuple[Address, float]] = {}
        for edge in edges:
            free = self._graph.pools[edge >> 1].family in _FREE
            if free and view.rates[edge] * view.rates[edge ^ 1] > _NO_FEE:
                self._steps[self._graph.token_sold(edge)].append(edge)
        for token in (view.weth, *list(self._steps)):
            if token not in self._roots:
                self._spread(view, token)

    def _spread(self, view: MarketView, root: Address) -> None:
        self._roots[root] = (root, 1.0)
        waiting = [root]
        while waiting:
            token = waiting.pop()
            for edge in self._steps.get(token, ()):
                other = self._graph.token_bought(edge)
                if other not in self._roots:
                    self._roots[other] = (root, self._roots[token][1] / float(view.rates[edge]))
                    waiting.append(other)

    def root(self, token: Address) -> tuple[Address, float]:
        """The token that ``token`` counts as, and how many of its units one is."""
        return self._roots.get(token, (token, 1.0))

    def between(self, token: Address, wanted: Address) -> list[int] | None:
        """The fewest steps from a token to another of the same root."""
        ways: dict[Address, list[int]] = {token: []}
        waiting = [token]
        while waiting and wanted not in ways:
            here = waiting.pop(0)
            for edge in self._steps.get(here, ()):
                there = self._graph.token_bought(edge)
                if there not in ways:
                    ways[there] = [*ways[here], edge]
                    waiting.append(there)
        return ways.get(wanted)


def cycles_of(view: MarketView, flows: Flows) -> list[Cycle]:
    """The flows as cycles: follow the greatest flow until a token comes again, take what the narrowest edge carries
    round, and go on with the rest. What brings most is first."""
    left = [flow.amount_in for flow in flows.netted.flows]
    least = [amount * _NOTHING for amount in left]
    leaving: dict[int, list[int]] = defaultdict(list)
    for place, edge in enumerate(flows.edges):
        leaving[edge.token_in].append(place)

    def ways(token: int) -> list[int]:
        return sorted(
            (n for n in leaving[token] if left[n] > least[n]), key=lambda n: -left[n] * flows.edges[n].units[0]
        )

    found: list[tuple[float, Cycle]] = []
    for start in sorted(leaving):
        while len(found) < _MOST_CYCLES:
            path = _round(flows, start, left, ways)
            if not path:
                break
            amount = _take(flows, path, left)
            cycle = _cycle(view, flows, path, amount, left)
            if cycle:
                gained = amount * (prod(_paid(flows, place) for place in path) - 1.0)
                found.append((gained * flows.netted.prices[flows.edges[path[0]].token_in], cycle))
    return [cycle for _, cycle in sorted(found, key=lambda each: -each[0])]


def _cycle(view: MarketView, flows: Flows, path: Sequence[int], amount: float, left: Sequence[float]) -> Cycle | None:
    """``amount``, in units of the first token's root, round ``path``: from wrapped ether where it passes there, else
    from a token that can be sold for it."""
    ends = [flows.edges[place].token_in for place in path]
    turn, sale = (ends.index(0), None) if 0 in ends else _sale(view, flows, path, left)
    if turn is None:
        return None
    for place in path[:turn]:
        amount *= _paid(flows, place)
    path = [*path[turn:], *path[:turn]]
    start = view.graph.token_sold(flows.numbers[path[0]])
    if sale is None:
        start = view.weth
    linked, token = list[int](), start
    for number in (flows.numbers[place] for place in path):
        steps = flows.joints.between(token, view.graph.token_sold(number))
        if steps is None:
            return None
        linked += [*steps, number]
        token = view.graph.token_bought(number)
    end = flows.joints.between(token, start)
    return None if end is None else Cycle((*linked, *end), int(amount / flows.joints.root(start)[1]), sale)


def _sale(view: MarketView, flows: Flows, path: Sequence[int], left: Sequence[float]) -> tuple[int | None, int | None]:
    """Where to begin, and the edge that sells: one that the flows use, else the one that pays most for a unit."""
    graph, used = view.graph, dict(zip(flows.numbers, left, strict=True))
    through = {flows.numbers[place] >> 1 for place in path}
    offers = [
        (used.get(sale, 0.0) > 0.0, float(view.rates[sale]) / flows.edges[place].units[0], turn, sale)
        for turn, place in enumerate(path)
        for sale in graph.into_weth.get(graph.token_sold(flows.numbers[place]), ())
        if view.rates[sale] > 0 and sale >> 1 not in through
    ]
    return max(offers)[2:] if offers else (None, None)


def _take(flows: Flows, path: Sequence[int], left: list[float]) -> float:
    """What the narrowest edge of ``path`` lets through, in units of its first token's root; ``left`` is less by it."""
    share, amount = 1.0, left[path[0]] * flows.edges[path[0]].units[0]
    begun = amount
    for place in path:
        share = min(share, left[place] * flows.edges[place].units[0] / amount)
        amount *= _paid(flows, place)
    amount = moved = begun * share
    for place in path:
        left[place] = max(left[place] - moved / flows.edges[place].units[0], 0.0)
        moved *= _paid(flows, place)
    return amount


def _paid(flows: Flows, place: int) -> float:
    flow, (unit_in, unit_out) = flows.netted.flows[place], flows.edges[place].units
    return flow.amount_out * unit_out / (flow.amount_in * unit_in)


def _round(flows: Flows, start: int, left: list[float], ways: Callable[[int], list[int]]) -> list[int]:
    """Along the greatest flows from ``start`` back to it, or where they lead to no new token, from where they have been
    to there; empty where none is left. What leads nowhere is struck off: a rest that rounding left."""
    path: list[int] = []
    tokens = [start]
    while True:
        leading = ways(tokens[-1])
        onward = [n for n in leading if flows.edges[n].token_out == start or flows.edges[n].token_out not in tokens]
        if not leading:
            if not path:
                return []
            left[path.pop()] = 0.0
            tokens.pop()
            continue
        path.append((onward or leading)[0])
        token = flows.edges[path[-1]].token_out
        if token in tokens:
            return path[tokens.index(token) :]
        tokens.append(token)
