"""What a block does to the shared market, and a copy of all of it as of one block."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.memory.atomics import fence_acquire, load_acquire, load_relaxed, pause, store_relaxed
from tallyio.hot_path.memory.seqlock import CONSISTENT, TORN, write_begin, write_end
from tallyio.hot_path.pointer import pointer
from tallyio.hot_path.shared.plan import GUARDED, POOLS, SEQUENCE
from tallyio.hot_path.state import layout
from tallyio.hot_path.state.absorb import ABSORBED, absorb, pool_of

Array = Any
Words = Any
Reals = Any
Word = Any

_ONE = np.uint64(1)
_ZERO = np.uint64(0)


@kernel
def publish(
    events: Array, erased: Array, about: Array, head: Array, records: Array, floats: Array, rates: Array
) -> Any:
    """``events`` (flat, ``layout.EVENT`` words each) and the pools in ``erased``, which have no state any more, become
    the market as of the block in ``about`` (``GUARDED`` words). Returns how many events were refused; those pools are
    erased too: a reader sees a state of now or none.
    """
    p, r, f, m, e = pointer(head), pointer(records), pointer(floats), pointer(rates), pointer(events)
    capacity = len(rates) // 2
    refused = 0
    write_begin(p, SEQUENCE)
    for i in range(len(events) // layout.EVENT):
        if absorb(r, f, m, capacity, e, i * layout.EVENT) != ABSORBED:
            refused += 1
            if pool_of(e, i * layout.EVENT) < capacity:
                erase(r, m, pool_of(e, i * layout.EVENT))
    for i in range(len(erased)):
        erase(r, m, erased[i])
    for i in range(GUARDED):
        store_relaxed(p, SEQUENCE + 1 + i, about[i])
    write_end(p, SEQUENCE)
    return refused


@kernel
def erase(records: Words, rates: Reals, pool: Word) -> None:
    """The pool is as one that was never written, but for what never changes about it."""
    base = pool * layout.RECORD
    write_begin(records, base + layout.SEQUENCE)
    for i in range(layout.AMOUNTS, layout.STAMP + 1):
        store_relaxed(records, base + i, _ZERO)
    write_end(records, base + layout.SEQUENCE)
    rates[2 * pool] = 0.0
    rates[2 * pool + 1] = 0.0


@kernel
def copy_market(
    head: Array, records: Array, rates: Array, to_head: Array, to_records: Array, to_rates: Array, tries: Word
) -> Any:
    """Copies head, records and rates as of one block: ``CONSISTENT``, or ``TORN`` when each try met a writer."""
    p, r, m = pointer(head), pointer(records), pointer(rates)
    for _ in range(tries):
        sequence = load_acquire(p, SEQUENCE)
        if sequence & _ONE == _ZERO:
            for i in range(1, GUARDED + 1):
                to_head[i] = load_relaxed(p, i)
            pools: Any = min(np.int64(to_head[POOLS]), np.int64(len(to_rates) // 2))
            for i in range(pools * layout.RECORD):
                to_records[i] = load_relaxed(r, i)
            for i in range(pools * 2):
                to_rates[i] = m[i]
            fence_acquire()
            if load_relaxed(p, SEQUENCE) == sequence:
                return CONSISTENT
        pause()
    return TORN
