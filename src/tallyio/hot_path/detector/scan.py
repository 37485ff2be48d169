"""Which cycles through an updated pool gain: one pass over its row, then a check in double precision."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.detector.rows import BLOCK, CYCLE, ENTRY, PARTNER, PLACE, TURNED

Words = Any
Reals = Any
Index = Any
Real = Any

HUGE = np.float32(1e36)
"""Products beyond what float32 tells apart are kept as infinite: they are always looked at in double precision."""
_SMALL = 1e-36
_MARGIN = 1.0 - 1e-6
_LOW = np.int64(0)


@kernel
def limit_of(rate: Real, threshold: Real) -> Any:
    """The least product that may gain beside ``rate``, with a margin for what float32 rounds away."""
    if not rate > 0.0:
        return np.float32(np.inf)
    return np.float32(min(threshold / rate * _MARGIN, 1e36))


@kernel
def any_in_block(products: Reals, at: Index, limit0: Real, limit1: Real) -> bool:
    """Whether one of a block's sixteen cycles may gain in either direction."""
    found = np.int32(0)
    for k in range(BLOCK):
        found |= np.int32(products[at + k] > limit0) | np.int32(products[at + BLOCK + k] > limit1)
    return found != 0


@kernel
def gain(entries: Words, entry: Index, rates: Reals, backwards: Index) -> Any:
    """The product of the other edges' rates, in double precision."""
    at = entry * ENTRY + PARTNER
    return rates[entries[at] ^ backwards] * rates[entries[at + 1] ^ backwards] * rates[entries[at + 2] ^ backwards]


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
) -> Index:
    """How many directions of the row's cycles gain more than ``threshold``, marginally.

    The first ``room`` of them are in ``found``, as ``2 * entry + direction``.
    """
    rate0, rate1 = rates[2 * pool], rates[2 * pool + 1]
    limit0, limit1 = limit_of(rate0, threshold), limit_of(rate1, threshold)
    number = np.int64(0)
    at, last = block * (2 * BLOCK), (block + (count + BLOCK - 1) // BLOCK) * (2 * BLOCK)
    while at < last:
        if any_in_block(products, at, limit0, limit1):
            number = _collect(
                at, products, entries, rates, rate0, rate1, limit0, limit1, threshold, found, number, room
            )
        at += 2 * BLOCK
    return number


@kernel
def _collect(
    at: Index,
    products: Reals,
    entries: Words,
    rates: Reals,
    rate0: Real,
    rate1: Real,
    limit0: Real,
    limit1: Real,
    threshold: Real,
    found: Words,
    number: Index,
    room: Index,
) -> Index:
    for k in range(BLOCK):
        entry = at // 2 + k
        if products[at + k] > limit0 and rate0 * gain(entries, entry, rates, 0) > threshold:
            if number < room:
                found[number] = 2 * entry
            number += 1
        if products[at + BLOCK + k] > limit1 and rate1 * gain(entries, entry, rates, 1) > threshold:
            if number < room:
                found[number] = 2 * entry + 1
            number += 1
    return number


@kernel
def narrowed(product: Real) -> Any:
    if product > 1e36 or (product < _SMALL and product > 0.0):
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
