"""Every candidate through some pools as the states are now: what the loop tells of an update, without its caps.

The loop answers an update and keeps the best; who looks at whole markets asks here once all updates are in.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.detector.detector import Arrays
from tallyio.hot_path.detector.evaluate import BACKWARDS_SHIFT, HOPS_SHIFT, INPUT, OPPORTUNITY, PROFIT, verify
from tallyio.hot_path.detector.rows import BLOCK, CYCLE, ENTRY, MAX_HOPS, PARTNER, TURNED
from tallyio.hot_path.detector.scan import gain, legs_of
from tallyio.hot_path.detector.size import PIECE, size
from tallyio.hot_path.pointer import pointer, pointer_at
from tallyio.hot_path.state.layout import RECORD, ROW_BLOCK, ROW_COUNT

Array = Any
Words = Any
Reals = Any
Index = Any
Real = Any

_ROOM = 256
_HALF = 2
"""A peak's floats: input and profit."""


class Listed(NamedTuple):
    """``profit`` is exact for ``amount_in``, in units of the token that the cycle's stored order starts with; 0 where
    that very input does not gain. ``peaks`` has the float optimum, input and profit, from each of the path's tokens.
    """

    cycle: int
    backwards: bool
    amount_in: int
    profit: int
    peaks: tuple[tuple[float, float], ...]


def listed(arrays: Arrays, pools: Sequence[int], threshold: float = 1.0) -> list[Listed]:
    """Each direction of a cycle through any of ``pools`` whose marginal rates multiply to more than ``threshold``,
    once."""
    several = np.unique(np.asarray(pools, np.int64))
    marks = np.zeros(arrays.count + 1, np.uint8)
    marks[several] = 1
    legs, scratch = np.zeros(MAX_HOPS, np.int64), np.zeros(MAX_HOPS * PIECE)
    room, number = 0, _ROOM
    while number > room:
        room = number
        answers = np.zeros((room, OPPORTUNITY), np.uint64)
        peaks = np.zeros((room, MAX_HOPS * _HALF))
        number = _list(
            several, marks, arrays.rates, arrays.entries, arrays.edges, arrays.records, arrays.floats, arrays.bounds,
            arrays.stops, arrays.first, arrays.stop_floats, threshold, legs, scratch, answers, peaks, room,
        )  # fmt: skip
    return [_unpacked(*row) for row in zip(answers[:number].tolist(), peaks[:number].tolist(), strict=True)]


def _unpacked(words: list[int], peaks: list[float]) -> Listed:
    head = words[0]
    return Listed(
        head & 0xFFFFFFFF,
        bool(head >> BACKWARDS_SHIFT & 1),
        words[INPUT] | words[INPUT + 1] << 64 or int(peaks[0]),
        words[PROFIT] | words[PROFIT + 1] << 64,
        tuple((peaks[2 * i], peaks[2 * i + 1]) for i in range(head >> HOPS_SHIFT & 0x7F)),
    )


@kernel
def _list(
    pools: Array,
    marks: Array,
    rates: Array,
    entries: Array,
    edges: Array,
    records: Array,
    floats: Array,
    bounds: Array,
    stops: Array,
    first: Array,
    stop_floats: Array,
    threshold: Real,
    legs: Array,
    scratch: Array,
    answers: Array,
    peaks: Array,
    room: Index,
) -> Index:
    """How many there are; the first ``room`` of them are in ``answers`` and ``peaks``."""
    answer, peak = pointer(answers), pointer(peaks)
    rate, entry_words, record = pointer(rates), pointer(entries), pointer(records)
    number = np.int64(0)
    for pool in pools:
        begin = np.int64(record[pool * RECORD + ROW_BLOCK]) * BLOCK
        for entry in range(begin, begin + np.int64(record[pool * RECORD + ROW_COUNT])):
            if _has_earlier(entry_words, entry, marks, pool):
                continue
            for way in range(2):
                if not rate[2 * pool + way] * gain(entry_words, entry, rate, way) > threshold:
                    continue
                if number < room:
                    number += _settle(
                        2 * entry + way,
                        pointer(legs),
                        pointer(edges),
                        entry_words,
                        record,
                        pointer(floats),
                        pointer(bounds),
                        pointer(stops),
                        pointer(first),
                        pointer(stop_floats),
                        pointer(scratch),
                        pointer_at(answer, number * OPPORTUNITY),
                        pointer_at(peak, number * MAX_HOPS * _HALF),
                    )
                else:
                    number += 1
    return number


@kernel
def _has_earlier(entries: Words, entry: Index, marks: Array, pool: Index) -> bool:
    """Whether another marked pool of the cycle lists it already."""
    for i in range(3):
        other = np.int64(entries[entry * ENTRY + PARTNER + i]) >> 1
        if other < pool and marks[other]:
            return True
    return False


@kernel
def _settle(
    what: Index,
    legs: Words,
    edges: Words,
    entries: Words,
    records: Words,
    floats: Reals,
    bounds: Words,
    stops: Words,
    first: Words,
    stop_floats: Reals,
    scratch: Reals,
    answer: Words,
    peak: Reals,
) -> Index:
    """Sizes a candidate from each of its tokens and runs the first size exactly; 1, or 0 where nothing pays."""
    hops = legs_of(edges, entries, what, legs)
    for i in range(hops):
        amount, profit = size(hops, legs, records, floats, bounds, stop_floats, scratch)
        peak[_HALF * i], peak[_HALF * i + 1] = amount, profit
        turned = legs[0]
        for k in range(hops - 1):
            legs[k] = legs[k + 1]
        legs[hops - 1] = turned
    if not peak[1] > 0.0:
        return np.int64(0)
    entry = what >> 1
    backwards = np.uint64(entries[entry * ENTRY + TURNED] ^ (what & 1))
    answer[0] = (
        np.uint64(entries[entry * ENTRY + CYCLE])
        | backwards << np.uint64(BACKWARDS_SHIFT)
        | np.uint64(hops) << np.uint64(HOPS_SHIFT)
    )
    verify(what, peak[0], legs, edges, entries, records, bounds, stops, first, floats, answer)
    return np.int64(1)
