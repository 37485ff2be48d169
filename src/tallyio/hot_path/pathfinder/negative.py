"""A gaining cycle of any length: Bellman, Ford and Moore on the whole graph, from every token at once.

Where distances still fall, the edges that made them fall last form a cycle somewhere behind (Cherkassky and Goldberg,
"Negative-cycle detection algorithms", 1999); looking for it after each round finds it long before the last.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel

Words = Any
Numbers = Any
Index = Any
Number = Any


@kernel
def gaining_cycle(
    source: Words,
    weight: Numbers,
    edges: Index,
    least: Number,
    rounds: Index,
    reached: Numbers,
    last: Words,
    row: Words,
) -> Index:
    """Writes the edges of a cycle whose weights add up to more than 0 into ``row`` and returns how many; 0 where there
    is none, or none that fits.

    ``least`` is what a round must gain to count, so that rounding never does. ``reached`` and ``last`` (by token) are
    its memory.
    """
    tokens = reached.shape[0]
    reached[:] = 0.0
    last[:] = -1
    seen = np.empty(tokens, np.int32)
    for _ in range(rounds):
        moved = False
        for e in range(edges):
            to = source[e ^ 1]
            through = reached[source[e]] + weight[e]
            if through > reached[to] + least:
                reached[to] = through
                last[to] = e
                moved = True
        if not moved:
            return np.int64(0)
        seen[:] = -1
        for begin in range(tokens):
            token = np.int64(begin)
            while seen[token] < 0 and last[token] >= 0:
                seen[token] = begin
                token = np.int64(source[last[token]])
            if seen[token] == begin and last[token] >= 0:
                length = _write(token, source, last, row)
                if length:
                    return length
            seen[token] = begin
    return np.int64(0)


@kernel
def _write(start: Index, source: Words, last: Words, row: Words) -> Index:
    """The cycle through ``start`` in the order of its trades, 0 where ``row`` is too short for it."""
    length, token = np.int64(0), np.int64(start)
    while length == 0 or token != start:
        if length == row.shape[0]:
            return np.int64(0)
        row[length] = last[token]
        token = np.int64(source[last[token]])
        length += 1
    for i in range(length // 2):
        row[i], row[length - 1 - i] = row[length - 1 - i], row[i]
    return length
