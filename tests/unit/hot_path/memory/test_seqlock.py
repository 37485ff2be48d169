"""Consistent copies while a writer works, and what a dead writer leaves."""

from threading import Thread
from typing import Any

import numpy as np

from tallyio.hot_path.compiled import DISABLED, kernel
from tallyio.hot_path.memory import seqlock
from tallyio.hot_path.memory.atomics import load_acquire, store_release

WORDS = 7


@kernel
def write_until(p: Any, stop: Any) -> int:
    """Records whose words are all the same, until told to stop; then that word."""
    payload = np.zeros(WORDS, np.uint64)
    while load_acquire(stop, 0) == np.uint64(0):
        payload += np.uint64(1)
        seqlock.write(p, 8, payload, WORDS)
    return payload[0]


@kernel
def read_many(p: Any, times: int, stop: Any) -> Any:
    """How many copies were consistent, how many of those had unlike words, and the last one's word."""
    copy = np.zeros(WORDS, np.uint64)
    good = mixed = 0
    last = np.uint64(0)
    for _ in range(times):
        if seqlock.read(p, 8, WORDS, copy, 1000) == seqlock.CONSISTENT:
            good += 1
            for j in range(1, WORDS):
                mixed += copy[j] != copy[0]
            mixed += copy[0] < last
            last = copy[0]
    store_release(stop, 0, np.uint64(1))
    return good, mixed, last


def test_readers_beside_a_writer_see_whole_records_only() -> None:
    p, stop = np.zeros(16, np.uint64), np.ones(1, np.uint64)
    write_until(p, stop)
    read_many(p, 1, stop)
    stop[0] = 0
    writer = Thread(target=write_until, args=(p, stop))
    writer.start()
    good, mixed, last = read_many(p, 1_000 if DISABLED else 2_000_000, stop)
    writer.join()
    assert mixed == 0
    assert good > 0
    assert p[8] % 2 == 0
    assert p[9] >= last


def test_a_record_left_half_written_is_torn_until_it_is_whole_again() -> None:
    p, copy, torn = np.zeros(64, np.uint64), np.zeros(WORDS, np.uint64), np.zeros(8, np.int64)
    for number in range(8):
        seqlock.write(p, 8 * number, np.full(WORDS, number, np.uint64), WORDS)
    seqlock.write_begin(p, 24)
    p[25] = 99  # killed here
    assert seqlock.read(p, 24, WORDS, copy, 100) == seqlock.TORN
    assert seqlock.read(p, 16, WORDS, copy, 100) == seqlock.CONSISTENT
    assert copy.tolist() == [2] * WORDS

    assert seqlock.find_torn(p, 0, 8, 8, torn) == 1
    assert torn[0] == 3
    seqlock.write_begin(p, 24)
    assert seqlock.read(p, 24, WORDS, copy, 100) == seqlock.TORN, "not before the end"
    p[25:32] = 5
    seqlock.write_end(p, 24)
    assert seqlock.read(p, 24, WORDS, copy, 1) == seqlock.CONSISTENT
    assert copy.tolist() == [5] * WORDS
    assert seqlock.find_torn(p, 0, 8, 8, torn) == 0
