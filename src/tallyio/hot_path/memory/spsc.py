"""A queue from one producer to one consumer, in kernels.

The stamp in a slot's line is the number of the message, so that one cache line carries payload and news of it.
Positions count messages since the ring was made. A full ring refuses and counts; nothing is overwritten.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.memory.atomics import load_acquire, store_relaxed, store_release
from tallyio.hot_path.memory.ring_layout import CAPACITY, HEAD, HEAD_SEEN, HEAD_WORDS, NO_SLOT, REFUSED, TAIL, WIDTH

Word = Any
Words = Any

KIND = 0x53505343
FIRST_SLOT = np.uint64(HEAD_WORDS)

_ONE = np.uint64(1)


def words_needed(capacity: int, lines: int = 1) -> int:
    return HEAD_WORDS + capacity * lines * 8


@kernel
def claim(ring: Words) -> Word:
    """The word at which the producer writes its next payload, or ``NO_SLOT``, counted, while the ring is full."""
    tail = ring[TAIL]
    capacity = ring[CAPACITY]
    if tail - ring[HEAD_SEEN] >= capacity:
        head = load_acquire(ring, HEAD)
        ring[HEAD_SEEN] = head
        if tail - head >= capacity:
            store_relaxed(ring, REFUSED, ring[REFUSED] + _ONE)
            return NO_SLOT
    return FIRST_SLOT + (tail & (capacity - _ONE)) * ring[WIDTH]


@kernel
def publish(ring: Words, slot: Word) -> None:
    """The payload at ``slot``, as ``claim`` gave it, is complete."""
    after = ring[TAIL] + _ONE
    store_release(ring, slot + ring[WIDTH] - _ONE, after)
    store_release(ring, TAIL, after)


@kernel
def poll(ring: Words) -> Word:
    """The word at which the oldest message's payload begins, or ``NO_SLOT`` while there is none."""
    head = ring[HEAD]
    width = ring[WIDTH]
    slot = FIRST_SLOT + (head & (ring[CAPACITY] - _ONE)) * width
    if load_acquire(ring, slot + width - _ONE) == head + _ONE:
        return slot
    return NO_SLOT


@kernel
def take(ring: Words) -> None:
    """The consumer has copied what ``poll`` showed; its slot is the producer's again.

    Take a message before acting on it: one killed after ``take`` never acts twice.
    """
    store_release(ring, HEAD, ring[HEAD] + _ONE)


@kernel
def push(ring: Words, payload: Words) -> Word:
    """Whether the payload's words (a slot's width less one) are in the ring now."""
    slot = claim(ring)
    if slot == NO_SLOT:
        return False
    for j in range(ring[WIDTH] - _ONE):
        ring[slot + np.uint64(j)] = payload[j]
    publish(ring, slot)
    return True


@kernel
def pop(ring: Words, payload: Words) -> Word:
    """Whether the oldest message has been taken; its payload is in ``payload`` then."""
    slot = poll(ring)
    if slot == NO_SLOT:
        return False
    for j in range(ring[WIDTH] - _ONE):
        payload[j] = ring[slot + np.uint64(j)]
    take(ring)
    return True


@kernel
def resume_producer(ring: Words) -> None:
    """For a producer that follows a dead one: a message that was published but not yet counted is counted."""
    tail = ring[TAIL]
    width = ring[WIDTH]
    while load_acquire(ring, FIRST_SLOT + (tail & (ring[CAPACITY] - _ONE)) * width + width - _ONE) == tail + _ONE:
        tail += _ONE
    ring[HEAD_SEEN] = load_acquire(ring, HEAD)
    store_release(ring, TAIL, tail)
