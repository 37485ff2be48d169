"""Every path between two tokens whose weights add up to more than a threshold: a search that never enters a branch
that cannot end in one."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel

Words = Any
Numbers = Any
Index = Any
Number = Any


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
    """Writes the paths from ``start`` to ``target`` into the rows of ``found`` (paths, trades; -1 behind the last edge)
    and their weight into ``sums``; a cycle where both are one token.

    A path visits no token and trades no pool twice, enters no token that ``closed`` marks, and has at most as many
    edges as ``found`` has columns. ``best`` is what ``potentials`` filled for ``target``. ``first[t]`` and
    ``following[e]`` list the edges that sell a token, -1 behind the last; ``pool[e >> 1]`` is what an edge trades with.
    Returns how many there are, of which only the first rows fit, and how many edges were looked at, ``most_steps`` at
    most: where that many were, there may be more.
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
            if reached > threshold:
                if count < found.shape[0]:
                    found[count, : depth + 1] = path[: depth + 1]
                    found[count, depth + 1 :] = -1
                    sums[count] = reached
                count += 1
        elif depth + 1 < hops and not closed[to]:
            depth += 1
            weights[depth] = reached
            ahead[depth] = first[to]
    return count, steps
