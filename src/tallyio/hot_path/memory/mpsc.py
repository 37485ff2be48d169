"""A queue from many producers to one consumer, in kernels.

A slot's stamp holds position, producer and state in one word: ``position << 10 | producer << 2 | state``. A producer
claims by swapping the stamp of the slot's last message for its own, so a claim names its owner from the first moment;
the tail is moved afterwards, by whoever sees it lag. One killed between claim and publication stops the consumer only
until its claim is abandoned (``abandon``). After D. Vyukov's bounded queue (2010), with owners added.

Positions begin at the capacity. They are 54 bits wide: five years at a hundred million messages a second.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.memory.atomics import compare_and_swap, fetch_add, load_acquire, load_relaxed, store_release
from tallyio.hot_path.memory.ring_layout import (
    ABANDONED,
    CAPACITY,
    HEAD,
    HEAD_SEEN,
    HEAD_WORDS,
    NO_SLOT,
    REFUSED,
    TAIL,
    WIDTH,
)

Word = Any
Words = Any

KIND = 0x4D505343
PRODUCERS = 256
"""Numbers a producer can have, of which 0 is nobody's; the words from ``HEAD_WORDS`` on hold who has each."""
FIRST_SLOT = np.uint64(HEAD_WORDS + PRODUCERS)
UNFINISHED = np.uint64(1)
"""``poll``'s answer while the oldest message is claimed and not yet published."""

PUBLISHED, CLAIMED, LEFT = np.uint64(0), np.uint64(1), np.uint64(2)
_STATE = np.uint64(3)
_PRODUCER_SHIFT, _PRODUCER = np.uint64(2), np.uint64(PRODUCERS - 1)
_POSITION_SHIFT = np.uint64(10)
_ONE = np.uint64(1)


def words_needed(capacity: int, lines: int = 1) -> int:
    return HEAD_WORDS + PRODUCERS + capacity * lines * 8


@kernel
def format_slots(ring: Words) -> None:
    """As if a first round had been published and consumed."""
    capacity = ring[CAPACITY]
    width = ring[WIDTH]
    position = np.uint64(0)
    while position < capacity:
        ring[FIRST_SLOT + position * width + width - _ONE] = position << _POSITION_SHIFT
        position += _ONE
    ring[HEAD] = capacity
    ring[HEAD_SEEN] = capacity
    ring[TAIL] = capacity


@kernel
def claim(ring: Words, producer: Word) -> Word:
    """The word at which ``producer`` (uint64) writes its payload, or ``NO_SLOT``, counted, while the ring is full."""
    capacity = ring[CAPACITY]
    width = ring[WIDTH]
    while True:
        tail = load_acquire(ring, TAIL)
        slot = FIRST_SLOT + (tail & (capacity - _ONE)) * width
        stamp = load_acquire(ring, slot + width - _ONE)
        position = stamp >> _POSITION_SHIFT
        if position == tail:
            compare_and_swap(ring, TAIL, tail, tail + _ONE)
        elif position + capacity == tail:
            if load_acquire(ring, HEAD_SEEN) <= position:
                head = load_acquire(ring, HEAD)
                store_release(ring, HEAD_SEEN, head)
                if head <= position:
                    fetch_add(ring, REFUSED, _ONE)
                    return NO_SLOT
            mine = tail << _POSITION_SHIFT | producer << _PRODUCER_SHIFT | CLAIMED
            if compare_and_swap(ring, slot + width - _ONE, stamp, mine):
                compare_and_swap(ring, TAIL, tail, tail + _ONE)
                return slot


@kernel
def publish(ring: Words, slot: Word) -> None:
    """The payload at ``slot``, as ``claim`` gave it, is complete."""
    at = slot + ring[WIDTH] - _ONE
    store_release(ring, at, load_relaxed(ring, at) - CLAIMED)


@kernel
def poll(ring: Words) -> Word:
    """The word at which the oldest message's payload begins, ``NO_SLOT`` while there is none, or ``UNFINISHED``.

    Abandoned claims on the way are skipped and counted.
    """
    capacity = ring[CAPACITY]
    width = ring[WIDTH]
    while True:
        head = ring[HEAD]
        slot = FIRST_SLOT + (head & (capacity - _ONE)) * width
        stamp = load_acquire(ring, slot + width - _ONE)
        if stamp >> _POSITION_SHIFT != head:
            return NO_SLOT
        state = stamp & _STATE
        if state == PUBLISHED:
            return slot
        if state == CLAIMED:
            return UNFINISHED
        ring[ABANDONED] += _ONE
        store_release(ring, HEAD, head + _ONE)


@kernel
def sender(ring: Words, slot: Word) -> Word:
    """The number of the producer whose message ``poll`` showed at ``slot``."""
    return load_relaxed(ring, slot + ring[WIDTH] - _ONE) >> _PRODUCER_SHIFT & _PRODUCER


@kernel
def take(ring: Words) -> None:
    """The consumer has copied what ``poll`` showed. Take before acting: one killed after ``take`` never acts twice."""
    store_release(ring, HEAD, ring[HEAD] + _ONE)


@kernel
def push(ring: Words, producer: Word, payload: Words) -> Word:
    """Whether the payload's words (a slot's width less one) are in the ring now."""
    slot = claim(ring, producer)
    if slot == NO_SLOT:
        return False
    for j in range(ring[WIDTH] - _ONE):
        ring[slot + np.uint64(j)] = payload[j]
    publish(ring, slot)
    return True


@kernel
def pop(ring: Words, payload: Words) -> Word:
    """As ``poll``; with a message it has been taken and its payload is in ``payload``."""
    slot = poll(ring)
    if slot > UNFINISHED:
        for j in range(ring[WIDTH] - _ONE):
            payload[j] = ring[slot + np.uint64(j)]
        take(ring)
    return slot


@kernel
def abandon(ring: Words, producer: Word) -> Word:
    """Marks what ``producer``, which must be dead, claimed and never published; returns how many claims."""
    marked = 0
    position = np.uint64(0)
    while position < ring[CAPACITY]:
        at = FIRST_SLOT + position * ring[WIDTH] + ring[WIDTH] - _ONE
        stamp = load_acquire(ring, at)
        if stamp & _STATE == CLAIMED and stamp >> _PRODUCER_SHIFT & _PRODUCER == producer:
            marked += int(compare_and_swap(ring, at, stamp, stamp - CLAIMED + LEFT))
        position += _ONE
    return marked
