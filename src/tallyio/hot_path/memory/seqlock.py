"""A record of several words that one writer changes while any number of readers take consistent copies.

Word ``p[i]`` is the sequence, odd while the record is being written; the payload lies in ``p[i + 1]`` and on. A reader
never holds up the writer. A writer killed in the middle leaves the sequence odd: readers get ``TORN`` until the next
writer has written the whole payload between ``write_begin`` and ``write_end``. (H.-J. Boehm, "Can seqlocks get along
with programming language memory models?", 2012.)
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.memory.atomics import (
    fence_acquire,
    fence_release,
    load_acquire,
    load_relaxed,
    pause,
    store_relaxed,
    store_release,
)

Word = Any
Words = Any

CONSISTENT = 0
TORN = 1

_ONE = np.uint64(1)


@kernel
def write_begin(p: Words, i: Word) -> None:
    """Opens the record at ``i``; only one writer may. Fill the payload with ``store_relaxed``, then ``write_end``."""
    store_relaxed(p, i, load_relaxed(p, i) | _ONE)
    fence_release()


@kernel
def write_end(p: Words, i: Word) -> None:
    store_release(p, i, load_relaxed(p, i) + _ONE)


@kernel
def write(p: Words, i: Word, payload: Words, k: Word) -> None:
    """The ``k`` words of ``payload`` become the record at ``i``."""
    write_begin(p, i)
    for j in range(k):
        store_relaxed(p, i + 1 + j, payload[j])
    write_end(p, i)


@kernel
def read(p: Words, i: Word, k: Word, copy: Words, tries: Word) -> Word:
    """Copies the payload's ``k`` words to ``copy``: ``CONSISTENT``, or ``TORN`` when each of ``tries`` attempts met a
    writer at work. After enough tries that means a writer that died there; ``copy`` is then worth nothing.
    """
    for _ in range(tries):
        sequence = load_acquire(p, i)
        if sequence & _ONE == np.uint64(0):
            for j in range(k):
                copy[j] = load_relaxed(p, i + 1 + j)
            fence_acquire()
            if load_relaxed(p, i) == sequence:
                return CONSISTENT
        pause()
    return TORN


@kernel
def find_torn(p: Words, first: Word, stride: Word, count: Word, torn: Words) -> Word:
    """For a writer that starts: which of ``count`` records, ``stride`` words apart, its predecessor left half written.

    Their numbers go to ``torn`` (room for ``count``); returns how many. Each needs its whole payload written again.
    """
    found = 0
    for number in range(count):
        if load_acquire(p, first + number * stride) & _ONE:
            torn[found] = number
            found += 1
    return found
