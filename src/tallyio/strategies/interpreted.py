"""Cycles through pools that the detector does not hold: looked at by their rates, and then by their float curves.

These are pools of families without compiled rows, and concentrated pools without liquidity at their price but with
some further on: the detector knows one price for both directions and takes such a pool for an empty one.
"""

from collections.abc import Iterator, Set

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import PoolState, V3State
from tallyio.hot_path.detector.rows import NO_EDGE
from tallyio.hot_path.sizing import run, seed
from tallyio.market.view import MarketView
from tallyio.strategies.ways import Path, Standing, path_of


def is_dry(state: PoolState) -> bool:
    return isinstance(state, V3State) and not state.liquidity and bool(state.tick_index)


def standing_over(view: MarketView, rows: NDArray[np.int32], pairs: Set[int]) -> Iterator[Standing]:
    """What stands of the cycles ``rows`` (cycles, hops), either direction, that pass one of ``pairs``."""
    marks = np.zeros(len(view.graph.pools) + 1, np.bool_)
    marks[list(pairs)] = True
    rows = rows[marks[np.where(rows == NO_EDGE, -1, rows >> 1)].any(axis=1)]
    rates = np.append(view.rates, 1.0)
    for backwards in (False, True):
        edges = np.where(rows == NO_EDGE, -1, rows ^ backwards)
        for row in rows[rates[edges].prod(axis=1) > 1.0]:
            if way := _standing(view, path_of(row, backwards)):
                yield way


def _standing(view: MarketView, path: Path) -> Standing | None:
    try:
        curves = [view.curve(edge) for edge in path]
    except ChainDataError:
        return None
    peaks = tuple(seed([*curves[i:], *curves[:i]]) for i in range(len(path)))
    amount = max(int(peaks[0][0]), 1)
    return Standing(path, amount, max(run([view.exchange(edge) for edge in path], amount).profit, 0), peaks)
