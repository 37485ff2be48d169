"""What processes do with shared memory until they are killed.

Each spends most of its time in the middle of what it does, so that a kill at any moment is likely to come there.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.memory import mpsc, object_pool, seqlock, spsc
from tallyio.hot_path.memory.arena import Arena, Reservation, bytes_needed, layout_hash
from tallyio.hot_path.memory.atomics import fetch_add, load_relaxed, pause, store_relaxed, store_release
from tallyio.hot_path.memory.object_pool import ObjectPool
from tallyio.hot_path.memory.processes import my_identity
from tallyio.hot_path.memory.ring_layout import NO_SLOT
from tallyio.hot_path.memory.rings import MpscRing, SpscRing
from tallyio.hot_path.memory.segment import Segment
from tallyio.hot_path.pointer import pointer

CAPACITY = 256
RECORDS = 16
OBJECTS = 64
LOG = 2**20
SOME = 20_000
PLAN = (
    Reservation("many", np.uint64, (mpsc.words_needed(CAPACITY),)),
    Reservation("one", np.uint64, (spsc.words_needed(CAPACITY),)),
    Reservation("records", np.uint64, (RECORDS * 8,)),
    Reservation("objects", np.uint64, (object_pool.words_needed(OBJECTS, 8),)),
    Reservation("log", np.uint64, (LOG,)),
)
SEGMENT: dict[str, Any] = {"name": "chaos", "layout": layout_hash(PLAN), "size": bytes_needed(PLAN)}

DAWDLE = 300


@kernel
def dawdle() -> None:
    for _ in range(DAWDLE):
        pause()


@kernel
def fill(ring: Any, slot: Any, incarnation: Any, number: Any) -> None:
    """A message that shows whether all of it is there; its middle comes late."""
    ring[slot] = incarnation
    ring[slot + np.uint64(1)] = number
    dawdle()
    for j in range(2, 7):
        ring[slot + np.uint64(j)] = incarnation * np.uint64(1_000_003) + number * np.uint64(j)


@kernel
def is_whole(ring: Any, slot: Any) -> bool:
    for j in range(2, 7):
        expected = ring[slot] * np.uint64(1_000_003) + ring[slot + np.uint64(1)] * np.uint64(j)
        if ring[slot + np.uint64(j)] != expected:
            return False
    return True


@kernel
def produce_many(words: Any, producer: Any, incarnation: Any, most: int) -> None:
    ring = pointer(words)
    number = np.uint64(0)
    while number < np.uint64(most):
        slot = mpsc.claim(ring, producer)
        if slot == NO_SLOT:
            pause()
        else:
            number += np.uint64(1)
            fill(ring, slot, incarnation, number)
            mpsc.publish(ring, slot)


@kernel
def produce_one(words: Any, incarnation: Any, most: int) -> None:
    ring = pointer(words)
    number = np.uint64(0)
    while number < np.uint64(most):
        slot = spsc.claim(ring)
        if slot == NO_SLOT:
            pause()
        else:
            number += np.uint64(1)
            fill(ring, slot, incarnation, number)
            spsc.publish(ring, slot)


@kernel
def consume_to_log(words: Any, journal: Any, most: int) -> None:
    """Each message is taken, then executed: its number goes to the log. ``journal[0]`` counts them."""
    ring, log = pointer(words), pointer(journal)
    taken = 0
    while taken < most:
        slot = spsc.poll(ring)
        if slot == NO_SLOT:
            pause()
        else:
            number = ring[slot + np.uint64(1)]
            spsc.take(ring)
            dawdle()
            place = load_relaxed(log, 0) + np.uint64(1)
            log[place] = number
            store_release(log, 0, place)
            taken += 1


@kernel
def write_records(words: Any, incarnation: Any, most: int) -> None:
    records = pointer(words)
    for number in range(most):
        at = number % RECORDS * 8
        seqlock.write_begin(records, at)
        for j in range(1, 8):
            store_relaxed(records, at + j, incarnation + np.uint64(number))
            if j == 4:
                dawdle()
        seqlock.write_end(records, at)


@kernel
def read_records(words: Any, most: int, counts: Any) -> None:
    """Counts consistent copies, those among them whose words differ, and torn answers, into ``counts[0..2]``."""
    records, found = pointer(words), pointer(counts)
    copy = pointer(np.zeros(7, np.uint64))
    for number in range(most):
        if seqlock.read(records, number % RECORDS * 8, 7, copy, 100_000) != seqlock.CONSISTENT:
            fetch_add(found, 2, np.uint64(1))
            continue
        fetch_add(found, 0, np.uint64(1))
        for j in range(1, 7):
            if copy[j] != copy[0]:
                fetch_add(found, 1, np.uint64(1))


@kernel
def lend_objects(words: Any, identity: Any, most: int) -> None:
    pool = pointer(words)
    for _ in range(most):
        number = object_pool.acquire(pool, identity)
        if number >= 0:
            pool[object_pool.words_of(pool, number)] = identity
            dawdle()
            object_pool.release(pool, number, identity)


def arrays(segment: Segment) -> dict[str, Any]:
    arena = Arena(segment.words)
    return {reservation.name: arena.reserve(reservation) for reservation in PLAN}


def warm(here: dict[str, Any]) -> None:
    """Compiles all of the parts in the parent, so that a child is at work at once."""
    MpscRing.make(here["many"], CAPACITY)
    SpscRing.make(here["one"], CAPACITY)
    ObjectPool.make(here["objects"], OBJECTS, 8)
    zero = np.uint64(0)
    produce_many(here["many"], zero, zero, 0)
    produce_one(here["one"], zero, 0)
    consume_to_log(here["one"], here["log"], 0)
    write_records(here["records"], zero, 0)
    read_records(here["records"], 0, here["log"])
    lend_objects(here["objects"], zero, 0)


def main(part: str, folder: Path, number: int, ready: Callable[[], None]) -> None:
    """Does ``part``, most of them until killed; ``number`` is what its messages and records carry.

    ``ready`` is called when the work begins.
    """
    if part == "create":
        make_and_remove(folder, ready)
        return
    here = arrays(Segment.attach(**SEGMENT, folder=folder))
    forever = 2**62
    incarnation = np.uint64(number)
    if part == "produce-many":
        mine = MpscRing.open(here["many"]).take_producer()
        ready()
        produce_many(here["many"], np.uint64(mine), incarnation, forever)
    elif part == "produce-some":
        mine = MpscRing.open(here["many"]).take_producer()
        ready()
        produce_many(here["many"], np.uint64(mine), incarnation, SOME)
    elif part == "produce-one":
        SpscRing.open(here["one"]).take_producer()
        ready()
        produce_one(here["one"], incarnation, forever)
    elif part == "consume":
        SpscRing.open(here["one"]).take_consumer()
        ready()
        consume_to_log(here["one"], here["log"], forever)
    elif part == "write":
        ready()
        write_records(here["records"], incarnation, forever)
    elif part == "read":
        ready()
        read_records(here["records"], forever, here["log"])
    elif part == "lend":
        ready()
        lend_objects(here["objects"], np.uint64(my_identity()), forever)


def make_and_remove(folder: Path, ready: Callable[[], None]) -> None:
    ready()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with Segment.create("made", layout=1, size=3_000_000, folder=folder):
            pass
