"""The compiled exchange families on one core: a quote of each, and the best input of a cycle with such a leg.

``stable_ng.quote`` and so on are one swap of a pool's row.

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
    "liquidity_book.quote": "liquidity_book",
}
BEST = {
    "best_input.curve": ("stable_ng", "stable_legacy", "twocrypto", "tricrypto"),
    "best_input.balancer": ("balancer.weighted", "balancer.stable"),
}
"""Two hops: a pool of the families in turn and a pair of constant product, some per cent apart."""
CYCLES = 64
ROWS = (*NAMES, *BEST)


def run(setting: Setting) -> Iterator[Result]:
    """A row for each family, a timing nanoseconds a quote over a batch; then those of best inputs, one cycle each."""
    for name, family in NAMES.items():
        if setting.wants(name):
            asked = _paid(seeded(setting.seed, name), family)
            yield Result(name, _timed(asked, setting.samples), "the exact model in Python", _reference(asked))

    for name, families in BEST.items():
        if setting.wants(name):
            yield _best_inputs(setting, name, families)


def _best_inputs(setting: Setting, name: str, families: tuple[str, ...]) -> Result:
    from tallyio.hot_path.kernels import rows
    from tallyio.hot_path.kernels.best import best_inputs
    from tallyio.protocols.dex.compiled.samples import gap

    random, answers = seeded(setting.seed, name), np.zeros(8, np.uint64)
    cycles = [gap(random, families[k % len(families)]) for k in range(CYCLES)]
    arrays = [rows.chained([cycle]) for cycle in cycles]
    best_inputs(*arrays[0], answers)
    scale, times = ns_per_tick(), []
    for _ in range(max(2, min(100, setting.samples // CYCLES))):
        for each in arrays:
            start = ticks()
            best_inputs(*each, answers)
            times.append((ticks() - start) * scale)
    start_ns = time.perf_counter_ns()
    for cycle in cycles[:8]:
        _searched(cycle, rows.best_input(cycle)[0])
    reference = (time.perf_counter_ns() - start_ns) / 8
    return Result(name, np.array(times), "ternary search over the compiled quotes, called from Python", reference)


def _searched(cycle: Any, near: int) -> int:
    """The best input from a hundredth of ``near`` to a hundred times as much, to within a part in ten million."""
    from tallyio.hot_path.kernels.rows import quote

    def profit(amount: int) -> int:
        out: int | None = amount
        for row, i, j in cycle:
            out = quote(row, i, j, out) if out else None
        return (out or 0) - amount

    low, high = near // 100, near * 100
    while high - low > low // 10**7 + 1:
        third = (high - low) // 3
        if profit(low + third) < profit(high - third):
            low += third
        else:
            high -= third
    return low


def _paid(random: Random, name: str) -> "list[Asked]":
    """Swaps that the pools pay: a refused one is quick."""
    from tallyio.hot_path.kernels import rows
    from tallyio.protocols.dex.compiled.samples import FAMILIES

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
