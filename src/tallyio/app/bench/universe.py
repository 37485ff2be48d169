"""Synthetic pools and cycles for the detector's benchmarks: random topology, prices near one, and hot pools whose
update makes one opportunity.
"""

import gc
import sys
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.hot_path.compiled import DISABLED, kernel
from tallyio.hot_path.cpu.clock import ns_per_tick, overhead_ticks, ticks
from tallyio.hot_path.detector import loop
from tallyio.hot_path.detector.detector import Arrays
from tallyio.hot_path.memory import ring_layout
from tallyio.hot_path.pointer import pointer
from tallyio.hot_path.state import layout
from tallyio.hot_path.state.stops import stops_above, stops_below

HOT = 64
CALM = 0.0015
"""The offset of hot pools: half way between two stops, so that a small trade passes none."""
ALLOCATION_ROUNDS = 3
FEE, SPACING = 3000, 60
RESERVE, LIQUIDITY, NET, TICKS = 10**21, 3 * 10**22, 10**20, 20


class Universe:
    """``cycles`` a pool on average, 70 % of three hops, the others of two. The first ``HOT`` pools close one cycle
    each with a pool of their own that stands apart by ``partner``; ``hub`` cycles more run through one pool.
    """

    def __init__(
        self,
        seed: int,
        pools: int,
        cycles: int,
        family: str,
        *,
        partner: float = 0.002,
        hub: int = 0,
        own_stops: bool = False,
    ) -> None:
        self.random = np.random.default_rng(seed)
        self.pools = pools
        concentrated = self.random.random(pools) < {"v2": 0.0, "mixed": 0.5, "v3": 1.0}[family]
        self.concentrated = concentrated
        self.hub = 2 * HOT
        self.edges = self._edges(int(pools * cycles / 2.7), hub)
        headers = np.where(concentrated, layout.header(layout.V3, FEE, SPACING), layout.header(layout.V2, FEE)).astype(
            np.uint64
        )
        self.arrays = Arrays(headers, self.edges, threshold=1.0, capacity=1 << 14)
        self._set_stops(own_stops)
        offsets = self.random.uniform(-1e-3, 1e-3, pools)
        edge = np.where(np.arange(HOT) & 1, 0.009, 0.006) + partner
        thirds = np.where(np.arange(HOT) & 1, CALM, 0.0)
        offsets[pools - HOT :] = edge - CALM - thirds
        offsets[: 2 * HOT] = CALM
        self.arrays.threshold = 1e9
        self.arrays.run(self.events(np.arange(pools), offsets))
        self.arrays.threshold = 1.0

    def _edges(self, count: int, hub: int) -> NDArray[np.int32]:
        random, free = self.random, self.pools - HOT
        pool = random.integers(2 * HOT + 1, free, (count + hub, 3))
        three = random.random(len(pool)) < 0.7
        span = free - 2 * HOT - 1
        for column, stride in ((1, 7), (2, 13)):
            same = pool[:, column] == pool[:, column - 1]
            same |= pool[:, column] == pool[:, 0]
            pool[same, column] = (pool[same, 0] - 2 * HOT - 1 + stride) % span + 2 * HOT + 1
        pool[:hub, 0] = self.hub
        edges = (2 * pool + random.integers(0, 2, pool.shape)).astype(np.int32)
        hot = slice(hub, hub + HOT)
        numbers = np.arange(HOT)
        edges[hot] = np.stack((2 * numbers, 2 * (self.pools - HOT + numbers), 2 * (HOT + numbers)), axis=1)
        three[hot] = numbers & 1 == 1
        edges[~three, 2] = -1
        # the hot pools have as many cycles as the others
        extra = hub + HOT + np.arange(min(HOT * 49, count - HOT))
        edges[extra, 0] = 2 * (np.arange(len(extra)) % HOT) + (edges[extra, 0] & 1)
        return edges

    def _set_stops(self, own: bool) -> None:
        places = [SPACING * (i - TICKS // 2) + SPACING // 2 for i in range(TICKS)]
        nets = [NET if i < TICKS // 2 else -NET for i in range(TICKS)]
        outer = LIQUIDITY - NET * (TICKS // 2)
        ticks_, all_nets = [-60 * 256, *places, 60 * 256], [outer, *nets, -outer]
        below = stops_below(ticks_, all_nets, SPACING, FEE)
        above = stops_above(ticks_, all_nets, SPACING, FEE)
        a, b = len(below.ticks), len(above.ticks)
        copies = self.pools if own else 1
        self.arrays.use_stops(
            np.tile(np.concatenate((below.words.ravel(), above.words.ravel())), copies),
            np.tile(np.concatenate((below.floats.ravel(), above.floats.ravel())), copies),
            np.tile(np.concatenate((below.ticks, above.ticks)), copies),
        )
        start = (a + b) * np.arange(self.pools) * (1 if own else 0)
        bounds = np.stack((start, start + a, start + a, start + a + b), axis=1)
        self.arrays.bounds[:] = bounds.ravel()

    def events(self, pools: NDArray[Any], offsets: NDArray[np.float64]) -> NDArray[np.uint64]:
        """Updates that bring ``pools`` to the price ``exp(offset)``, with the liquidity that the ticks give there."""
        words = np.zeros((len(pools), layout.EVENT), np.uint64)
        words[:, 0] = pools
        flat = ~self.concentrated[pools]
        for column, sign in ((1, -0.5), (3, 0.5)):
            reserve = np.exp(sign * offsets[flat]) * (RESERVE / 2.0**32)
            whole = reserve.astype(np.uint64)
            words[flat, column] = whole << np.uint64(32)
            words[flat, column + 1] = whole >> np.uint64(32)
        deep = ~flat
        root = (np.exp(offsets[deep] / 2) * 2.0**53).astype(np.uint64)
        words[deep, 1] = root << np.uint64(43)
        words[deep, 2] = root >> np.uint64(21)
        tick = np.floor(offsets[deep] / np.log(1.0001)).astype(np.int64)
        words[deep, 0] |= (tick.astype(np.uint64) & np.uint64(0xFFFFFFFF)) << np.uint64(32)
        self._true_liquidity(words, deep, tick)
        return words

    def _true_liquidity(self, words: NDArray[np.uint64], deep: NDArray[np.bool_], tick: NDArray[np.int64]) -> None:
        a = int(self.arrays.bounds[1])
        stops = self.arrays.stops[: a * layout.STOP].reshape(-1, layout.STOP)
        at = np.searchsorted(-self.arrays.stop_ticks[:a], -tick, side="left") - 1
        words[deep, 4:6] = stops[at, layout.STOP_LIQUIDITY : layout.STOP_LIQUIDITY + 2]

    def quiet(self, count: int) -> NDArray[np.uint64]:
        pools = self.random.integers(2 * HOT + 1, self.pools - HOT, count)
        return self.events(pools, self.random.uniform(-1e-3, 1e-3, count))

    def hot_between_quiet(self, count: int) -> NDArray[np.uint64]:
        return self._between(self.events(self.random.integers(0, HOT, count), np.full(count, CALM)))

    def hub_between_quiet(self, count: int) -> NDArray[np.uint64]:
        return self._between(self.events(np.full(count, self.hub), self.random.uniform(-1e-3, 1e-3, count)))

    def _between(self, events: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return np.stack((events, self.quiet(len(events))), axis=1).reshape(-1, layout.EVENT)

    def told(self) -> int:
        return int(self.arrays.counts[loop.TOLD] + self.arrays.counts[loop.FULL])

    def timed(self, events: NDArray[np.uint64], rounds: int, every: int = 1) -> tuple[NDArray[np.float64], str]:
        """The times until the answer in the round of the least median, and what the propagation came to."""
        best: NDArray[np.float64] | None = None
        note = ""
        answered, finished = np.zeros(len(events), np.uint64), np.zeros(len(events), np.uint64)
        for _ in range(rounds):
            self.arrays.ring.words[ring_layout.HEAD] = self.arrays.ring.words[ring_layout.TAIL]
            self.arrays.run(events, answered, finished)
            times = np.maximum(answered[::every].astype(np.float64) - overhead_ticks(), 0) * ns_per_tick()
            if best is None or np.median(times) < np.median(best):
                best = times
                after = float(np.median(finished[::every] - answered[::every])) * ns_per_tick()
                note = f"{after:,.0f} ns after the answer until all rows know the rates"
        assert best is not None  # noqa: S101 - rounds is not zero
        return best, note


def allocations(universe: Universe, updates: int) -> int:
    """Blocks that Numba's runtime allocates and Python keeps while ``updates`` run, in calls of 100,000 at most, beyond
    what as many calls without an update do. The least of three rounds: what only the first one keeps is not the loop's.
    """
    runtime_blocks()
    events = universe.quiet(min(updates, 100_000))
    calls = max(1, updates // len(events) // ALLOCATION_ROUNDS)
    rounds = [
        _allocated(universe, events, calls) - _allocated(universe, events[:0], calls) for _ in range(ALLOCATION_ROUNDS)
    ]
    return max(0, min(rounds))


def _allocated(universe: Universe, events: NDArray[np.uint64], calls: int) -> int:
    gc.collect()
    gc.disable()
    try:
        universe.arrays.run(events)
        python, native = sys.getallocatedblocks(), runtime_blocks()
        for _ in range(calls):
            universe.arrays.run(events)
        return sys.getallocatedblocks() - python + runtime_blocks() - native
    finally:
        gc.enable()


def runtime_blocks() -> int:
    """Blocks that Numba's runtime has allocated since the first call of this."""
    if DISABLED:
        return 0
    native: Any = import_module("numba.core.runtime._nrt_python")
    native.memsys_enable_stats()
    return int(native.memsys_get_stats_alloc())


def memory_latency_ns(seed: int, megabytes: int = 64) -> float:
    """A chain of dependent reads over memory larger than the caches: nanoseconds a read, the least of five rounds."""
    count = megabytes * 2**20 // 64
    order = np.random.default_rng(seed).permutation(count)
    chain = np.zeros(count * 8, np.int64)
    chain[order * 8] = np.roll(order, -1) * 8
    return min(int(_chase(chain, 20_000)) for _ in range(5)) * ns_per_tick() / 20_000


@kernel
def _chase(chain: Any, count: int) -> int:
    p = pointer(chain)
    at = np.int64(0)
    start = ticks()
    for _ in range(count):
        at = p[at]
    end = ticks()
    return int(end - start) if at >= 0 else 0
