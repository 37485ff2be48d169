"""The best that can still come: what a unit of each token becomes in a target token, within so many trades."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel

Words = Any
Numbers = Any
Index = Any


@kernel
def potentials(target: Index, source: Words, weight: Numbers, edges: Index, best: Numbers) -> None:
    """Fills ``best`` (trades + 1, tokens): row ``k`` has the greatest sum of ``weight`` from each token to ``target``
    over at most ``k`` edges, ``-inf`` where none gets there.

    ``source[e]`` is the token that edge ``e`` sells; ``e ^ 1`` is its reverse. Of all walks, so no simple path has more
    (Bellman 1958, by number of edges).
    """
    best[0, :] = -np.inf
    best[0, target] = 0.0
    for k in range(1, best.shape[0]):
        best[k, :] = best[k - 1, :]
        for e in range(edges):
            reached = weight[e] + best[k - 1, source[e ^ 1]]
            best[k, source[e]] = max(best[k, source[e]], reached)
