"""Which cycles may pay: the product of their marginal rates, fees included, against one.

Rates are floats, so the answer is a hint: a cycle passes from ``1 - MARGIN`` on, well beyond what rounding can do to
four products, and what passes is sized and decided in integers.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tallyio.hot_path.detector.rows import MAX_HOPS, NO_EDGE

MARGIN = 1e-9
Edges = NDArray[np.int32]
Rates = NDArray[np.float64]
Ids = NDArray[np.int32]
Products = NDArray[np.float64]


def screen(edges: Edges, rates: Rates, ids: Ids | None = None, floor: float = 1.0 - MARGIN) -> tuple[Ids, Products]:
    """The cycles (all, or those in ``ids``) whose rate product reaches ``floor``, best first, with their products.

    ``edges`` int32 (cycles, 4), ``NO_EDGE`` behind the last; ``rates`` float64 by edge. Compiled; ``screen_twin`` is
    the same in plain Python.
    """
    if ids is None:
        ids = np.arange(len(edges), dtype=np.int32)
    found = np.empty(len(ids), np.int32)
    products = np.empty(len(ids), np.float64)
    count = _kernel()(edges, rates, ids, floor, found, products)
    found, products = found[:count], products[:count]
    order = np.argsort(-products, kind="stable")
    return found[order], products[order]


def prepare() -> None:
    """Load the compiled screen, or build it where there is none yet: the first block has no second to spare for it."""
    edges, rates = np.empty((0, MAX_HOPS), np.int32), np.empty(0)
    edges.flags.writeable = rates.flags.writeable = False  # another type to the compiler
    screen(edges, rates)


def screen_twin(edges: Edges, rates: Rates, ids: Ids | None = None, floor: float = 1.0 - MARGIN) -> list[int]:
    """The reference for ``screen``: ids alone, best first."""
    found = []
    for cycle in range(len(edges)) if ids is None else ids.tolist():
        product = 1.0
        for edge in edges[cycle]:
            product *= 1.0 if edge == NO_EDGE else float(rates[edge])
        if product >= floor:
            found.append((-product, cycle))
    return [cycle for _, cycle in sorted(found, key=lambda item: item[0])]


@cache
def _kernel() -> Callable[..., int]:
    from tallyio.hot_path.compiled import kernel

    return kernel(_screen)


def _screen(edges: Edges, rates: Rates, ids: Ids, floor: float, found: Ids, products: Products) -> int:
    count = 0
    for i in range(len(ids)):
        cycle = ids[i]
        product = rates[edges[cycle, 0]] * rates[edges[cycle, 1]]
        third, fourth = edges[cycle, 2], edges[cycle, 3]
        if third >= 0:
            product *= rates[third]
        if fourth >= 0:
            product *= rates[fourth]
        if product >= floor:
            found[count] = cycle
            products[count] = product
            count += 1
    return count
