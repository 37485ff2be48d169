"""The pathfinder over the cycle index's graph of 100,000 pools, at fair prices with a little noise: what one block's
search costs, for cycles of up to five trades through the five base tokens, long cycles, and the best routes to a token.
"""

import time
from collections.abc import Callable, Iterator

import numpy as np

from tallyio.app.bench.result import Result, Setting
from tallyio.app.bench.suites.cycle_index import BASES, POOLS, graph

CYCLES, LONG, ROUTES = "pathfinder.cycles.100k", "pathfinder.long.100k", "pathfinder.routes.100k"
ROWS = (CYCLES, LONG, ROUTES)
ROUNDS = 20
HOPS, ROUTE_HOPS = 5, 4
NOISE = 0.001
"""Standard deviation of a pool's log price about the fair one; fees are 0.3 %."""
MOVED = 200
"""Pools that a block moves."""
FAR = 10_000
"""A token of its own, not a base."""
BEST = 100


def run(setting: Setting) -> Iterator[Result]:
    """Each round moves 200 pools, as a block does, and searches anew."""
    from tallyio.hot_path.pathfinder.finder import Pathfinder
    from tallyio.hot_path.pathfinder.warm import warm

    warm()
    tokens = graph(setting.seed, POOLS)
    random = np.random.default_rng(setting.seed)
    worth = np.exp(random.normal(0, 3, int(tokens.max()) + 1))
    finder = Pathfinder(len(worth), POOLS)
    for pool, (a, b) in enumerate(tokens.tolist()):
        finder.add(a, b, pool)
    fair = worth[tokens[:, 0]] / worth[tokens[:, 1]]

    def move(pools: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> None:
        price = fair[pools] * np.exp(random.normal(0, NOISE, len(pools)))
        edges = np.stack((2 * pools, 2 * pools + 1), axis=1).ravel()
        finder.set_rates(np.stack((0.997 * price, 0.997 / price), axis=1).ravel(), edges)

    def timed(search: Callable[[], int]) -> tuple[list[int], int]:
        spans, found = [], 0
        for _ in range(ROUNDS):
            move(random.integers(0, POOLS, MOVED))
            start = time.perf_counter_ns()
            found = search()
            spans.append(time.perf_counter_ns() - start)
        return spans, found

    move(np.arange(POOLS))
    for name, search, what in (
        (CYCLES, lambda: len(finder.cycles(range(BASES), HOPS).paths), f"gain, all of up to {HOPS} trades"),
        (LONG, lambda: len(finder.long_cycles(10)), "of any length that gain, 10 at most"),
        (
            ROUTES,
            lambda: len(finder.routes(0, FAR, ROUTE_HOPS, most=BEST).paths),
            f"best routes to a token far away, up to {ROUTE_HOPS} trades",
        ),
    ):
        if setting.wants(name):
            spans, found = timed(search)
            yield Result(name, np.array(spans, np.float64), note=f"{found:,} {what}")
