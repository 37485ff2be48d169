"""The heaviest paths between two tokens: a search that never enters a branch that cannot end in one.

Once as many are found as there is room for, the least of them (the root of a heap) is what the next must exceed.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel

Words = Any
Numbers = Any
Index = Any
Number = Any


@kernel
def _rise(at: Index, weight: Number, found: Words, sums: Numbers) -> Index:
    """Makes room for ``weight`` at the end of the heap; returns its row."""
    while at > 0 and sums[(at - 1) >> 1] > weight:
        above = (at - 1) >> 1
        sums[at] = sums[above]
        found[at] = found[above]
        at = above
    sums[at] = weight
    return at


@kernel
def _sink(weight: Number, found: Words, sums: Numbers) -> Index:
    """Puts ``weight`` in the place of the least; returns its row."""
    at, count = np.int64(0), sums.shape[0]
    while 2 * at + 1 < count:
        below = 2 * at + 1
        if below + 1 < count and sums[below + 1] < sums[below]:
            below += 1
        if sums[below] >= weight:
            break
        sums[at] = sums[below]
        found[at] = found[below]
        at = below
    sums[at] = weight
    return at


@kernel
def walks(
    start: Index,
    target: Index,
    threshold: Number,
    first: Words,
    following: Words,
    source: Words,
    pool: Words,
    weight: Numbers,
    best: Numbers,
    closed: Words,
    most_steps: Index,
    found: Words,
    sums: Numbers,
) -> tuple[Index, Index]:
    """Writes the heaviest paths from ``start`` to ``target``, of those above ``threshold``, into the rows of ``found``
    (paths, trades; -1 behind the last edge) and their weights into ``sums``, in no order; cycles where both are one
    token.

    A path visits no token and trades no pool twice, enters no token that ``closed`` marks, and has at most as many
    edges as ``found`` has columns. ``best`` is what ``potentials`` filled for ``target``. ``first[t]`` and
    ``following[e]`` list the edges that sell a token, -1 behind the last; ``pool[e >> 1]`` is what an edge trades with.
    Returns how many were found, rows that had to make room included, and how many edges were looked at, ``most_steps``
    at most: where that many were, a heavier path may be missing.
    """
    hops = found.shape[1]
    path = np.empty(hops, np.int32)
    ahead = np.empty(hops, np.int32)
    weights = np.zeros(hops + 1)
    count = steps = np.int64(0)
    depth = np.int64(0)
    ahead[0] = first[start]
    while depth >= 0 and steps < most_steps:
        e = np.int64(ahead[depth])
        if e < 0:
            depth -= 1
            continue
        ahead[depth] = following[e]
        steps += 1
        to = np.int64(source[e ^ 1])
        reached = weights[depth] + weight[e]
        if not reached + best[hops - depth - 1, to] > threshold:
            continue
        fresh = True
        for i in range(depth):
            if pool[path[i] >> 1] == pool[e >> 1] or (source[path[i]] == to and to != target):
                fresh = False
        if not fresh or (to == start and to != target):
            continue
        path[depth] = e
        if to == target:
            if reached <= threshold:
                continue
            room = found.shape[0]
            at = _rise(count, reached, found, sums) if count < room else _sink(reached, found, sums)
            found[at, : depth + 1] = path[: depth + 1]
            found[at, depth + 1 :] = -1
            count += 1
            if count >= room:
                threshold = max(threshold, sums[0])
        elif depth + 1 < hops and not closed[to]:
            depth += 1
            weights[depth] = reached
            ahead[depth] = first[to]
    return count, steps
