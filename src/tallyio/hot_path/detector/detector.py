"""The detector as the rest of the program holds it: pools and cycles in, updates in, opportunities out."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import BugError, OperatorError, TallyError
from tallyio.core.pools import V2 as V2_NAME
from tallyio.core.pools import PairState, Pool, V3State
from tallyio.hot_path.cycle_index.cycles import Cycles
from tallyio.hot_path.cycle_index.index import CycleIndex
from tallyio.hot_path.cycle_index.rows import CycleRows, build_rows
from tallyio.hot_path.detector import evaluate, loop
from tallyio.hot_path.detector.refill import refill
from tallyio.hot_path.detector.rows import BLOCK
from tallyio.hot_path.detector.size import PIECE
from tallyio.hot_path.memory import spsc
from tallyio.hot_path.memory.rings import SpscRing
from tallyio.hot_path.memory.seqlock import write_begin, write_end
from tallyio.hot_path.state import layout
from tallyio.hot_path.state.aligned import aligned as aligned
from tallyio.hot_path.state.events import event_words
from tallyio.hot_path.state.positions import Positions
from tallyio.hot_path.state.stop_memory import StopMemory, clear
from tallyio.hot_path.state.stop_table import MOST, StopTable

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
    """One writer's detector over ``pools`` and the cycles of an index of the same pools, which it follows as that grows
    (``catch_up``), those of a picture of one (``adopt``), or a table (cycles, up to 4) as ``build_rows`` takes it.

    ``worth`` is the value of one unit of each cycle's start token, for the order of an update's opportunities; for an
    index see ``set_worth``. ``records`` is the shared memory for the states (``layout.RECORD`` words a pool, for as
    many as there will be), ``stops`` that for the ticks of concentrated liquidity (likewise), ``ring`` where
    opportunities are told; without them they are this process's own. ``most_stops`` is how many stops all pools may
    have together, where ``stops`` does not say it.
    """

    def __init__(
        self,
        pools: Sequence[Pool],
        cycles: NDArray[np.int32] | CycleIndex | Cycles,
        *,
        worth: NDArray[np.float64] | None = None,
        threshold: float = 1.0,
        records: NDArray[np.uint64] | None = None,
        ring: SpscRing | None = None,
        capacity: int = 1024,
        stops: StopMemory | None = None,
        most_stops: int = MOST,
    ) -> None:
        rows = cycles.rows if isinstance(cycles, CycleIndex) else cycles
        if isinstance(rows, Cycles):
            rows = rows.table if rows.live is None else rows.live
        self.pools = list(pools)
        self.arrays = Arrays(_headers(pools), rows, worth, threshold, records, ring, capacity, stops, most_stops)
        self._positions: dict[int, Positions] = {}

    def write(self, updates: Sequence[tuple[int, PairState]], stamp: int = 0) -> None:
        """Each ``(pool, state)`` in turn: its opportunities wait in ``drain`` then.

        A v3 state whose ticks differ from those known brings the pool's stops up to date at its own turn: what comes
        before it is answered from the former ones.
        """
        events: list[tuple[int, ...]] = []
        for pool, state in updates:
            if isinstance(state, V3State) and self._are_new(pool, state):
                self._run(events)
                events = []
                self._change(pool, state, stamp)
            else:
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

    def adopt(self, pools: Sequence[Pool], cycles: Cycles) -> bool:
        """Goes on with a picture of the index that it follows; costs the rows that changed since. False where it
        follows another, or the index is no more as the picture was taken: then another detector is needed."""
        rows = cycles.live
        if rows is None or rows is not self.arrays.rows:
            return False
        self.catch_up(pools[len(self.pools) :])
        return True

    def catch_up(self, new: Sequence[Pool] = ()) -> None:
        """Follows the index to where it is now; ``new`` are the pools that it was given since, in its order."""
        self.arrays.add_pools(_headers(new))
        self.pools += new
        self.arrays.catch_up()

    def set_worth(self, by_edge: NDArray[np.float64]) -> None:
        """From now on a cycle's start token is worth what ``by_edge`` says of the edge that sells it."""
        self.arrays.set_worth(by_edge)

    def _are_new(self, pool: int, state: V3State) -> bool:
        known = self._positions[pool].known if pool in self._positions else ((), ())
        return 0 <= pool < len(self.pools) and known != (state.tick_index, state.liquidity_net)

    def _change(self, pool: int, state: V3State, stamp: int) -> None:
        """Ticks and state change together for other processes, too."""
        spec, positions = self.pools[pool], self._positions.pop(pool, None) or Positions()
        positions.follow(state.tick_index, state.liquidity_net)
        write_begin(self.arrays.versions, pool)
        try:
            self.arrays.set_ticks(pool, positions.ticks, positions.nets, spec.tick_spacing, spec.fee_pips)
            self._run([event_words(pool, state, stamp)])
        finally:
            write_end(self.arrays.versions, pool)
        self._positions[pool] = positions


