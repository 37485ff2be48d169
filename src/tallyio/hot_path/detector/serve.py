"""The loop that is entered once and stays: events off a ring, opportunities onto another, until it is told to stop."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.detector.loop import _run
from tallyio.hot_path.memory.atomics import load_acquire, pause, store_release
from tallyio.hot_path.memory.ring_layout import NO_SLOT
from tallyio.hot_path.memory.spsc import poll, take
from tallyio.hot_path.pointer import pointer, pointer_at

Array = Any

STOP, SERVED, ROUNDS, WORKING = 0, 8, 9, 10
"""Words of the control: set to have it stop; events served, looks at the ring, and whether it is at work."""
CONTROL = 16
_ONE = np.uint64(1)


@kernel
def serve(
    control: Array,
    events: Array,
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
    threshold: Any,
    pools: Any,
) -> None:
    """``events`` is a ring of one line a message: its eight words are an event's, the last the ring's own.

    An event is taken off after its opportunities are told: one killed in between answers it again at the next start,
    with the same stamp, which the consumer passes by (``handover``).
    """
    c, source = pointer(control), pointer(events)
    store_release(c, WORKING, _ONE)
    while load_acquire(c, STOP) == np.uint64(0):
        store_release(c, ROUNDS, c[ROUNDS] + _ONE)
        slot = poll(source)
        if slot == NO_SLOT:
            pause()
            continue
        _run(
            pointer_at(source, np.int64(slot)),
            1,
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
            c,
            c,
            False,
        )
        take(source)
        store_release(c, SERVED, c[SERVED] + _ONE)
    store_release(c, WORKING, np.uint64(0))
