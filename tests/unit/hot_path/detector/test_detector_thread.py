"""The detector's thread answers as the detector itself does, without the interpreter's lock, and stops when told."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tallyio.core.errors import BugError, RefusedError
from tallyio.core.pools import V2, V3, Pool, PoolState, V2State, V3State
from tallyio.hot_path.compiled import DISABLED
from tallyio.hot_path.cpu.placement import CpuPlan
from tallyio.hot_path.detector.detector import Candidate, Detector
from tallyio.hot_path.detector.serve import CONTROL, STOP
from tallyio.hot_path.detector.thread import DetectorThread
from tallyio.hot_path.memory import spsc
from tallyio.hot_path.memory.rings import SpscRing
from tallyio.hot_path.state.aligned import aligned

POOLS = [
    Pool("0x01", V2, "any", ("0x0a", "0x0b"), 3000),
    Pool("0x02", V2, "any", ("0x0a", "0x0b"), 3000),
    Pool("0x03", V3, "any", ("0x0a", "0x0b"), 500, 10),
]
CYCLES = np.array([[0, 3, -1, -1], [0, 5, -1, -1]], np.int32)
UNIT = 10**18


def updates(count: int) -> list[tuple[int, PoolState]]:
    """The first pool's price goes to and fro, the others stand still."""
    fixed: list[tuple[int, PoolState]] = [(1, V2State(UNIT, UNIT)), (2, V3State(1 << 96, 0, 10**20))]
    return [*fixed, *((0, V2State(UNIT * (100 + number % 17) // 100, UNIT)) for number in range(count))]


def ring(capacity: int) -> SpscRing:
    return SpscRing.make(aligned(spsc.words_needed(capacity)), capacity)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.0005)


@pytest.fixture
def make() -> Iterator[Callable[..., DetectorThread]]:
    made: list[DetectorThread] = []

    def one(events: int = 1024, out: int = 1024, **options: Any) -> DetectorThread:
        made.append(DetectorThread(Detector(POOLS, CYCLES, ring=ring(out)), ring(events), **options))
        return made[-1]

    yield one
    for each in made:
        each.stop()


def expected(given: list[tuple[int, PoolState]]) -> list[Candidate]:
    alone, found = Detector(POOLS, CYCLES), []
    for stamp, update in enumerate(given):
        alone.write([update], stamp)
        found += alone.drain()
    return found


def test_it_answers_as_the_detector_does(make: Callable[..., DetectorThread]) -> None:
    given = updates(300)
    hot = make()
    hot.start()
    for stamp, (pool, state) in enumerate(given):
        assert hot.tell(pool, state, stamp)
    until(lambda: hot.served == len(given))
    assert hot.running
    hot.stop()
    assert not hot.running
    assert hot.detector.drain() == expected(given)
    assert len(expected(given)) > 150


def test_what_waits_while_it_is_stopped_is_answered_later(make: Callable[..., DetectorThread]) -> None:
    given = updates(40)
    hot = make()
    for stamp, (pool, state) in enumerate(given):
        hot.tell(pool, state, stamp)
    assert hot.served == 0
    hot.start()
    until(lambda: hot.served == len(given))
    with hot.paused() as detector:
        assert detector.drain() == expected(given)
        rounds = hot.rounds
        time.sleep(0.01)
        assert hot.rounds == rounds
    until(lambda: hot.rounds > rounds)


@pytest.mark.skipif(DISABLED, reason="plain Python needs the interpreter's lock")
def test_it_does_not_hold_the_interpreters_lock(make: Callable[..., DetectorThread]) -> None:
    """This thread never lets go of the lock on purpose: were the loop to need it, it would hardly come around."""
    hot = make()
    hot.start()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000.0)
    try:
        start, spins = hot.rounds, 0
        while hot.rounds < start + 1000:
            spins += 1
            assert spins < 10**8
    finally:
        sys.setswitchinterval(before)
    assert hot.running


def test_a_full_ring_counts_what_is_lost(make: Callable[..., DetectorThread]) -> None:
    given = updates(200)
    hot = make(out=8)
    hot.start()
    for stamp, (pool, state) in enumerate(given):
        hot.tell(pool, state, stamp)
    until(lambda: hot.served == len(given))
    hot.stop()
    found, wanted = hot.detector.drain(), expected(given)
    assert found == wanted[:8], "what waits is not overwritten"
    assert hot.detector.counts["lost"] == len(wanted) - 8
    assert hot.detector.counts["told"] == 8


def test_a_full_ring_of_events_refuses_and_counts(make: Callable[..., DetectorThread]) -> None:
    hot = make(events=4)
    told = [hot.tell(pool, state, 0) for pool, state in updates(4)]
    assert told == [True] * 4 + [False] * 2
    assert hot.events.refused == 2


def test_who_shares_the_control_stops_it(make: Callable[..., DetectorThread]) -> None:
    control = aligned(CONTROL)
    hot = make(control=control)
    hot.start()
    control[STOP] = 1
    until(lambda: not hot.running)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_it_runs_where_it_is_put(make: Callable[..., DetectorThread]) -> None:
    mine = os.sched_getaffinity(0)
    core = max(mine)
    hot = make(placement=CpuPlan(core, mine, 0, True, (), ()))
    hot.start()
    assert hot.placed == f"bound to core {core}"
    assert os.sched_getaffinity(0) == mine, "no other thread is moved"
    refused = make(placement=CpuPlan(4095, mine, 0, True, (), ()))
    with pytest.raises(RefusedError, match="core 4095"):
        refused.start()
    assert not refused.running
    floating = make(placement=CpuPlan(4095, mine, 0, False, (), ()))
    floating.start()
    assert floating.running
    assert "floats" in floating.placed


def test_events_of_another_width_are_refused() -> None:
    wide = SpscRing.make(aligned(spsc.words_needed(4, 2)), 4, 2)
    with pytest.raises(BugError, match="15 words"):
        DetectorThread(Detector(POOLS, CYCLES), wide)
