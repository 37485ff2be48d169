"""What gains at a market's margin, followed from view to view by the compiled detector.

One detector holds the states of the view that it saw last. Another view, later, earlier or merely supposed, is a
difference to it: the pools that differ are written, and the cycles through them listed anew. What stands depends on
the view, and on the long cycles that were offered, never on views seen before.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import compress
from operator import is_not

import msgspec
import numpy as np
import structlog

from tallyio.core.pools import PairState, PoolState, V2State, V3State
from tallyio.core.units import UINT112_MAX, Address
from tallyio.hot_path.compiled_families import is_compiled
from tallyio.market.graph import Graph
from tallyio.market.view import MarketView, may_differ
from tallyio.strategies.ways import Path, Standing, path_of

log = structlog.get_logger()

_PRICE_END = 2**160


class Detection:
    """``follow`` a view, then ask what is ``standing`` on it."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._touched = 0
        self._standing: dict[Path, Standing] = {}
        self._through: defaultdict[int, set[Path]] = defaultdict(set)
        self._offered: tuple[Path, ...] = ()
        self._is_new_offer = False

    def offer(self, graph: Graph, paths: Sequence[Path]) -> None:
        """Cycles that ``graph``'s index does not hold, to be looked at from the next view on, in place of those that
        were offered before."""
        if self._graph is None or graph.pools[:] != self._graph.pools[: len(graph.pools)]:
            return
        self._withdraw()
        self._offered, self._is_new_offer = tuple(paths), bool(paths)

    def follow(self, view: MarketView) -> None:
        regrouped = self._adopt(view.graph)
        changed = self._differences(view)
        self._write(changed)
        if anew := regrouped | changed.keys():
            for pool in anew:
                for path in self._through.pop(pool, ()):
                    self._standing.pop(path, None)
            for way in self._listed(view, list(anew)):
                self._enter(way)
        if self._offered and (anew or self._is_new_offer):
            self._relist(view)

    def _relist(self, view: MarketView) -> None:
        """What stands of the cycles that were offered."""
        from tallyio.strategies.mixed import standing_of

        self._is_new_offer = False
        self._withdraw()
        gaining = [path for path in self._offered if float(np.prod(view.rates[list(path)])) > 1.0]
        for way in standing_of(view, gaining):
            self._enter(way)

    def _enter(self, way: Standing) -> None:
        self._standing[way.path] = way
        for edge in way.path:
            self._through[edge >> 1].add(way.path)

    def standing(self, touching: Iterable[Address] | None = None) -> list[Standing]:
        """All, or those through any of the pools ``touching``; in no order."""
        if touching is None or self._graph is None:
            return list(self._standing.values())
        numbers = [number for pool in touching for number in self._pairs.get(pool, ())]
        paths = {path for number in numbers for path in self._through.get(number, ())}
        return [self._standing[path] for path in paths if path in self._standing]

    def _withdraw(self) -> None:
        for path in self._offered:
            self._standing.pop(path, None)

    def _adopt(self, graph: Graph) -> set[int]:
        """The pools whose cycles are others than before. An index that went on costs what is new; a picture that it
        has left behind, or one of another, is begun anew."""
        if graph is self._graph and (graph.cycles.live is not None or not self._is_live):
            return set()
        if self._graph is None or not self._detector.adopt(graph.pools, graph.cycles):
            self._begin(graph)
        self._graph, rows = graph, self._detector.arrays.rows
        regrouped, self._touched = rows.touched_since(self._touched), rows.touched_count
        new = graph.pools[len(self._seen) :]
        for number, pool in enumerate(new, len(self._seen)):
            self._addresses.append(pool.address)
            self._pairs[pool.address].append(number)
            if not is_compiled(pool):
                self._apart.add(number)
        self._seen += [None] * len(new)
        return set(range(len(self._seen))) if regrouped is None else set(regrouped.tolist())

    def _begin(self, graph: Graph) -> None:
        from tallyio.hot_path.detector.detector import Detector

        # Nothing gains more than the threshold: what a write would tell is stale with the next one, so all is listed
        # once every write is in.
        self._detector = Detector(graph.pools, graph.cycles, threshold=np.inf, capacity=16)
        self._is_live, self._touched = graph.cycles.live is not None, 0
        self._view: MarketView | None = None
        self._addresses: list[Address] = []
        self._pairs: defaultdict[Address, list[int]] = defaultdict(list)
        self._apart: set[int] = set()
        self._seen: list[PoolState | None] = []
        self._written: dict[int, PairState] = {}
        self._dry: set[int] = set()
        self._offered = ()
        self._standing.clear()
        self._through.clear()

    def _differences(self, view: MarketView) -> dict[int, PoolState | None]:
        """The pools whose state is another object than the one seen last; ``None`` for what may not be traded."""
        seen, self._view = self._view, view
        index = self._pairs
        near = may_differ(view.states, seen.states) if seen and view.untradable is seen.untradable else None
        if near is not None:
            told = {a: view.states.get(a) for a in near if a in index and a not in view.untradable}
            states = {i: state for a, state in told.items() for i in index[a]}
        else:
            now = list(map(view.states.get, self._addresses))
            for address in view.untradable:
                for i in index.get(address, ()):
                    now[i] = None
            states = {i: now[i] for i in compress(range(len(now)), map(is_not, now, self._seen))}
        changed = {i: state for i, state in states.items() if state is not self._seen[i]}
        for i, state in changed.items():
            self._seen[i] = state
        return changed

    def _write(self, changed: dict[int, PoolState | None]) -> None:
        """A pool that may not be traded, or in a state that no contract can be in, becomes one without liquidity."""
        updates: list[tuple[int, PairState]] = []
        for pool, state in changed.items():
            if pool in self._apart:
                continue
            self._dry.discard(pool)
            if isinstance(state, V2State | V3State) and _is_possible(state):
                updates.append((pool, state))
                self._written[pool] = state
                if _is_dry(state):
                    self._dry.add(pool)
            elif pool in self._written:
                updates.append((pool, _emptied(self._written.pop(pool))))
        self._detector.write(updates)

    def _listed(self, view: MarketView, pools: list[int]) -> list[Standing]:
        from tallyio.hot_path.detector.listing import listed
        from tallyio.strategies.mixed import standing_over

        cycles = view.graph.cycles
        found = []
        for each in listed(self._detector.arrays, pools):
            path = path_of(cycles.table[each.cycle], each.backwards)
            found.append(Standing(path, each.amount_in, each.peaks))
        if apart := self._dry | self._apart:
            found += standing_over(view, cycles.table[cycles.through(pools)], apart)
        return found


def _is_possible(state: PairState) -> bool:
    if isinstance(state, V2State):
        return max(state.reserve0, state.reserve1) <= UINT112_MAX
    return 0 < state.sqrt_price_x96 < _PRICE_END


def _is_dry(state: PairState) -> bool:
    return isinstance(state, V3State) and not state.liquidity and bool(state.tick_index)


def _emptied(state: PairState) -> PairState:
    """Keeps the ticks, which are dear to bring in again."""
    return msgspec.structs.replace(state, liquidity=0) if isinstance(state, V3State) else V2State(0, 0)


def prepare() -> None:
    """Load the compiled detector, or build it where there is none yet: the first block has no minute to spare."""
    from tallyio.hot_path import warm
    from tallyio.hot_path.compiled import DISABLED, cache_folder

    if not DISABLED and not any(cache_folder().rglob("listing._list-*.nbc")):
        log.info("compiling kernels, once for this version: a minute or more")
    for part in ("cycle_index", "detector", "kernels", "pathfinder"):
        warm.warm(part)
