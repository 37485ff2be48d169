"""From candidates to exact opportunities, best first."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.detector.hop import exact_out
from tallyio.hot_path.detector.rows import CYCLE, ENTRY, TURNED
from tallyio.hot_path.detector.scan import legs_of
from tallyio.hot_path.detector.size import size
from tallyio.hot_path.memory.ring_layout import NO_SLOT
from tallyio.hot_path.memory.spsc import claim, publish
from tallyio.hot_path.pointer import prefetch
from tallyio.hot_path.state.layout import BELOW, RECORD, STOP
from tallyio.hot_path.uint256 import fits, from_float, store128, u256

Words = Any
Reals = Any
Index = Any
Real = Any
Word = Any

KEPT_MOST = 16
"""Opportunities of one update that are told, at most; the others are counted."""
OPPORTUNITY = 8
"""Words: cycle, direction and hops; input; profit; update's number; update's stamp."""
INPUT, PROFIT, UPDATE, STAMP = 1, 3, 5, 6
BACKWARDS_SHIFT, HOPS_SHIFT, RANK_SHIFT, LEFT_OUT_SHIFT = 32, 33, 40, 48

_BITS = np.uint64(127)
_ONE = np.uint64(1)


@kernel
def weigh(
    number: Index,
    found: Words,
    values: Reals,
    inputs: Reals,
    legs: Words,
    edges: Words,
    entries: Words,
    worth: Reals,
    records: Words,
    floats: Reals,
    bounds: Words,
    stop_floats: Reals,
    scratch: Reals,
    stops: Words,
) -> Index:
    """Sizes each of ``found`` and keeps the ``KEPT_MOST`` of most value in front, best first; returns how many."""
    held = np.int64(0)
    for i in range(number):
        what = found[i]
        hops = legs_of(edges, entries, what, legs)
        for k in range(hops):
            prefetch(stops, np.int64(records[(legs[k] >> 1) * RECORD + BELOW + (legs[k] & 1)]) * STOP)
        amount, profit = size(hops, legs, records, floats, bounds, stop_floats, scratch)
        if not profit > 0.0:
            continue
        value = profit * worth[entries[(what >> 1) * ENTRY + CYCLE]]
        if held == KEPT_MOST:
            if not value > values[held - 1]:
                continue
            held -= 1
        at = held
        while at > 0 and values[at - 1] < value:
            values[at], inputs[at], found[at] = values[at - 1], inputs[at - 1], found[at - 1]
            at -= 1
        values[at], inputs[at], found[at] = value, amount, what
        held += 1
    return held


@kernel
def verify(
    what: Index,
    amount: Real,
    legs: Words,
    edges: Words,
    entries: Words,
    records: Words,
    bounds: Words,
    stops: Words,
    first: Words,
    floats: Reals,
    answer: Words,
) -> bool:
    """Runs the input through the pools exactly; true where more comes out, ``answer`` holds the opportunity then."""
    hops = legs_of(edges, entries, what, legs)
    start = from_float(amount)
    flow, ok = start, start != u256(np.uint64(0))
    for i in range(hops):
        if ok:
            flow, ok = exact_out(legs[i], flow, records, bounds, stops, first, floats)
    if not ok or not flow > start or not fits(start | flow, _BITS):
        return False
    entry = what >> 1
    backwards = np.uint64(entries[entry * ENTRY + TURNED] ^ (what & 1))
    answer[0] = (
        np.uint64(entries[entry * ENTRY + CYCLE])
        | backwards << np.uint64(BACKWARDS_SHIFT)
        | np.uint64(hops) << np.uint64(HOPS_SHIFT)
    )
    store128(answer, INPUT, start)
    store128(answer, PROFIT, flow - start)
    return True


@kernel
def tell(ring: Words, answers: Words, number: Index, left_out: Index, update: Word, stamp: Word) -> Index:
    """Puts the answers on the out ring, most profitable first as weighed; returns how many found it full."""
    refused = np.int64(0)
    for i in range(number):
        slot = claim(ring)
        if slot == NO_SLOT:
            refused += 1
            continue
        at = np.int64(i) * OPPORTUNITY
        left = np.uint64(min(left_out, np.int64(0xFFFF)))
        ring[slot] = answers[at] | np.uint64(i) << np.uint64(RANK_SHIFT) | left << np.uint64(LEFT_OUT_SHIFT)
        for k in range(1, 5):
            ring[slot + np.uint64(k)] = answers[at + k]
        ring[slot + np.uint64(UPDATE)] = update
        ring[slot + np.uint64(STAMP)] = stamp
        publish(ring, slot)
    return refused
