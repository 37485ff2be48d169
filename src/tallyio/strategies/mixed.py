"""Cycles through pools that the detector does not hold: looked at by their rates, then by compiled doubles.

These are pools of other families than its own, and concentrated pools without liquidity at their price but with some
further on: the detector knows one price for both directions and takes such a pool for an empty one. A cycle through a
pool that has no compiled row is looked at by its pools' Python curves, a thousand times as slowly.
"""

from collections.abc import Iterator, Sequence, Set

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import ChainDataError
from tallyio.hot_path.detector.rows import NO_EDGE
from tallyio.hot_path.kernels.rows import Row, peaks
from tallyio.hot_path.sizing import seed
from tallyio.market.view import MarketView
from tallyio.protocols.dex.compiled.flows import flow_of
from tallyio.strategies.ways import Path, Standing, path_of, turned

NO_PEAK = (0.0, 0.0)
_Hops = tuple[tuple[int, int, int], ...]


def standing_over(view: MarketView, rows: NDArray[np.int32], pairs: Set[int]) -> Iterator[Standing]:
    """What stands of the cycles ``rows`` (cycles, hops), either direction, that pass one of ``pairs``.

    A cycle that starts with wrapped ether has its first peak alone: it is traded from no other token.
    """
    return standing_of(view, list(_gaining(view, rows, pairs)))


def standing_of(view: MarketView, ways: Sequence[Path]) -> Iterator[Standing]:
    """What stands of ``ways``, peaks as in ``standing_over``."""
    turns = [(path, place) for path in ways for place in range(_starts(view, path))]
    tops = dict(zip(turns, _peaks(view, [turned(*turn) for turn in turns]), strict=True))
    for path in ways:
        found = [tops.get((path, place), NO_PEAK) for place in range(len(path))]
        if any(profit > 0 for _, profit in found):
            yield Standing(path, max(int(found[0][0]), 1), tuple(found))


def _starts(view: MarketView, path: Path) -> int:
    return 1 if view.graph.token_sold(path[0]) == view.weth else len(path)


def _peaks(view: MarketView, paths: Sequence[Path]) -> list[tuple[float, float]]:
    rows: list[Row] = []
    places: dict[int, int] = {}
    cycles: list[_Hops] = []
    slow: dict[int, tuple[float, float]] = {}
    for number, path in enumerate(paths):
        hops = _hops(view, path, rows, places)
        if hops is None:
            slow[number] = _in_python(view, path)
        else:
            cycles.append(hops)
    quick = iter(peaks(rows, cycles))
    return [slow[number] if number in slow else next(quick) for number in range(len(paths))]


def _hops(view: MarketView, path: Path, rows: list[Row], places: dict[int, int]) -> _Hops | None:
    graph, hops = view.graph, []
    for edge in path:
        pool = graph.pools[edge >> 1]
        sold, bought = graph.token_sold(edge), graph.token_bought(edge)
        flow = flow_of(pool, view.states[pool.address], view.next_timestamp, sold, bought)
        if flow is None:
            return None
        if id(flow.row) not in places:
            places[id(flow.row)] = len(rows)
            rows.append(flow.row)
        hops.append((places[id(flow.row)], flow.i, flow.j))
    return tuple(hops)


def _gaining(view: MarketView, rows: NDArray[np.int32], pairs: Set[int]) -> Iterator[Path]:
    """By the rates at the margin."""
    marks = np.zeros(len(view.graph.pools) + 1, np.bool_)
    marks[list(pairs)] = True
    rows = rows[marks[np.where(rows == NO_EDGE, -1, rows >> 1)].any(axis=1)]
    rates = np.append(view.rates, 1.0)
    for backwards in (False, True):
        edges = np.where(rows == NO_EDGE, -1, rows ^ backwards)
        for row in rows[rates[edges].prod(axis=1) > 1.0]:
            yield path_of(row, backwards)


def _in_python(view: MarketView, path: Path) -> tuple[float, float]:
    try:
        return seed([view.curve(edge) for edge in path])
    except ChainDataError:
        return NO_PEAK
