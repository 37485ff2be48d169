"""Concentrated pools without liquidity at their price but with some further on: a swap moves the price there first.

The detector knows one price for both directions and takes such a pool for an empty one. The few cycles through them
are looked at here, by their rates and in plain floats.
"""

from collections.abc import Iterator, Set

import numpy as np
from numpy.typing import NDArray

from tallyio.core.pools import PoolState, V3State
from tallyio.hot_path.curve import Curve
from tallyio.hot_path.detector.rows import NO_EDGE
from tallyio.hot_path.sizing import Leg, run, seed
from tallyio.market.view import MarketView
from tallyio.strategies.ways import Path, Standing, path_of


def is_dry(state: PoolState) -> bool:
    return isinstance(state, V3State) and not state.liquidity and bool(state.tick_index)


def standing_over(view: MarketView, rows: NDArray[np.int32], dry: Set[int]) -> Iterator[Standing]:
    """What stands of the cycles ``rows`` (cycles, hops), either direction, that pass a pool of ``dry``."""
    marks = np.zeros(len(view.graph.pools) + 1, np.bool_)
    marks[list(dry)] = True
    rows = rows[marks[np.where(rows == NO_EDGE, -1, rows >> 1)].any(axis=1)]
    rates = np.append(view.rates, 1.0)
    for backwards in (False, True):
        edges = np.where(rows == NO_EDGE, -1, rows ^ backwards)
        for row in rows[rates[edges].prod(axis=1) > 1.0]:
            yield _standing(view, path_of(row, backwards))


def _standing(view: MarketView, path: Path) -> Standing:
    legs = []
    for edge in path:
        pool = view.graph.pools[edge >> 1]
        legs.append(Leg(pool, view.states[pool.address], not edge & 1))
    curves = [Curve(*leg) for leg in legs]
    peaks = tuple(seed([*curves[i:], *curves[:i]]) for i in range(len(path)))
    amount = max(int(peaks[0][0]), 1)
    return Standing(path, amount, max(run(legs, amount).profit, 0), peaks)
