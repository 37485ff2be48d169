"""The pathfinder: pools join as they are discovered, rates move as they trade, and ways are found on demand."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tallyio.hot_path.pathfinder.negative import gaining_cycle
from tallyio.hot_path.pathfinder.potential import potentials
from tallyio.hot_path.pathfinder.walks import walks

_LEAST = 1e-12
"""Sums of logarithms below this are rounding."""


class Ways(msgspec.Struct, frozen=True):
    """``paths`` are edges in the order of their trades, the greatest weight first.

    ``full`` says that there was no room for lighter ones, ``cut_short`` that the search ended before it had looked
    everywhere.
    """

    paths: list[tuple[int, ...]]
    full: bool
    cut_short: bool


class Pathfinder:
    """A multigraph of tokens. Edge ``2 * i`` sells the first token of pair ``i``, ``2 * i + 1`` its second; its weight
    is the logarithm of what it pays for a unit at the margin, fee included, ``-inf`` while it cannot be traded.

    A new pair costs the same however many there are. Not thread-safe; its searches hold no interpreter lock.
    """

    def __init__(self, tokens: int = 64, pairs: int = 64) -> None:
        self.tokens = self.pairs = 0
        self._first = np.full(tokens, -1, np.int32)
        self._following = np.full(2 * pairs, -1, np.int32)
        self._source = np.zeros(2 * pairs, np.int32)
        self._pool = np.zeros(pairs, np.int32)
        self._weight = np.full(2 * pairs, -np.inf)

    def add(self, token0: int, token1: int, pool: int) -> int:
        """Adds a pair of tokens (numbers from 0) that ``pool`` trades, without rates yet; returns its number."""
        number = self.pairs
        if 2 * number == len(self._source):
            self._following = _doubled(self._following, -1)
            self._source, self._pool = _doubled(self._source, 0), _doubled(self._pool, 0)
            self._weight = _doubled(self._weight, -np.inf)
        for edge, token in ((2 * number, token0), (2 * number + 1, token1)):
            while token >= len(self._first):
                self._first = _doubled(self._first, -1)
            self.tokens = max(self.tokens, token + 1)
            self._source[edge] = token
            self._following[edge] = self._first[token]
            self._first[token] = edge
        self._pool[number] = pool
        self.pairs += 1
        return number

    def set_rates(self, rates: NDArray[np.float64], edges: NDArray[Any] | slice = slice(None)) -> None:
        """What each edge (of those given by number, else all) pays for a unit; 0 for one that cannot be traded."""
        with np.errstate(divide="ignore"):
            self._weight[: 2 * self.pairs][edges] = np.log(rates)

    def weight(self, path: Iterable[int]) -> float:
        """The sum over the path's edges: the logarithm of its marginal rate."""
        return float(sum(self._weight[edge] for edge in path))

    def cycles(
        self,
        bases: Iterable[int],
        hops: int,
        *,
        most: int = 1 << 12,
        most_steps: int = 1 << 26,
        least: float = _LEAST,
    ) -> Ways:
        """The ``most`` cycles of 2 to ``hops`` trades through any of ``bases`` that gain most at the margin."""
        closed = np.zeros(len(self._first), np.bool_)
        found: list[tuple[float, tuple[int, ...]]] = []
        full = cut_short = False
        for base in bases:
            if base >= self.tokens or closed[base]:
                continue
            rows, filled, cut = self._walks(base, base, hops, least, closed, most, most_steps)
            found += rows
            full, cut_short = full or filled, cut_short or cut
            closed[base] = True
        found.sort(key=lambda each: (-each[0], each[1]))
        return Ways([path for _, path in found[:most]], full or len(found) > most, cut_short)

    def routes(
        self,
        start: int,
        target: int,
        hops: int,
        *,
        most: int = 1 << 12,
        most_steps: int = 1 << 26,
        least: float = -np.inf,
    ) -> Ways:
        """The ``most`` best paths of 1 to ``hops`` trades from ``start`` to another token, heavier than ``least``."""
        if start == target or max(start, target) >= self.tokens:
            return Ways([], False, False)
        closed = np.zeros(len(self._first), np.bool_)
        rows, full, cut_short = self._walks(start, target, hops, least, closed, most, most_steps)
        rows.sort(key=lambda each: (-each[0], each[1]))
        return Ways([path for _, path in rows], full, cut_short)

    def best_weight(self, start: int, target: int, hops: int) -> float:
        """What no path of at most ``hops`` trades exceeds; ``-inf`` where none leads there."""
        return float(self._potentials(target, hops)[hops, start])

    def long_cycles(self, most: int, longest: int = 32, rounds: int = 64) -> list[tuple[int, ...]]:
        """Up to ``most`` gaining cycles of any length up to ``longest``, through any tokens: each found one loses its
        weakest edge, so that the next is another."""
        count = 2 * self.pairs
        weight = self._weight[:count].copy()
        reached, last = np.zeros(self.tokens), np.full(self.tokens, -1, np.int32)
        row = np.empty(longest, np.int32)
        found: list[tuple[int, ...]] = []
        while len(found) < most:
            length = int(gaining_cycle(self._source, weight, count, _LEAST, rounds, reached, last, row))
            if not length:
                break
            edges = row[:length].copy()
            pools = self._pool[edges >> 1]
            if len(np.unique(pools)) == length:
                found.append(tuple(edges.tolist()))
            weight[edges[np.argmin(weight[edges])]] = -np.inf
        return found

    def _potentials(self, target: int, hops: int) -> NDArray[np.float64]:
        best = np.empty((hops + 1, self.tokens))
        potentials(target, self._source, self._weight, 2 * self.pairs, best)
        return best

    def _walks(
        self, start: int, target: int, hops: int, least: float, closed: NDArray[np.bool_], most: int, most_steps: int
    ) -> tuple[list[tuple[float, tuple[int, ...]]], bool, bool]:
        best = self._potentials(target, hops)
        found, sums = np.empty((most, hops), np.int32), np.empty(most)
        graph = (self._first, self._following, self._source, self._pool, self._weight)
        count, steps = walks(start, target, least, *graph, best, closed, most_steps, found, sums)
        kept = min(int(count), most)
        rows: Sequence[list[int]] = found[:kept].tolist()
        paths = [tuple(e for e in row if e >= 0) for row in rows]
        return list(zip(sums[:kept].tolist(), paths, strict=True)), kept == most, int(steps) >= most_steps


def _doubled(array: NDArray[Any], filled: float) -> NDArray[Any]:
    return np.concatenate((array, np.full(len(array), filled, array.dtype)))
