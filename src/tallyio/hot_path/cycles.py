"""Every closed walk of two or three swaps over the pools, each pool used once at most.

A swap is an *edge*: ``2 * pool`` sells the pool's token0, ``2 * pool + 1`` its token1. A cycle is stored once for each
direction, turned so that it starts at the anchor token (wrapped ether) where it touches it, else at its lowest token.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

NO_EDGE = -1
Edges = NDArray[np.int32]


@dataclass(frozen=True)
class Cycles:
    """An immutable picture of the table.

    ``edges`` has a row a cycle, three columns, ``NO_EDGE`` last in cycles of two. The cycles of pool ``p`` are
    ``pool_cycles[pool_offsets[p] : pool_offsets[p + 1]]``. ``dropped`` counts cycles beyond the limit.
    """

    edges: Edges
    pool_offsets: NDArray[np.int32]
    pool_cycles: NDArray[np.int32]
    dropped: int = 0

    @cached_property
    def rows(self) -> list[tuple[int, ...]]:
        """The cycles as plain tuples of edges, without padding."""
        return [tuple(e for e in row if e != NO_EDGE) for row in self.edges.tolist()]

    def of_pools(self, pools: list[int]) -> NDArray[np.int32]:
        """Sorted ids of the cycles that use any of ``pools``."""
        parts = [self.pool_cycles[self.pool_offsets[p] : self.pool_offsets[p + 1]] for p in pools]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int32)


@dataclass
class CycleTable:
    """Grows pool by pool: a new pool adds its own cycles and leaves the ids of the others as they are.

    ``anchor`` is the number of the token at which cycles start when they can (-1: none).
    """

    anchor: int = -1
    max_hops: int = 3
    max_cycles: int = 1_000_000
    _tokens: list[tuple[int, int]] = field(default_factory=list)
    _pools_of: dict[int, list[int]] = field(default_factory=dict)
    _between: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    _rows: list[tuple[int, int, int]] = field(default_factory=list)
    _dropped: int = 0

    def add_pool(self, token0: int, token1: int) -> int:
        """Adds a pool of two token numbers and every cycle through it; returns the pool's number."""
        pool = len(self._tokens)
        self._tokens.append((token0, token1))
        sell0, sell1 = 2 * pool, 2 * pool + 1
        for other in self._between.get(_pair(token0, token1), ()):
            self._append(sell0, self._edge(other, token1))
            self._append(self._edge(other, token0), sell1)
        if self.max_hops >= 3:
            self._add_triangles(token0, token1, sell0, sell1)
        for token in (token0, token1):
            self._pools_of.setdefault(token, []).append(pool)
        self._between.setdefault(_pair(token0, token1), []).append(pool)
        return pool

    def snapshot(self) -> Cycles:
        edges = np.array(self._rows, dtype=np.int32).reshape(-1, 3)
        edges.flags.writeable = False
        used = edges != NO_EDGE
        pools = edges[used] >> 1
        ids = np.nonzero(used)[0].astype(np.int32)
        order = np.argsort(pools, kind="stable")
        counts = np.bincount(pools, minlength=len(self._tokens))
        offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        return Cycles(edges, offsets, ids[order], self._dropped)

    def _add_triangles(self, token0: int, token1: int, sell0: int, sell1: int) -> None:
        for second in self._pools_of.get(token1, ()):
            middle = self._other(second, token1)
            if middle == token0:
                continue
            for third in self._between.get(_pair(middle, token0), ()):
                self._append(sell0, self._edge(second, token1), self._edge(third, middle))
                self._append(self._edge(third, token0), self._edge(second, middle), sell1)

    def _append(self, *edges: int) -> None:
        if len(self._rows) >= self.max_cycles:
            self._dropped += 1
            return
        starts = [self._sold(edge) for edge in edges]
        first = starts.index(self.anchor if self.anchor in starts else min(starts))
        turned = edges[first:] + edges[:first]
        self._rows.append((turned[0], turned[1], turned[2] if len(turned) == 3 else NO_EDGE))

    def _edge(self, pool: int, sold: int) -> int:
        return 2 * pool + (sold == self._tokens[pool][1])

    def _sold(self, edge: int) -> int:
        return self._tokens[edge >> 1][edge & 1]

    def _other(self, pool: int, token: int) -> int:
        token0, token1 = self._tokens[pool]
        return token1 if token == token0 else token0


def _pair(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)
