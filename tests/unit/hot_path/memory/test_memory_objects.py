"""Counters, the state machine, the object pool and the arena."""

from collections.abc import Callable
from threading import Thread

import numpy as np
import pytest
from numpy.typing import NDArray

from tallyio.core.errors import BugError, OperatorError
from tallyio.hot_path.memory import object_pool, state_machine
from tallyio.hot_path.memory.arena import Arena, Reservation, bytes_needed, layout_hash
from tallyio.hot_path.memory.counters import Counters
from tallyio.hot_path.memory.object_pool import OWNERS, ObjectPool
from tallyio.hot_path.memory.processes import my_identity

Words = Callable[[int], NDArray[np.uint64]]
DEAD = 1 << 40 | 1


def test_counters_have_lines_of_their_own(aligned: Words) -> None:
    names = ("events", "refused")
    words = aligned(Counters.words_needed(names))
    counters = Counters(words, names)
    counters.add("refused")
    counters.add("refused", 2**64 - 3)
    counters.add("events", 7)
    assert counters.read() == {"events": 7, "refused": 2**64 - 2}
    assert Counters(words, names).read() == counters.read()
    assert np.flatnonzero(words).tolist() == [0, 16]


def test_counters_that_cannot_be(aligned: Words) -> None:
    with pytest.raises(BugError, match="need 48 words, got 47"):
        Counters(aligned(47), ("a", "b", "c"))
    with pytest.raises(BugError, match="same name"):
        Counters(aligned(48), ("a", "b", "a"))


def test_a_machine_moves_along_its_table_only() -> None:
    new, sent, landed, lost = 0, 1, 2, 63
    allowed = state_machine.table({new: (sent,), sent: (landed, lost)})
    machine = np.zeros(1, np.uint64)

    def move(old: int, after: int) -> int:
        return int(state_machine.move(machine, 0, allowed, np.uint64(old), np.uint64(after)))

    assert move(new, landed) == state_machine.FORBIDDEN
    assert move(sent, landed) == state_machine.ELSEWHERE
    assert move(64, new) == move(new, 64) == move(2**63, new) == state_machine.FORBIDDEN
    assert state_machine.state(machine, 0) == new
    assert move(new, sent) == state_machine.MOVED
    assert move(new, sent) == state_machine.ELSEWHERE
    assert move(sent, lost) == state_machine.MOVED
    assert state_machine.state(machine, 0) == lost
    with pytest.raises(BugError, match="states are 0 to 63"):
        state_machine.table({0: (64,)})


def test_of_many_that_try_a_transition_one_makes_it() -> None:
    allowed = state_machine.table({0: (1,)})
    machines = np.zeros(2_000, np.uint64)
    made = [0] * 4

    def worker(number: int) -> None:
        for i in range(machines.size):
            made[number] += state_machine.move(machines, i, allowed, np.uint64(0), np.uint64(1)) == state_machine.MOVED

    threads = [Thread(target=worker, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == machines.size
    assert set(machines.tolist()) == {1}


def test_a_pool_lends_each_object_once(aligned: Words) -> None:
    pool = ObjectPool.make(aligned(object_pool.words_needed(5, 3)), 5, 3)
    numbers = [pool.acquire() for _ in range(5)]
    assert sorted(n for n in numbers if n is not None) == [0, 1, 2, 3, 4]
    assert pool.acquire() is None
    assert pool.exhausted == 1
    for number in range(5):
        pool.object(number)[:] = number + 1
    assert [set(pool.object(n).tolist()) for n in range(5)] == [{1}, {2}, {3}, {4}, {5}]
    assert set(pool.owners()) == {my_identity()}, "no object lies on the owners"
    assert pool.release(3)
    assert not pool.release(3), "given back twice"
    assert not pool.release(5)
    assert not pool.release(-1)
    assert pool.acquire() == 3


def test_what_a_dead_process_held_is_free_again(aligned: Words) -> None:
    pool = ObjectPool.make(aligned(object_pool.words_needed(4, 8)), 4, 8)
    assert pool.acquire() == 0
    pool.words[OWNERS + 1 : OWNERS + 3] = DEAD
    assert not pool.release(1), "another's"
    assert pool.reclaim_dead() == 2
    assert pool.owners() == [my_identity(), 0, 0, 0]
    with pytest.raises(BugError, match="hold no pool"):
        ObjectPool(pool.words[:40])
    with pytest.raises(OperatorError, match="choose 1 or more"):
        ObjectPool.make(pool.words, 0, 1)


def test_an_arena_lays_out_the_same_in_each_process(aligned: Words) -> None:
    plan = (
        Reservation("rates", np.float64, (3, 5)),
        Reservation("flags", np.uint8, (7,), alignment=64),
        Reservation("pools", np.dtype([("fee", "<u4"), ("index", "<u4")]), (2,)),
    )
    size = bytes_needed(plan)
    words = aligned(size // 8 + 16)
    base = words[-words.ctypes.data % 128 // 8 :][: -(-size // 8)]
    first, second = ([arena.reserve(r) for r in plan] for arena in (Arena(base), Arena(base)))
    for mine, theirs, reservation in zip(first, second, plan, strict=True):
        assert mine.shape == reservation.shape
        assert mine.dtype == reservation.dtype
        assert mine.ctypes.data == theirs.ctypes.data
        assert mine.ctypes.data % reservation.alignment == 0
    first[0][:] = 1.5
    first[1][:] = 255
    first[2]["index"] = 9
    assert second[0].tolist() == [[1.5] * 5] * 3
    assert second[2]["fee"].tolist() == [0, 0]


def test_an_arena_gives_no_more_than_it_has(aligned: Words) -> None:
    arena = Arena(aligned(16))
    arena.reserve(Reservation("a", np.uint64, (15,), alignment=8))
    with pytest.raises(OperatorError, match="no room for b: 16 bytes after 120 of 128"):
        arena.reserve(Reservation("b", np.uint64, (2,), alignment=8))
    assert arena.reserve(Reservation("c", np.uint64, (1,), alignment=8)).size == 1


def test_a_layout_hash_differs_with_names_types_and_shapes() -> None:
    base = Reservation("a", np.uint64, (4,))
    others = [
        Reservation("b", np.uint64, (4,)),
        Reservation("a", np.int64, (4,)),
        Reservation("a", np.uint64, (2, 2)),
        Reservation("a", np.uint64, (4,), alignment=64),
    ]
    hashes = {layout_hash([base]), layout_hash([base, base]), layout_hash([]), *(layout_hash([o]) for o in others)}
    assert len(hashes) == 7
    assert layout_hash([base]) == layout_hash([Reservation("a", "<u8", (4,))]) < 2**64
