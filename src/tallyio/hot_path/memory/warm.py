"""The atomics, rings, counters and pools, ready for the arrays that Python passes."""

import numpy as np

from tallyio.hot_path.memory import mpsc, seqlock, spsc, state_machine
from tallyio.hot_path.memory.counters import Counters
from tallyio.hot_path.memory.object_pool import ObjectPool
from tallyio.hot_path.memory.ring_layout import LINE_WORDS
from tallyio.hot_path.memory.rings import MpscRing, SpscRing


def warm() -> None:
    words = _aligned(1024)
    pair = SpscRing.make(words, 2)
    pair.take_producer()
    pair.take_consumer()
    pair.push(1)
    pair.pop()
    spsc.poll(words)

    many = MpscRing.make(words, 2)
    number = many.take_producer()
    many.push(number, 1)
    many.pop()
    mpsc.poll(words)
    mpsc.abandon(words, np.uint64(number))

    pool = ObjectPool.make(words, 2, 1)
    pool.object(0)
    pool.acquire()
    pool.release(0)
    Counters(words, ("warm",)).add("warm")

    payload = np.zeros(1, np.uint64)
    seqlock.write(words, 0, payload, 1)
    seqlock.read(words, 0, 1, payload, 1)
    seqlock.find_torn(words, 0, 2, 1, np.zeros(1, np.int64))
    state_machine.move(words, 0, state_machine.table({0: (1,)}), np.uint64(0), np.uint64(1))
    state_machine.state(words, 0)


def _aligned(count: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    words = np.zeros(count + LINE_WORDS, np.uint64)
    skip = -words.ctypes.data % (LINE_WORDS * 8) // 8
    return words[skip : skip + count]
