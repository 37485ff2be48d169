"""The cycles as each pool sees them: a row of entries a pool, in blocks of sixteen.

An entry is a cycle turned so that its row's pool sells token0: the other pools' edges, where their own entries of
that cycle lie, the cycle's number and whether the turn ran against the stored order. Beside it lies the product of the
other edges' rates in both directions, in float32, sixteen forward and sixteen backward to a block: what an update
reads lies together, and a cache line tells eight cycles' both directions.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import OperatorError

BLOCK = 16
MAX_HOPS = 4
ENTRY = 8
"""int32 words of an entry: three partner edges, cycle, three partner entries (-1: none), 1 where turned round."""
PARTNER, CYCLE, PLACE, TURNED = 0, 3, 4, 7
NO_EDGE = -1


class Rows(NamedTuple):
    """``first`` block and ``counts`` of entries per pool; ``entries`` (blocks * 16, 8), ``products`` (blocks * 32,)."""

    first: NDArray[np.int64]
    counts: NDArray[np.int64]
    entries: NDArray[np.int32]
    products: NDArray[np.float32]
    edges: NDArray[np.int32]


def build_rows(edges: NDArray[np.int32], pools: int) -> Rows:
    """``edges`` (cycles, up to 4): one row a cycle, in one of its two directions, ``NO_EDGE`` behind the last.

    Edge ``2 * pool`` sells the pool's token0, ``2 * pool + 1`` its token1. Raises ``OperatorError`` for a cycle of
    fewer than two hops, of an unknown pool, or one that passes a pool twice.
    """
    table = np.full((len(edges), MAX_HOPS), NO_EDGE, np.int32)
    table[:, : edges.shape[1]] = edges
    used = table != NO_EDGE
    hops = used.sum(axis=1)
    _refuse_unsound(table, used, hops, pools)
    cycle, position = np.nonzero(used)
    pool = table[cycle, position] >> 1
    order = np.argsort(pool, kind="stable")
    cycle, position, pool = cycle[order], position[order], pool[order]
    count = np.bincount(pool, minlength=pools).astype(np.int64)
    blocks = -(-count // BLOCK)
    first = np.concatenate(([0], np.cumsum(blocks)[:-1])).astype(np.int64)
    total = int(blocks.sum())
    start = np.cumsum(count) - count
    place = (first[pool] * BLOCK + np.arange(len(pool)) - start[pool]).astype(np.int64)
    if total * BLOCK * 2 >= 2**31:
        raise OperatorError(f"{len(pool)} entries of cycles exceed 32-bit places", todo="lower the limit of cycles")
    place_of = np.full((len(table), MAX_HOPS), -1, np.int32)
    place_of[cycle, position] = place
    entries = np.zeros((total * BLOCK, ENTRY), np.int32)
    entries[:, PLACE : PLACE + 3] = -1
    entries[:, PARTNER : PARTNER + 3] = 2 * pools
    turned = table[cycle, position] & 1
    for step in (1, 2, 3):
        there = hops[cycle] > step
        rows, at = cycle[there], (position[there] + step) % hops[cycle[there]]
        entries[place[there], PARTNER + step - 1] = table[rows, at] ^ turned[there]
        entries[place[there], PLACE + step - 1] = place_of[rows, at]
    entries[place, CYCLE] = cycle
    entries[place, TURNED] = turned
    return Rows(first, count, entries, np.zeros(total * BLOCK * 2, np.float32), table)


def _refuse_unsound(table: NDArray[np.int32], used: NDArray[np.bool_], hops: NDArray[np.int64], pools: int) -> None:
    pool = table >> 1
    ordered = np.sort(np.where(used, pool, -1 - np.arange(MAX_HOPS)), axis=1)
    twice = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    gaps = (used[:, 1:] & ~used[:, :-1]).any(axis=1)
    beyond = (used & ((pool >= pools) | (table < 0))).any(axis=1)
    wrong = np.flatnonzero(twice | gaps | beyond | (hops < 2))
    if len(wrong):
        raise OperatorError(
            f"cycle {wrong[0]} has edges {table[wrong[0]].tolist()}; expected two to four edges of different pools "
            f"below {pools}",
            todo="build the cycles from the same pools",
        )
