"""Which cycles through an updated pool gain: one pass over its row, then a check in double precision."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.detector.lanes import lanes_above, lowest
from tallyio.hot_path.detector.rows import BLOCK, CYCLE, ENTRY, PARTNER, PLACE, TURNED
from tallyio.hot_path.pointer import prefetch
from tallyio.hot_path.state.layout import BOUNDS, FIRST, FLOATS, RECORD

Words = Any
Reals = Any
Index = Any
Real = Any

_LARGE, _SMALL = 1e36, 1e-36
"""Products beyond what float32 tells apart are kept as infinite: they are always looked at in double precision."""
_MARGIN = 1.0 - 1e-6
_NONE = np.uint64(0)
_ONE = np.uint64(1)


@kernel
def limit_of(rate: Real, threshold: Real) -> Any:
    """The least product that may gain beside ``rate``, with a margin for what float32 rounds away."""
    if not rate > 0.0:
        return np.float32(np.inf)
    return np.float32(min(threshold / rate * _MARGIN, _LARGE))


@kernel
def gain(entries: Words, entry: Index, rates: Reals, backwards: Index) -> Any:
    """The product of the other edges' rates, in double precision."""
    at = entry * ENTRY + PARTNER
    return rates[entries[at] ^ backwards] * rates[entries[at + 1] ^ backwards] * rates[entries[at + 2] ^ backwards]


@inlined
def bring(
    entries: Words,
    entry: Index,
    records: Words,
    floats: Reals,
    bounds: Words,
    first: Words,
    edges: Words,
    worth: Reals,
) -> None:
    """Asks for the memory that sizing and verifying the entry's cycle will read, all at once."""
    at = entry * ENTRY
    cycle = np.int64(entries[at + CYCLE])
    prefetch(edges, cycle * 4)
    prefetch(worth, cycle)
    for i in range(3):
        pool = np.int64(entries[at + PARTNER + i]) >> 1
        prefetch(floats, pool * FLOATS)
        prefetch(records, pool * RECORD)
        prefetch(records, pool * RECORD + 8)
        prefetch(bounds, pool * BOUNDS)
        prefetch(first, pool * FIRST)


@kernel
def scan(
    block: Index,
    count: Index,
    products: Reals,
    entries: Words,
    rates: Reals,
    pool: Index,
    threshold: Real,
    found: Words,
    room: Index,
    records: Words,
    floats: Reals,
    bounds: Words,
    first: Words,
    edges: Words,
    worth: Reals,
) -> Index:
    """How many directions of the row's cycles gain more than ``threshold``, marginally.

    The first ``room`` of them are in ``found``, as ``2 * entry + direction``.
    """
    rate0, rate1 = rates[2 * pool], rates[2 * pool + 1]
    limit0, limit1 = limit_of(rate0, threshold), limit_of(rate1, threshold)
    number = np.int64(0)
    at, last = block * (2 * BLOCK), (block + (count + BLOCK - 1) // BLOCK) * (2 * BLOCK)
    while at < last:
        forward, backward = lanes_above(products, at, limit0), lanes_above(products, at + BLOCK, limit1)
        either = np.uint64(forward | backward)
        while either != _NONE:
            k = lowest(either)
            entry, lane = at // 2 + k, np.uint64(k)
            either &= either - _ONE
            bring(entries, entry, records, floats, bounds, first, edges, worth)
            if (forward >> lane) & _ONE != _NONE and rate0 * gain(entries, entry, rates, 0) > threshold:
                if number < room:
                    found[number] = 2 * entry
                number += 1
            if (backward >> lane) & _ONE != _NONE and rate1 * gain(entries, entry, rates, 1) > threshold:
                if number < room:
                    found[number] = 2 * entry + 1
                number += 1
        at += 2 * BLOCK
    return number


@kernel
def narrowed(product: Real) -> Any:
    if product > _LARGE or (product < _SMALL and product > 0.0):
        return np.float32(np.inf)
    return np.float32(product)


@kernel
def keep(products: Reals, entry: Index, turned: Index, forward: Real, backward: Real) -> None:
    """Both products of ``entry``; ``turned`` where forward for the giver is backward for it."""
    at = (entry // BLOCK) * (2 * BLOCK) + entry % BLOCK
    products[at + BLOCK * turned] = narrowed(forward)
    products[at + BLOCK * (1 - turned)] = narrowed(backward)


@kernel
def propagate(block: Index, count: Index, products: Reals, entries: Words, rates: Reals, pool: Index) -> None:
    """The pool's new rates enter its partners' rows; after the answer, before the next event."""
    rate0, rate1 = rates[2 * pool], rates[2 * pool + 1]
    for entry in range(block * BLOCK, block * BLOCK + count):
        at = entry * ENTRY
        a, b, c = entries[at], entries[at + 1], entries[at + 2]
        fa, fb, fc = rates[a], rates[b], rates[c]
        ba, bb, bc = rates[a ^ 1], rates[b ^ 1], rates[c ^ 1]
        keep(products, np.int64(entries[at + PLACE]), np.int64(a & 1), rate0 * (fb * fc), rate1 * (bb * bc))
        place = np.int64(entries[at + PLACE + 1])
        if place >= 0:
            keep(products, place, np.int64(b & 1), rate0 * (fa * fc), rate1 * (ba * bc))
            place = np.int64(entries[at + PLACE + 2])
            if place >= 0:
                keep(products, place, np.int64(c & 1), rate0 * (fa * fb), rate1 * (ba * bb))


@kernel
def fill(block: Index, count: Index, products: Reals, entries: Words, rates: Reals) -> None:
    """A row's products from the partners' rates: for rows that are new."""
    for entry in range(block * BLOCK, block * BLOCK + count):
        keep(products, np.int64(entry), np.int64(0), gain(entries, entry, rates, 0), gain(entries, entry, rates, 1))


@kernel
def legs_of(edges: Words, entries: Words, found: Index, legs: Words) -> Index:
    """The edges to trade, in order, from the cycle's stored start; returns how many."""
    entry = found >> 1
    backwards = np.int64(entries[entry * ENTRY + TURNED]) ^ (found & 1)
    at = np.int64(entries[entry * ENTRY + CYCLE]) * 4
    hops = np.int64(4)
    while edges[at + hops - 1] < 0:
        hops -= 1
    for i in range(hops):
        legs[i] = np.int64(edges[at + hops - 1 - i]) ^ 1 if backwards else np.int64(edges[at + i])
    return hops
