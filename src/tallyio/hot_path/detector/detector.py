"""The detector as the rest of the program holds it: pools and cycles in, updates in, opportunities out."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import BugError, OperatorError
from tallyio.core.pools import V2 as V2_NAME
from tallyio.core.pools import Pool, PoolState, V3State
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.detector import evaluate, loop
from tallyio.hot_path.detector.rows import Rows, build_rows
from tallyio.hot_path.detector.scan import fill
from tallyio.hot_path.detector.size import PIECE
from tallyio.hot_path.memory import spsc
from tallyio.hot_path.memory.rings import SpscRing
from tallyio.hot_path.pointer import pointer
from tallyio.hot_path.state import layout
from tallyio.hot_path.state.aligned import aligned as aligned
from tallyio.hot_path.state.events import event_words
from tallyio.hot_path.state.stop_table import StopTable
from tallyio.hot_path.state.stops import Stops, stops_above, stops_below

_NO_TIMES = np.zeros(0, np.uint64)


class Candidate(msgspec.Struct, frozen=True):
    """An exact opportunity: ``cycle`` of the table, run in its stored order or backwards, ``amount_in`` and
    ``profit`` in the smallest unit of the token it starts with, the ``update`` (counted from 0) that made it, that
    update's ``stamp``, its place among that update's, and how many more of that update were left out.
    """

    cycle: int
    backwards: bool
    hops: int
    amount_in: int
    profit: int
    update: int
    stamp: int
    rank: int
    left_out: int


class Detector:
    """One writer's detector over ``pools``; ``edges`` (cycles, up to 4) as ``rows.build_rows`` takes them.

    ``worth`` is the value of one unit of each cycle's start token, for the order of an update's opportunities.
    ``records`` is the shared memory for the states (``layout.RECORD`` words a pool), ``ring`` where they are told;
    without them both are this process's own.
    """

    def __init__(
        self,
        pools: Sequence[Pool],
        edges: NDArray[np.int32],
        *,
        worth: NDArray[np.float64] | None = None,
        threshold: float = 1.0,
        records: NDArray[np.uint64] | None = None,
        ring: SpscRing | None = None,
        capacity: int = 1024,
    ) -> None:
        headers = [
            layout.header(layout.V2 if pool.family == V2_NAME else layout.V3, pool.fee_pips, pool.tick_spacing)
            for pool in pools
        ]
        self.pools = pools
        self.arrays = Arrays(np.array(headers, np.uint64), edges, worth, threshold, records, ring, capacity)
        self._ticks: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def write(self, updates: Sequence[tuple[int, PoolState]], stamp: int = 0) -> None:
        """Each ``(pool, state)`` in turn: its opportunities wait in ``drain`` then.

        A v3 state whose ticks differ from those known brings the pool's stops up to date at its own turn: what comes
        before it is answered from the former ones.
        """
        events: list[tuple[int, ...]] = []
        for pool, state in updates:
            if isinstance(state, V3State) and self._are_new(pool, state):
                self._run(events)
                events = []
                self._follow_ticks(pool, state)
            events.append(event_words(pool, state, stamp))
        self._run(events)

    def _run(self, events: list[tuple[int, ...]]) -> None:
        if events:
            self.arrays.run(np.array(events, np.uint64))

    def drain(self) -> list[Candidate]:
        """The opportunities told since the last call; ``lost`` in ``counts`` says if the ring was full meanwhile."""
        found = []
        while (words := self.arrays.ring.pop()) is not None:
            found.append(candidate(words))
        return found

    @property
    def counts(self) -> dict[str, int]:
        names = ("seen", "unknown_pool", "unknown_family", "impossible", "found", "told", "left_out", "refused", "lost")
        return dict(zip(names, map(int, self.arrays.counts), strict=False))

    def _are_new(self, pool: int, state: V3State) -> bool:
        return 0 <= pool < len(self.pools) and self._ticks.get(pool) != (state.tick_index, state.liquidity_net)

    def _follow_ticks(self, pool: int, state: V3State) -> None:
        known = (state.tick_index, state.liquidity_net)
        spec = self.pools[pool]
        self.arrays.set_stops(
            pool,
            stops_below(*known, spec.tick_spacing, spec.fee_pips),
            stops_above(*known, spec.tick_spacing, spec.fee_pips),
        )
        self._ticks[pool] = known


def candidate(words: Sequence[int]) -> Candidate:
    """An opportunity from the words of its message."""
    head = words[0]
    return Candidate(
        cycle=head & 0xFFFFFFFF,
        backwards=bool(head >> evaluate.BACKWARDS_SHIFT & 1),
        hops=head >> evaluate.HOPS_SHIFT & 0x7F,
        amount_in=words[evaluate.INPUT] | words[evaluate.INPUT + 1] << 64,
        profit=words[evaluate.PROFIT] | words[evaluate.PROFIT + 1] << 64,
        update=words[evaluate.UPDATE],
        stamp=words[evaluate.STAMP],
        rank=head >> evaluate.RANK_SHIFT & 0xFF,
        left_out=head >> evaluate.LEFT_OUT_SHIFT,
    )


class Arrays:
    """The flat arrays that the loop works on. ``headers`` (pools,) as ``layout.header`` makes them."""

    def __init__(
        self,
        headers: NDArray[np.uint64],
        edges: NDArray[np.int32],
        worth: NDArray[np.float64] | None = None,
        threshold: float = 1.0,
        records: NDArray[np.uint64] | None = None,
        ring: SpscRing | None = None,
        capacity: int = 1024,
    ) -> None:
        self.count = len(headers)
        self.threshold = threshold
        self.records = aligned(self.count * layout.RECORD) if records is None else records
        if self.records.size != self.count * layout.RECORD:
            raise BugError(f"{self.records.size} words for {self.count} pools, expected {layout.RECORD} each")
        if worth is not None and len(worth) != len(edges):
            raise OperatorError(f"{len(worth)} worths for {len(edges)} cycles", todo="give one a cycle")
        self.worth = np.ones(len(edges)) if worth is None else np.ascontiguousarray(worth, np.float64)
        self.rows: Rows = build_rows(edges, self.count)
        self.products = aligned(self.rows.products.size, np.float32)
        self.entries = aligned(self.rows.entries.size, np.int32)
        self.entries[:] = self.rows.entries.ravel()
        self.edges = self.rows.edges.ravel()
        table = self.records.reshape(-1, layout.RECORD)
        table[:, layout.HEADER] = headers
        table[:, layout.ROW_BLOCK] = self.rows.first
        table[:, layout.ROW_COUNT] = self.rows.counts
        self.floats = aligned(self.count * layout.FLOATS, np.float64)
        self.floats.reshape(-1, layout.FLOATS)[:, layout.END0 : layout.END1 + 1] = np.inf
        self.rates = aligned(2 * self.count + 2, np.float64)
        self.rates[-2:] = 1.0
        self.bounds = aligned(self.count * layout.BOUNDS, np.int64)
        self.first = aligned(self.count * layout.FIRST)
        self._table = StopTable()
        self._share_stops()
        self.ring = ring or SpscRing.make(aligned(spsc.words_needed(capacity)), capacity)
        self.counts = aligned(loop.COUNTS)
        self._work = (
            np.zeros(loop.ROOM, np.int64),
            np.zeros(evaluate.KEPT_MOST),
            np.zeros(evaluate.KEPT_MOST),
            np.zeros(4, np.int64),
            np.zeros(4 * PIECE),
            np.zeros(evaluate.KEPT_MOST * evaluate.OPPORTUNITY, np.uint64),
        )

    def set_stops(self, pool: int, below: Stops, above: Stops) -> None:
        """The pool's stops from now on; the others stay where they are. For changed positions, not swaps."""
        begin, middle, end = self._table.put(pool, below, above)
        self._share_stops()
        at = pool * layout.BOUNDS
        self.bounds[at : at + layout.BOUNDS] = begin, middle, middle, end
        self.records[pool * layout.RECORD + layout.FLAGS] = 0

    def use_stops(self, words: NDArray[np.uint64], floats: NDArray[np.float64], ticks: NDArray[np.int64]) -> None:
        """All pools' stops at once; the caller has set ``bounds``."""
        self._table.adopt(words, floats, ticks)
        self._share_stops()

    def _share_stops(self) -> None:
        self.stops, self.stop_floats, self.stop_ticks = self._table.words, self._table.floats, self._table.ticks

    def run(
        self,
        events: NDArray[np.uint64],
        answered: NDArray[np.uint64] = _NO_TIMES,
        finished: NDArray[np.uint64] = _NO_TIMES,
    ) -> None:
        """Puts ``events`` (count, 8) through the loop."""
        found, values, inputs, legs, scratch, answers = self._work
        loop.run(
            events.ravel(), len(events), self.records, self.floats, self.rates, self.bounds, self.first, self.stops,
            self.stop_floats, self.stop_ticks, self.products, self.entries, self.edges, self.worth, found, values,
            inputs, legs, scratch, answers, self.counts, self.ring.words, self.threshold, self.count, answered,
            finished,
        )  # fmt: skip

    def refill(self) -> None:
        """Every row's products anew from the rates."""
        _refill(self.rows.first, self.rows.counts, self.products, self.entries, self.rates)


@kernel
def _refill(first: Any, count: Any, products: Any, entries: Any, rates: Any) -> None:
    for pool in range(len(first)):
        fill(first[pool], count[pool], pointer(products), pointer(entries), pointer(rates))
