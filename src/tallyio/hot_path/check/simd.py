"""The vector kernels against their own source run item by item as plain Python: equal to the bit."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tallyio.hot_path.check.comparison import Comparison, Mismatches
from tallyio.hot_path.simd import health, prices, search

EDGES = (0.0, -0.0, -1.0, 1.0, 5e-324, 2.0**-1022, 1e308, np.inf, -np.inf, np.nan, 2.0**112, 1.0 + 2.0**-52)
LONGEST = 200
Floats = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]


def _values(rng: np.random.Generator, *shape: int) -> Floats:
    """Mostly ordinary sizes, some edges."""
    drawn = np.exp2(rng.uniform(-3, 3, shape)) * np.where(rng.random(shape) < 0.1, 2.0**90, 1.0)
    return np.where(rng.random(shape) < 0.05, rng.choice(EDGES, shape), drawn)


def plain(kernel: Any) -> Callable[..., Any]:
    """The source of ``kernel`` as plain Python."""
    source: Callable[..., Any] = getattr(kernel, "py_func", kernel)
    return source


def _filled(kernel: Any, inputs: int, outputs: int, samples: int, seed: int) -> Mismatches:
    rng = np.random.default_rng(seed)
    compared, wrong, first = 0, 0, ""
    while compared < samples:
        n = int(rng.integers(1, LONGEST))
        given = _values(rng, inputs, n)
        fast, slow = np.empty((outputs, n)), np.empty((outputs, n))
        kernel(*given, *fast)
        with np.errstate(all="ignore"):
            plain(kernel)(*given, *slow)
        differ = ((fast.view(np.uint64) != slow.view(np.uint64)) & ~(np.isnan(fast) & np.isnan(slow))).any(axis=0)
        if differ.any() and not first:
            i = int(np.argmax(differ))
            first = f"{given[:, i].tolist()}: {fast[:, i].tolist()}, expected {slow[:, i].tolist()}"
        compared += n
        wrong += int(differ.sum())
    return Mismatches(_name(kernel), compared, wrong, first)


def _reference(name: str, values: Floats, floor: float) -> tuple[int, list[int]]:
    """The answer by the shortest words: what is returned, and the indices found."""
    with np.errstate(all="ignore"):
        columns = values.T.tolist() if values.ndim == 2 else values.tolist()
        if name == "best":
            real = [value for value in columns if value == value]
            return (columns.index(max(real)) if real else search.NONE), []
        if values.ndim == 2:
            products = []
            for column in columns:
                product = 1.0
                for rate in column:
                    product *= rate
                products.append(product)
            columns = products
    if name == "all_at_most":
        hits = [i for i, value in enumerate(columns) if value <= floor]
    else:
        hits = [i for i, value in enumerate(columns) if value >= floor]
    if name.startswith("all"):
        return len(hits), hits
    return (hits[0] if hits else search.NONE), []


def _found(kernel: Any, samples: int, seed: int) -> Mismatches:
    rng = np.random.default_rng(seed)
    name = kernel.__name__
    compared, wrong, first = 0, 0, ""
    while compared < samples:
        n = int(rng.integers(0, LONGEST))
        values = _values(rng, int(rng.integers(2, search.MOST_HOPS + 1)), n) if "product" in name else _values(rng, n)
        floor = float(rng.choice([0.0, 1.0, 8.0, 2.0**91, np.inf, -np.inf]))
        found = np.zeros(int(rng.integers(0, n + 1)), np.int64)
        rest = () if name == "best" else (floor, found) if name.startswith("all") else (floor,)
        answer, (expected, indices) = int(kernel(values, *rest)), _reference(name, values, floor)
        written = found.tolist()[: len(indices)]
        if (answer, written) != (expected, indices[: found.size]):
            wrong += 1
            first = first or f"{values.tolist()} and {floor}: {answer}, {written}, expected {expected}, {indices}"
        compared += max(n, 1)
    return Mismatches(_name(kernel), compared, wrong, first)


def _name(kernel: Any) -> str:
    return f"simd.{kernel.__name__}"


def _fills(kernel: Any, inputs: int, outputs: int) -> Comparison:
    return Comparison(_name(kernel), lambda samples, seed: _filled(kernel, inputs, outputs, samples, seed))


def _finds(kernel: Any) -> Comparison:
    return Comparison(_name(kernel), lambda samples, seed: _found(kernel, samples, seed))


COMPARISONS = (
    _fills(prices.v2_rates, 3, 2),
    _fills(prices.v3_rates, 2, 2),
    _fills(health.health_factors, 3, 1),
    _finds(search.first_at_least),
    _finds(search.all_at_most),
    _finds(search.best),
    _finds(search.first_product),
    _finds(search.all_products),
)
