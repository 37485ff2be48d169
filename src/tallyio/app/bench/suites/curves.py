"""Quotes of the compiled exchange families, ``stable_ng.quote`` and so on: one swap of a pool's row, on one core.

Each timing is a batch of independent quotes divided by their number, over pools as they are found: even to within some
tens of per cent, trades of a millionth to a tenth of the pool. The reference is the exact Python model on the same
pools and swaps; where the row keeps what depends on the state alone (D), the model finds it anew.
"""

import time
from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from tallyio.app.bench.result import Result, Setting
from tallyio.core.clock import seeded
from tallyio.core.errors import ChainDataError
from tallyio.hot_path.cpu.clock import ns_per_tick, ticks

if TYPE_CHECKING:
    from tallyio.protocols.dex.compiled.states import Asked

BATCH = 256
NAMES = {
    "stable_ng.quote": "stable_ng",
    "stable_legacy.quote": "stable_legacy",
    "twocrypto.quote": "twocrypto",
    "tricrypto.quote": "tricrypto",
    "solidly.quote": "solidly",
    "balancer.weighted": "balancer.weighted",
    "balancer.stable": "balancer.stable",
}
ROWS = tuple(NAMES)


def run(setting: Setting) -> Iterator[Result]:
    """A row for each family; a timing is nanoseconds a quote over a batch."""
    for name, family in NAMES.items():
        if setting.wants(name):
            asked = _paid(seeded(setting.seed, name), family)
            yield Result(name, _timed(asked, setting.samples), "the exact model in Python", _reference(asked))


def _paid(random: Random, name: str) -> "list[Asked]":
    """Swaps that the pools pay: a refused one is quick."""
    from tallyio.hot_path.kernels import rows
    from tallyio.protocols.dex.compiled.states import FAMILIES

    asked: list[Asked] = []
    while len(asked) < BATCH:
        try:
            one = FAMILIES[name](random, True)
            if rows.quote(one.row, one.i, one.j, one.amount):
                asked.append(one)
        except ChainDataError:
            continue
    return asked


def _timed(asked: "list[Asked]", samples: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    from tallyio.hot_path.kernels import rows
    from tallyio.hot_path.kernels.dispatch import quotes

    arrays = rows.questions([each.row for each in asked], [each[1:4] for each in asked])
    batches = max(2, min(2_000, samples // BATCH))
    quotes(*arrays)
    scale, times = ns_per_tick(), np.empty(batches)
    for batch in range(batches):
        start = ticks()
        quotes(*arrays)
        times[batch] = (ticks() - start) * scale / len(asked)
    return times


def _reference(asked: "list[Asked]") -> float:
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter_ns()
        for each in asked:
            each.twin()
        best = min(best, (time.perf_counter_ns() - start) / len(asked))
    return best
