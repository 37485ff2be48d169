"""The cycle index over a synthetic graph of the size that the detector's largest row has: 100,000 pools, of which 120
join five base tokens with each other and the others a token of their own with one of those.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.app.bench.result import Result, Setting

BUILD, ADD = "index.build.100k", "index.add_pool"
ROWS = (BUILD, ADD)
POOLS, BASES, BETWEEN, PER_TOKEN = 100_000, 5, 13, 5
SHARES = (0.5, 0.2, 0.15, 0.1, 0.05)
"""How the pools spread over the base tokens."""
ROUNDS, MOST = 3, 20_000
BYTES = 20
"""Of a cycle beside its entries: four edges and a place."""


def run(setting: Setting) -> Iterator[Result]:
    """``samples`` pools, 20,000 at most, are added one by one to the graph that stands."""
    from tallyio.hot_path.cycle_index.index import CycleIndex
    from tallyio.hot_path.cycle_index.layout import ROOM
    from tallyio.hot_path.detector.rows import BLOCK, ENTRY

    tokens = graph(setting.seed, POOLS + min(setting.samples, MOST))
    CycleIndex().add_pools(tokens[:1000])  # compiles
    if setting.wants(BUILD):
        times = [_built(tokens[:POOLS]) for _ in range(ROUNDS)]
        index = times[-1][1]
        room = int(index.rows.row_table[:, ROOM].sum()) * BLOCK * ENTRY * 4 + len(index.rows) * BYTES
        note = f"{len(index.rows):,} cycles, {room / 2**20:,.0f} MB for them and their rows"
        yield Result(BUILD, np.array([each for each, _ in times], np.float64), note=note)
    if setting.wants(ADD):
        index = _built(tokens[:POOLS])[1]
        before, spans = len(index.rows), []
        for token0, token1 in tokens[POOLS:].tolist():
            start = time.perf_counter_ns()
            index.add_pool(token0, token1)
            spans.append(time.perf_counter_ns() - start)
        cycles = (len(index.rows) - before) / len(spans)
        yield Result(
            ADD, np.array(spans, np.float64), note=f"{cycles:.0f} cycles a pool; most {max(spans) / 1e6:.1f} ms"
        )


def graph(seed: int, pools: int) -> NDArray[np.int64]:
    """``pools`` pairs of token numbers, those below ``BASES`` the base tokens, in random order."""
    random = np.random.default_rng(seed)
    hubs = [(a, b) for a in range(BASES) for b in range(a) for _ in range(BETWEEN)]
    rest = pools - len(hubs)
    own = BASES + np.arange(rest) // PER_TOKEN
    pairs = np.concatenate((np.array(hubs), np.stack((own, random.choice(BASES, rest, p=SHARES)), axis=1)))
    random.shuffle(pairs)
    return pairs


def _built(tokens: NDArray[np.int64]) -> tuple[int, Any]:
    from tallyio.hot_path.cycle_index.index import CycleIndex

    start = time.perf_counter_ns()
    index = CycleIndex(anchor=0, max_cycles=4_000_000)
    index.add_pools(tokens)
    return time.perf_counter_ns() - start, index
