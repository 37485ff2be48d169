"""The loop that is entered once: events in, opportunities on the out ring, nothing allocated between."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.cpu.clock import ticks
from tallyio.hot_path.detector.evaluate import KEPT_MOST, OPPORTUNITY, tell, verify, weigh
from tallyio.hot_path.detector.locate import locate
from tallyio.hot_path.detector.rows import BLOCK
from tallyio.hot_path.detector.scan import propagate, scan
from tallyio.hot_path.pointer import pointer, pointer_at, prefetch
from tallyio.hot_path.state.absorb import ABSORBED, absorb, pool_of
from tallyio.hot_path.state.layout import EVENT, EVENT_STAMP, FLOATS, RECORD, ROW_BLOCK, ROW_COUNT

Array = Any
Words = Any
Reals = Any
Index = Any
Real = Any

ROOM = 4096
"""Candidates of one update that are sized, at most."""
SEEN, UNKNOWN_POOLS, UNKNOWN_FAMILIES, IMPOSSIBLES, FOUND, TOLD, LEFT_OUT, REFUSED, FULL = range(9)
COUNTS = 16
"""Words of the counts: events seen, refused by each code, candidates, opportunities told, left out, not exact or not
gaining, lost to a full ring."""
_LINES = 6
_ONE = np.uint64(1)


@kernel
def run(
    events: Array,
    count: Index,
    records: Array,
    floats: Array,
    rates: Array,
    bounds: Array,
    first: Array,
    stops: Array,
    stop_floats: Array,
    stop_ticks: Array,
    products: Array,
    entries: Array,
    edges: Array,
    worth: Array,
    found: Array,
    values: Array,
    inputs: Array,
    legs: Array,
    scratch: Array,
    answers: Array,
    counts: Array,
    ring: Array,
    threshold: Real,
    pools: Index,
    answered: Array,
    finished: Array,
) -> None:
    """Runs ``count`` events of eight words. ``answered`` and ``finished`` get each event's ticks until its answer and
    until its rates are with its partners; where empty, no clock is read.
    """
    timed = len(answered) >= count
    _run(
        pointer(events),
        count,
        pointer(records),
        pointer(floats),
        pointer(rates),
        pointer(bounds),
        pointer(first),
        pointer(stops),
        pointer(stop_floats),
        pointer(stop_ticks),
        pointer(products),
        pointer(entries),
        pointer(edges),
        pointer(worth),
        pointer(found),
        pointer(values),
        pointer(inputs),
        pointer(legs),
        pointer(scratch),
        pointer(answers),
        pointer(counts),
        pointer(ring),
        threshold,
        pools,
        pointer(answered),
        pointer(finished),
        timed,
    )


@kernel
def _run(
    events: Words,
    count: Index,
    records: Words,
    floats: Reals,
    rates: Reals,
    bounds: Words,
    first: Words,
    stops: Words,
    stop_floats: Reals,
    stop_ticks: Words,
    products: Reals,
    entries: Words,
    edges: Words,
    worth: Reals,
    found: Words,
    values: Reals,
    inputs: Reals,
    legs: Words,
    scratch: Reals,
    answers: Words,
    counts: Words,
    ring: Words,
    threshold: Real,
    pools: Index,
    answered: Words,
    finished: Words,
    timed: bool,
) -> None:
    for i in range(count):
        at = i * EVENT
        if i + 2 < count:
            soon = pool_of(events, at + 2 * EVENT)
            if soon < pools:
                prefetch(records, soon * RECORD)
                prefetch(records, soon * RECORD + 8)
                prefetch(floats, soon * FLOATS)
                prefetch(rates, 2 * soon)
        if i + 1 < count:
            soon = pool_of(events, at + EVENT)
            if soon < pools:
                line = np.int64(records[soon * RECORD + ROW_BLOCK]) * (2 * BLOCK)
                for k in range(_LINES):
                    prefetch(products, line + k * BLOCK)
        start = ticks() if timed else np.uint64(0)
        code = absorb(records, floats, rates, pools, events, at)
        update = counts[SEEN]
        counts[SEEN] = update + _ONE
        if code != ABSORBED:
            counts[SEEN + code] += _ONE
            continue
        pool = pool_of(events, at)
        block, size = np.int64(records[pool * RECORD + ROW_BLOCK]), np.int64(records[pool * RECORD + ROW_COUNT])
        number = scan(
            block,
            size,
            products,
            entries,
            rates,
            pool,
            threshold,
            found,
            ROOM,
            records,
            floats,
            bounds,
            first,
            edges,
            worth,
        )
        if number:
            locate(pool, records, floats, bounds, stops, stop_floats, stop_ticks)
            held = weigh(
                min(number, ROOM),
                found,
                values,
                inputs,
                legs,
                edges,
                entries,
                worth,
                records,
                floats,
                bounds,
                stop_floats,
                scratch,
                stops,
            )
            told = np.int64(0)
            for j in range(held):
                answer = pointer_at(answers, told * OPPORTUNITY)
                if verify(found[j], inputs[j], legs, edges, entries, records, bounds, stops, first, floats, answer):
                    told += 1
            left_out = max(number - KEPT_MOST, 0)
            full = tell(ring, answers, told, left_out, update, events[at + EVENT_STAMP])
            counts[FOUND] += np.uint64(number)
            counts[TOLD] += np.uint64(told - full)
            counts[LEFT_OUT] += np.uint64(left_out)
            counts[REFUSED] += np.uint64(min(number, KEPT_MOST) - told)
            counts[FULL] += np.uint64(full)
        if timed:
            answered[i] = ticks() - start
        propagate(block, size, products, entries, rates, pool)
        locate(pool, records, floats, bounds, stops, stop_floats, stop_ticks)
        if timed:
            finished[i] = ticks() - start
