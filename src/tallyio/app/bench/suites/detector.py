"""A pool's update from its event to its answer, over synthetic universes of pools and cycles.

Each update is timed by the processor's clock inside the loop, in cold caches: pools are drawn at random, and after each
update with a candidate comes one of another pool. The reference is one dependent read from memory in the same run.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tallyio.app.bench.result import Result, Setting

REFERENCE = "one dependent read from memory"
ROUNDS = 5
HUB_CYCLES = 5000
MANY = 10_000_000


def run(setting: Setting) -> Iterator[Result]:
    """The rows of this suite; ``samples`` is the number of updates a round, of which there are five."""
    from tallyio.app.bench.universe import memory_latency_ns

    latency = memory_latency_ns(setting.seed)
    for name, measure in _MEASURES.items():
        if setting.wants(name):
            times, note = measure(setting)
            yield Result(name, times, REFERENCE, latency, note=note)
    if setting.wants("allocations"):
        yield _allocations(setting)


def _none(setting: Setting, pools: int) -> Any:
    from tallyio.app.bench.universe import Universe

    universe = Universe(setting.seed, pools, 50, "mixed")
    events = universe.quiet(setting.samples)
    return universe.timed(events, ROUNDS)


def _one(setting: Setting, family: str, partner: float) -> Any:
    from tallyio.app.bench.universe import Universe

    universe = Universe(setting.seed, 10_000, 50, family, partner=partner, own_stops=True)
    events = universe.hot_between_quiet(setting.samples)
    before = universe.told()
    times, note = universe.timed(events, ROUNDS, every=2)
    per_event = (universe.told() - before) / (ROUNDS * max(1, len(events) // 2))
    return times, f"{per_event:.2f} opportunities an update; {note}"


def _hub(setting: Setting) -> Any:
    from tallyio.app.bench.universe import Universe

    universe = Universe(setting.seed, 10_000, 10, "mixed", hub=HUB_CYCLES)
    return universe.timed(universe.hub_between_quiet(setting.samples), ROUNDS, every=2)


def _allocations(setting: Setting) -> Result:
    """Blocks that Python or Numba's runtime allocate while updates run, beyond the call that enters the loop."""
    from tallyio.app.bench.universe import Universe, allocations

    universe = Universe(setting.seed, 10_000, 50, "mixed")
    updates = MANY if setting.samples >= 1000 else 100 * setting.samples
    return Result("allocations", np.empty(0), counted=allocations(universe, updates), note=f"{updates:,} updates")


_MEASURES: dict[str, Callable[[Setting], Any]] = {
    "update.none.10k": lambda setting: _none(setting, 10_000),
    "update.none.100k": lambda setting: _none(setting, 100_000),
    "update.one.v2": lambda setting: _one(setting, "v2", 0.002),
    "update.one.mixed": lambda setting: _one(setting, "mixed", 0.002),
    "update.one.v3": lambda setting: _one(setting, "v3", 0.002),
    "update.one.v3_ticks": lambda setting: _one(setting, "v3", 0.02),
    "update.hub": _hub,
}
ROWS = (*_MEASURES, "allocations")