def _headers(pools: Sequence[Pool]) -> NDArray[np.uint64]:
    families = {V2_NAME: layout.V2}
    return np.array(
        [layout.header(families.get(pool.family, layout.V3), pool.fee_pips, pool.tick_spacing) for pool in pools],
        np.uint64,
    )


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
    """The flat arrays that the loop works on. ``headers`` (pools,) as ``layout.header`` makes them; ``cycles`` is a
    table as ``build_rows`` takes it, or rows that grow."""

    def __init__(
        self,
        headers: NDArray[np.uint64],
        cycles: NDArray[np.int32] | CycleRows,
        worth: NDArray[np.float64] | None = None,
        threshold: float = 1.0,
        records: NDArray[np.uint64] | None = None,
        ring: SpscRing | None = None,
        capacity: int = 1024,
        stops: StopMemory | None = None,
        most_stops: int = MOST,
    ) -> None:
        self.count = 0
        self.threshold = threshold
        self.rows = cycles if isinstance(cycles, CycleRows) else build_rows(cycles, len(headers))
        if worth is not None and len(worth) != len(self.rows):
            raise OperatorError(f"{len(worth)} worths for {len(self.rows)} cycles", todo="give one a cycle")
        self.worth = np.zeros(0) if worth is None else np.array(worth, np.float64)
        self._worth_by_edge: NDArray[np.float64] | None = None
        self._weighed, self._renumbered, self._touched = len(self.worth), self.rows.renumbered, 0
        self._own_records = records is None
        self.records = aligned(0) if records is None else records
        self.floats, self.rates = aligned(0, np.float64), aligned(self.rows.none + 2, np.float64)
        self.rates[-2:] = 1.0
        self._shared_stops = stops
        if stops is not None:
            clear(stops)
        self.bounds, self.first = aligned(0, np.int64), aligned(0)
        self.versions = aligned(0)
        self.products = aligned(0, np.float32)
        self.add_pools(headers)
        self.catch_up()
        self._table = StopTable(most_stops, stops)
        self._share_stops()
        self.ring = SpscRing.make(aligned(spsc.words_needed(capacity)), capacity) if ring is None else ring
        self.counts = aligned(loop.COUNTS)
        self._work = (
            np.zeros(loop.ROOM, np.int64),
            np.zeros(evaluate.KEPT_MOST),
            np.zeros(evaluate.KEPT_MOST),
            np.zeros(4, np.int64),
            np.zeros(4 * PIECE),
            np.zeros(evaluate.KEPT_MOST * evaluate.OPPORTUNITY, np.uint64),
        )

    def set_ticks(
        self, pool: int, ticks: NDArray[np.int64], nets: NDArray[np.uint64], spacing: int, fee_pips: int
    ) -> None:
        """The pool's ticks from now on, as ``StopTable.put`` takes them; the other pools' stay where they are.

        Where they cannot be kept that is raised, and the pool has none: its quotes are refused.
        """
        begin = middle = end = 0
        try:
            begin, middle, end = self._table.put(pool, ticks, nets, spacing, fee_pips)
        except TallyError:
            self._table.drop(pool)
            raise
        finally:
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
        """Puts ``events`` (count, 8) through the loop, over the rows as they are now."""
        enter: Callable[..., None] = loop.run
        enter(events.ravel(), len(events), *self.operands(), answered, finished)

    def operands(self) -> tuple[Any, ...]:
        """What the loop works on, in its order, over the rows as they are now."""
        if self._touched != self.rows.touched_count or self.count != self.rows.pools:
            self.catch_up()
        found, values, inputs, legs, scratch, answers = self._work
        return (
            self.records, self.floats, self.rates, self.bounds, self.first, self.stops, self.stop_floats,
            self.stop_ticks, self.products, self.entries, self.edges, self.worth, found, values, inputs, legs, scratch,
            answers, self.counts, self.ring.words, self.threshold, self.count,
        )  # fmt: skip

    def add_pools(self, headers: NDArray[np.uint64]) -> None:
        """Room for the states of more pools. Raises ``BugError`` where shared memory has none."""
        begin, end = self.count, self.count + len(headers)
        if self._own_records:
            self.records = _room(self.records, end * layout.RECORD)
        if self.records.size < end * layout.RECORD:
            raise BugError(f"{self.records.size} words for {end} pools, expected {layout.RECORD} each")
        self.floats = _room(self.floats, end * layout.FLOATS)
        self.floats.reshape(-1, layout.FLOATS)[begin:end, layout.END0 : layout.END1 + 1] = np.inf
        if self._shared_stops is None:
            self.bounds, self.versions = _room(self.bounds, end * layout.BOUNDS), _room(self.versions, end)
        else:
            self.bounds, self.versions = self._shared_stops.bounds, self._shared_stops.versions
        if self.versions.size < end:
            raise BugError(f"the memory for stops has room for {self.versions.size} pools, expected {end}")
        self.first = _room(self.first, end * layout.FIRST)
        self.count = end
        self._record_table[begin:end, layout.HEADER] = headers
        self._record_table[begin:end, layout.ROW_BLOCK : layout.ROW_COUNT + 1] = 0

    @property
    def _record_table(self) -> NDArray[np.uint64]:
        return self.records[: self.count * layout.RECORD].reshape(-1, layout.RECORD)

    def catch_up(self) -> None:
        """Follows the rows to where they are now; costs the rows that changed."""
        if self.rows.pools != self.count:
            raise BugError(
                f"the cycles are of {self.rows.pools} pools, the detector knows {self.count}",
                todo="Give it the new ones: Detector.catch_up",
            )
        changed = self.rows.touched_since(self._touched) if self._touched else None
        only_added = changed is not None and self._renumbered == self.rows.renumbered
        pools = np.arange(self.count) if changed is None else changed
        self._touched = self.rows.touched_count
        self.entries, self.edges = self.rows.entries, self.rows.edges
        self.products = _room(self.products, self.rows.blocks * 2 * BLOCK)
        refill(pools, self.rows.ranges, self.products, self.entries, self.rates, self.records, only_added)
        self._weigh()

    def set_worth(self, by_edge: NDArray[np.float64]) -> None:
        if len(by_edge) < 2 * self.count:
            raise OperatorError(f"{len(by_edge)} worths for {self.count} pools", todo="give one for each edge")
        self._worth_by_edge, self._weighed = np.array(by_edge, np.float64), 0
        self._weigh()

    def _weigh(self) -> None:
        """What each cycle's start token is worth; of those known already only where cycles were renumbered."""
        if self._renumbered != self.rows.renumbered:
            self._renumbered, self._weighed = self.rows.renumbered, 0
        count = len(self.rows)
        self.worth = _room(self.worth, count)
        fresh = self.rows.table[self._weighed : count, 0]
        known = self._worth_by_edge
        self.worth[self._weighed : count] = 1.0 if known is None else known[fresh]
        self._weighed = count


def _room(array: NDArray[Any], needed: int) -> NDArray[Any]:
    """Aligned memory for ``needed`` items at least, with what ``array`` holds."""
    if needed <= array.size:
        return array
    larger = aligned(needed if not array.size else max(needed, 2 * array.size), array.dtype)
    larger[: array.size] = array
    return larger
