"""A view as the pathfinder sees it, and what the cycle index leaves to it: cycles that are longer than its limit, and
those that its other limits keep out.
"""

from collections.abc import Iterable
from typing import NamedTuple

from tallyio.core.units import Address
from tallyio.hot_path.detector.rows import NO_EDGE
from tallyio.hot_path.pathfinder.finder import Pathfinder
from tallyio.market.graph import Graph
from tallyio.market.view import MarketView
from tallyio.strategies.ways import Path

_MOST = 512
_MOST_STEPS = 1 << 24
_LONG = 16


def finder_of(view: MarketView) -> tuple[Pathfinder, dict[Address, int]]:
    """Its edges are those of ``view.graph``; tokens by their numbers."""
    finder = Pathfinder(pairs=max(1, len(view.graph.sides)))
    numbers: dict[Address, int] = {}
    pools: dict[Address, int] = {}
    for pool, (a, b) in zip(view.graph.pools, view.graph.sides, strict=True):
        ends = (numbers.setdefault(a, len(numbers)), numbers.setdefault(b, len(numbers)))
        finder.add(*ends, pools.setdefault(pool.group, len(pools)))
    finder.set_rates(view.rates)
    return finder, numbers


class Beyond(NamedTuple):
    """Gaining cycles that are not in the index: ``limited`` are within its number of hops, ``longer`` are not.

    ``complete`` says that there are no others of up to the asked number of hops through the bases.
    """

    limited: list[Path]
    longer: list[Path]
    complete: bool


def beyond(view: MarketView, bases: Iterable[Address], max_hops: int, hops: int) -> Beyond:
    """What gains at the margin beside the index's cycles of up to ``max_hops``: cycles through ``bases`` of up to
    ``hops`` trades, and some of any length through any tokens."""
    finder, numbers = finder_of(view)
    known = [numbers[token] for token in bases if token in numbers]
    ways = finder.cycles(known, hops, most=_MOST, most_steps=_MOST_STEPS)
    found = [*ways.paths, *(path for path in finder.long_cycles(_LONG) if len(path) > hops)]
    limited = [path for path in found if len(path) <= max_hops and not _is_listed(view.graph, path)]
    longer = [path for path in found if len(path) > max_hops]
    return Beyond(limited, longer, not ways.full and not ways.cut_short)


def _is_listed(graph: Graph, path: Path) -> bool:
    forth, back = set(path), {edge ^ 1 for edge in path}
    rows = graph.cycles.table[graph.cycles.through([path[0] >> 1])].tolist()
    return any({edge for edge in row if edge != NO_EDGE} in (forth, back) for row in rows)
