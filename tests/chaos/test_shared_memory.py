"""``kill -9`` at random moments on processes that share memory: the others go on, nothing is seen half, in wrong order
or twice, and the next start finds what was left.
"""

import importlib.util
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tallyio.hot_path.compiled import DISABLED, kernel
from tallyio.hot_path.memory import mpsc, object_pool, seqlock, spsc
from tallyio.hot_path.memory.leftovers import clear_leftovers
from tallyio.hot_path.memory.object_pool import ObjectPool
from tallyio.hot_path.memory.ring_layout import NO_SLOT
from tallyio.hot_path.memory.rings import MpscRing, SpscRing
from tallyio.hot_path.memory.segment import Segment
from tallyio.hot_path.pointer import pointer

pytestmark = pytest.mark.skipif(DISABLED, reason="plain Python's read-modify-write is not atomic between processes")

CHILD = Path(__file__).with_name("shared_memory_child.py")
SEED = 31
FORK = multiprocessing.get_context("fork")
"""A child has the parent's kernels and is at work in milliseconds."""
Child = multiprocessing.context.ForkProcess
Start = Callable[..., Child]


def _load_child() -> Any:
    spec = importlib.util.spec_from_file_location("shared_memory_child", CHILD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


child_code = _load_child()
is_whole = child_code.is_whole


@kernel
def drain_many(words: Any, last: Any, most: int, patience: int) -> Any:
    """Takes up to ``most`` messages; ``last[i]`` is the newest number of producer ``i``. Returns how many were taken,
    how many of them were torn or out of order, and whether it gave up on an unfinished one.
    """
    ring = pointer(words)
    taken = wrong = looks = 0
    while taken < most:
        slot = mpsc.poll(ring)
        if slot > mpsc.UNFINISHED:
            wrong += not is_whole(ring, slot)
            incarnation, number = ring[slot], ring[slot + np.uint64(1)]
            wrong += number != last[incarnation] + np.uint64(1)
            last[incarnation] = number
            mpsc.take(ring)
            taken += 1
            looks = 0
        else:
            looks += 1
            if looks == patience:
                return taken, wrong, slot == mpsc.UNFINISHED
    return taken, wrong, False


@kernel
def drain_one(words: Any, last: Any, most: int, patience: int) -> Any:
    ring = pointer(words)
    taken = wrong = looks = 0
    while taken < most and looks < patience:
        slot = spsc.poll(ring)
        looks += 1
        if slot != NO_SLOT:
            wrong += not is_whole(ring, slot)
            incarnation, number = ring[slot], ring[slot + np.uint64(1)]
            wrong += number != last[incarnation] + np.uint64(1)
            last[incarnation] = number
            spsc.take(ring)
            taken += 1
            looks = 0
    return taken, wrong


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="tallyio-chaos-", dir="/dev/shm"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Runs a part of the child's program in a process of its own; it is at work when this returns."""
    children: list[Child] = []

    def run(part: str, number: int = 0) -> Child:
        here, there = FORK.Pipe(duplex=False)
        child = FORK.Process(target=child_code.main, args=(part, folder, number, lambda: there.send(part)))
        child.start()
        children.append(child)
        there.close()
        assert here.recv() == part
        here.close()
        return child

    yield run
    for child in children:
        child.kill()
        child.join()
        child.close()


@pytest.fixture
def here(folder: Path) -> Iterator[dict[str, Any]]:
    segment = Segment.create(**child_code.SEGMENT, folder=folder)
    arrays = child_code.arrays(segment)
    child_code.warm(arrays)
    yield arrays
    segment.remove()


def kill(child: Child, after_s: float) -> None:
    time.sleep(after_s)
    assert child.is_alive(), "it was at work"
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()


def many_kills(count: int, start: Start, here: dict[str, Any]) -> None:
    """One of two producers is killed, again and again; the consumer and the other one go on."""
    moments = random.Random(SEED)
    ring = MpscRing.make(here["many"], child_code.CAPACITY)
    ring.take_consumer()
    last = np.zeros(10 * count + 3, np.uint64)
    drain_many(here["many"], last, 0, 1)
    steady = start("produce-many", 1)
    released = turn = 0
    for turn in range(10 * count):
        if turn >= count and ring.abandoned:  # a busy machine takes more kills to meet what is aimed at
            break
        victim = start("produce-many", turn + 2)
        while last[turn + 2] < 100:
            assert drain_many(here["many"], last, 100, 10**9)[1:] == (0, False)
        assert drain_many(here["many"], last, moments.randrange(300, 1000), 10**9)[1:] == (0, False)
        kill(victim, 0)
        before = last[1]
        while last[1] < before + 2 * child_code.CAPACITY:  # more than the ring holds: it is written on
            _, wrong, unfinished = drain_many(here["many"], last, 10**4, 10**6)
            assert not wrong
            if unfinished:
                released += ring.release_dead()
    assert steady.is_alive()
    assert ring.abandoned > 0, "at least one died between claim and publication"
    assert ring.abandoned <= turn + 1
    assert released <= turn + 1
    kill(steady, 0)
    while drain_many(here["many"], last, 10**4, 10**5)[2]:
        ring.release_dead()
    assert len(ring) == 0
    ring.release_dead()
    assert not here["many"][64 : 64 + mpsc.PRODUCERS].any(), "every number is free again"


def test_each_message_is_handed_over_once_and_in_its_senders_order(start: Start, here: dict[str, Any]) -> None:
    MpscRing.make(here["many"], child_code.CAPACITY)
    last = np.zeros(4, np.uint64)
    producers = [start("produce-some", number) for number in (1, 2, 3)]
    assert drain_many(here["many"], last, 3 * child_code.SOME, 10**10) == (3 * child_code.SOME, 0, False)
    for producer in producers:
        producer.join()
        assert producer.exitcode == 0
    assert last.tolist() == [0, *[child_code.SOME] * 3]
    assert drain_many(here["many"], last, 1, 1000) == (0, 0, False)


def test_killed_producers_do_not_stop_the_others(start: Start, here: dict[str, Any]) -> None:
    many_kills(12, start, here)


@pytest.mark.nightly
def test_a_hundred_killed_producers_do_not_stop_the_others(start: Start, here: dict[str, Any]) -> None:
    many_kills(100, start, here)


def test_the_successor_of_a_killed_producer_goes_on(start: Start, here: dict[str, Any]) -> None:
    moments = random.Random(SEED)
    ring = SpscRing.make(here["one"], child_code.CAPACITY)
    ring.take_consumer()
    last = np.zeros(16, np.uint64)
    drain_one(here["one"], last, 0, 1)
    for incarnation in range(1, 16):
        victim = start("produce-one", incarnation)
        assert drain_one(here["one"], last, 2_000, 10**9) == (2_000, 0)
        kill(victim, moments.uniform(0, 0.02))
        assert drain_one(here["one"], last, 10**6, 10**5)[1] == 0
        assert last[incarnation] >= 2_000
    assert len(ring) == 0


def test_killed_consumers_execute_nothing_twice(start: Start, here: dict[str, Any]) -> None:
    moments = random.Random(SEED)
    SpscRing.make(here["one"], child_code.CAPACITY)
    log = here["log"]
    kills = 15
    producer = start("produce-one", 1)
    for _ in range(kills):
        victim = start("consume")
        target = int(log[0]) + 3 * child_code.CAPACITY
        while log[0] < target:
            assert victim.is_alive()
            time.sleep(0.001)
        kill(victim, moments.uniform(0, 0.01))
    assert producer.is_alive(), "it waited at the full ring meanwhile"
    executed = log[1 : int(log[0]) + 1].tolist()
    assert len(executed) >= kills * 3 * child_code.CAPACITY
    assert all(a < b for a, b in pairwise(executed)), "in order, none twice"
    missing = executed[-1] - len(executed)
    assert 0 <= missing <= kills, "a kill between taking and executing costs that one message"


def test_a_killed_writer_leaves_torn_records_that_the_next_one_mends(start: Start, here: dict[str, Any]) -> None:
    moments = random.Random(SEED)
    records, torn, copy = here["records"], np.zeros(child_code.RECORDS, np.int64), np.zeros(7, np.uint64)
    start("read")
    left = 0
    for turn in range(120):
        if turn >= 12 and left:
            break
        kill(start("write", (turn + 1) * 2**40), moments.uniform(0.01, 0.05))
        found = seqlock.find_torn(records, 0, 8, child_code.RECORDS, torn)
        assert found <= 1, "it writes one at a time"
        left += found
        for number in range(child_code.RECORDS):
            state = seqlock.read(records, number * 8, 7, copy, 1_000)
            assert state == (seqlock.TORN if found and torn[0] == number else seqlock.CONSISTENT)
            assert state == seqlock.TORN or len(set(copy.tolist())) == 1
    assert left > 0, "at least one died in the middle of a record"
    mender = start("write", 2**50)
    time.sleep(0.05)
    kill(mender, 0)
    consistent, mixed, torn_answers = here["log"][:3].tolist()
    assert consistent > 1000
    assert mixed == 0
    assert torn_answers > 0, "the reader was told while the record was torn, and went on"


def test_killed_readers_hold_up_nobody(start: Start, here: dict[str, Any]) -> None:
    writer = start("write", 1)
    for _ in range(3):
        kill(start("read"), 0.01)
        before = here["records"][::8].copy()
        time.sleep(0.05)
        assert (here["records"][::8] > before).all()
    assert writer.is_alive()
    assert here["log"][1] == 0


def test_what_killed_borrowers_held_is_lent_again(start: Start, here: dict[str, Any]) -> None:
    moments = random.Random(SEED)
    pool = ObjectPool.make(here["objects"], child_code.OBJECTS, 8)
    freed = 0
    living = start("lend")
    turn = 0
    for turn in range(100):
        if turn >= 10 and freed:
            break
        kill(start("lend"), moments.uniform(0, 0.02))
        freed += pool.reclaim_dead()
    assert 0 < freed <= turn + 1
    kill(living, 0)
    pool.reclaim_dead()
    assert not any(pool.owners())
    assert sorted(n for _ in range(child_code.OBJECTS) if (n := pool.acquire()) is not None) == list(range(64))
    assert pool.acquire() is None
    assert object_pool.NO_OBJECT == -1


def test_a_killed_creator_leaves_nothing_that_stops_the_next(start: Start, folder: Path) -> None:
    moments = random.Random(SEED)
    found = 0
    for turn in range(200):
        if turn >= 20 and found:
            break
        kill(start("create"), moments.uniform(0, 0.03))
        found += (folder / "made").exists()
        if turn % 2:
            with Segment.create("made", layout=1, size=3_000_000, folder=folder) as segment:
                assert not segment.words.any()
        cleared = clear_leftovers("made", folder=folder)
        assert cleared.in_use == cleared.foreign == ()
        assert list(folder.iterdir()) == []
    assert found > 0, "at least one was killed while it had a segment"
