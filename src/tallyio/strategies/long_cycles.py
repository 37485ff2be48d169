"""Cycles that are longer than the index holds, looked for beside the search and offered to it.

A look walks the whole graph, so it is not for the moment in which a block must be answered: what it finds on one view
is a candidate on those that follow, and is sized on them like any other.
"""

from tallyio.core.units import Address
from tallyio.hot_path.pathfinder.finder import Pathfinder
from tallyio.market.graph import Graph
from tallyio.market.view import MarketView
from tallyio.strategies.ways import Path

MOST = 16
"""Cycles of one look."""


class LongCycles:
    """Of more than ``max_hops`` trades and at most ``longest``. Keeps the graph: a look costs what joined it since, and
    the walk. One thread at a time."""

    def __init__(self, max_hops: int, longest: int) -> None:
        self._max_hops, self._longest = max_hops, longest
        self._graph: Graph | None = None

    def look(self, view: MarketView) -> list[Path]:
        """Some that gain at the view's margin, by edges of its graph."""
        self._adopt(view.graph)
        self._finder.set_rates(view.rates[: 2 * self._finder.pairs])
        found = self._finder.long_cycles(MOST, self._longest)
        return [path for path in found if len(path) > self._max_hops]

    def _adopt(self, graph: Graph) -> None:
        known = self._graph.pools if self._graph else ()
        if self._graph is None or graph.pools[: len(known)] != known:
            self._finder = Pathfinder(pairs=max(1, len(graph.sides)))
            self._tokens: dict[Address, int] = {}
            self._groups: dict[Address, int] = {}
        if graph is self._graph:
            return
        for pair in range(self._finder.pairs, len(graph.sides)):
            a, b = (self._tokens.setdefault(token, len(self._tokens)) for token in graph.sides[pair])
            self._finder.add(a, b, self._groups.setdefault(graph.pools[pair].group, len(self._groups)))
        self._graph = graph
