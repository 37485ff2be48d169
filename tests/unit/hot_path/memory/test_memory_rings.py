"""Rings in one process: order, refusal, roles, and the moments at which a producer or consumer can die."""

import random
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tallyio.core.errors import BugError, OperatorError
from tallyio.hot_path.compiled import DISABLED, kernel
from tallyio.hot_path.memory import mpsc, ring_layout, spsc
from tallyio.hot_path.memory.processes import PID_BITS, identity_of, my_identity
from tallyio.hot_path.memory.rings import MpscRing, SpscRing
from tallyio.hot_path.pointer import pointer

Words = Callable[[int], NDArray[np.uint64]]
DEAD = 1 << 40 | 1
"""Process 1 runs, but did not start then."""


def one_to_one(aligned: Words, capacity: int, lines: int = 1) -> SpscRing:
    ring = SpscRing.make(aligned(spsc.words_needed(capacity, lines)), capacity, lines)
    ring.take_producer()
    ring.take_consumer()
    return ring


def many_to_one(aligned: Words, capacity: int, lines: int = 1) -> tuple[MpscRing, int]:
    ring = MpscRing.make(aligned(mpsc.words_needed(capacity, lines)), capacity, lines)
    ring.take_consumer()
    return ring, ring.take_producer()


def both(aligned: Words, capacity: int, lines: int) -> list[tuple[Any, Callable[..., bool]]]:
    many, number = many_to_one(aligned, capacity, lines)
    one = one_to_one(aligned, capacity, lines)
    return [(one, one.push), (many, lambda *payload: many.push(number, *payload))]


@pytest.mark.parametrize("lines", [1, 2, 3])
@pytest.mark.parametrize("capacity", [2, 8])
def test_a_ring_is_a_queue_that_refuses_when_full(aligned: Words, capacity: int, lines: int) -> None:
    moves = random.Random(5)
    for ring, push in both(aligned, capacity, lines):
        queue: deque[tuple[int, ...]] = deque()
        refused = 0
        for number in range(3_000):
            if moves.random() < 0.52:
                message = (*(moves.getrandbits(64) for _ in range(8 * lines - 2)), number)
                accepted = push(*message)
                assert accepted == (len(queue) < capacity)
                refused += not accepted
                if accepted:
                    queue.append(message)
            else:
                assert ring.pop() == (queue.popleft() if queue else None)
            assert len(ring) == len(queue)
        assert ring.refused == refused > 0


def test_a_producer_that_dies_before_it_counts_its_message_is_followed_without_a_gap(aligned: Words) -> None:
    ring = one_to_one(aligned, 4)
    assert ring.push(1)
    assert ring.push(2)
    ring.words[ring_layout.TAIL] -= np.uint64(1)  # killed between stamp and tail
    ring.words[ring_layout.PRODUCER] = DEAD
    ring.take_producer()
    assert [ring.push(3), ring.push(4), ring.push(5)] == [True, True, False]
    assert [message[0] for message in iter(ring.pop, None)] == [1, 2, 3, 4]


def test_a_half_written_message_is_never_seen(aligned: Words) -> None:
    ring = one_to_one(aligned, 4)
    slot = spsc.claim(ring.words)
    ring.words[int(slot)] = 66  # killed here
    assert ring.pop() is None
    assert ring.push(1)
    assert ring.pop() == (1, 0, 0, 0, 0, 0, 0)


def test_a_role_is_had_once_and_passes_from_the_dead(aligned: Words) -> None:
    ring = one_to_one(aligned, 4)
    ring.take_consumer()  # again, by the same process
    ring.words[ring_layout.CONSUMER] = identity_of(1)
    with pytest.raises(OperatorError, match="consumer of this ring is process 1, which is running"):
        ring.take_consumer()
    ring.leave_consumer()
    assert ring.words[ring_layout.CONSUMER] == identity_of(1), "only one's own role can be left"
    ring.words[ring_layout.CONSUMER] = DEAD
    ring.take_consumer()
    ring.leave_consumer()
    assert ring.words[ring_layout.CONSUMER] == 0


def test_an_unpublished_claim_of_a_dead_producer_is_skipped_and_counted(aligned: Words) -> None:
    ring, mine = many_to_one(aligned, 4)
    other = ring.take_producer()
    assert other != mine
    slot = mpsc.claim(ring.words, np.uint64(other))
    ring.words[int(slot)] = 66  # killed here
    assert ring.push(mine, 5)
    assert ring.pop() is None
    assert mpsc.poll(ring.words) == mpsc.UNFINISHED
    assert ring.release_dead() == 0, "its producer lives"
    assert mpsc.poll(ring.words) == mpsc.UNFINISHED

    ring.words[ring_layout.HEAD_WORDS + other] = DEAD
    assert ring.release_dead() == 1
    assert ring.pop() == (5, 0, 0, 0, 0, 0, 0)
    assert (ring.abandoned, len(ring)) == (1, 0)
    for number in range(10):
        assert ring.push(mine, number)
        assert ring.pop() == (number, 0, 0, 0, 0, 0, 0)


def test_a_claim_whose_tail_was_never_moved_is_helped_on(aligned: Words) -> None:
    ring, mine = many_to_one(aligned, 4)
    other = ring.take_producer()
    mpsc.claim(ring.words, np.uint64(other))
    ring.words[ring_layout.TAIL] -= np.uint64(1)  # killed between the claim and the tail
    ring.words[ring_layout.HEAD_WORDS + other] = DEAD
    assert ring.push(mine, 1)
    assert ring.take_producer() == other, "a start takes the dead one's number and marks its claim"
    assert ring.pop() == (1, 0, 0, 0, 0, 0, 0)
    assert ring.abandoned == 1


def test_a_reclaimer_that_dies_is_followed(aligned: Words) -> None:
    ring, mine = many_to_one(aligned, 4)
    other = ring.take_producer()
    mpsc.claim(ring.words, np.uint64(other))
    ring.words[ring_layout.HEAD_WORDS + other] = DEAD | 1 << 63
    assert ring.release_dead() == 1
    assert ring.pop() is None
    assert ring.abandoned == 1
    assert ring.take_producer() == other
    ring.leave_producer(other)
    assert ring.take_producer() == other
    assert ring.push(mine, 3)


def test_only_the_dead_ones_claim_is_abandoned(aligned: Words) -> None:
    ring, mine = many_to_one(aligned, 4)
    other = ring.take_producer()
    mpsc.claim(ring.words, np.uint64(other))
    slot = mpsc.claim(ring.words, np.uint64(mine))
    ring.words[ring_layout.HEAD_WORDS + other] = DEAD
    assert ring.release_dead() == 1
    assert mpsc.poll(ring.words) == mpsc.UNFINISHED, "the living one's"
    ring.words[int(slot)] = 8
    mpsc.publish(ring.words, slot)
    assert ring.pop() == (8, 0, 0, 0, 0, 0, 0)
    assert ring.abandoned == 1


def test_the_sender_is_known(aligned: Words) -> None:
    ring, first = many_to_one(aligned, 4)
    second = ring.take_producer()
    for number in (second, first):
        ring.push(number, 1)
    senders = []
    while (slot := mpsc.poll(ring.words)) > mpsc.UNFINISHED:
        senders.append(int(mpsc.sender(ring.words, slot)))
        mpsc.take(ring.words)
    assert senders == [second, first]


def test_all_producer_numbers_can_be_taken_and_no_more(aligned: Words) -> None:
    ring, _ = many_to_one(aligned, 2)
    assert [ring.take_producer() for _ in range(254)] == list(range(2, 256))
    with pytest.raises(OperatorError, match="all 255 producers"):
        ring.take_producer()
    assert ring.push(255, 9)


@pytest.mark.parametrize(("capacity", "lines"), [(0, 1), (3, 1), (1, 1), (4, 0), (-4, 1)])
def test_sizes_that_no_ring_can_have(aligned: Words, capacity: int, lines: int) -> None:
    with pytest.raises(OperatorError, match="power of two"):
        SpscRing.make(aligned(1000), capacity, lines)
    with pytest.raises(OperatorError, match="power of two"):
        MpscRing.make(aligned(1000), capacity, lines)


def test_memory_of_another_kind_is_not_opened(aligned: Words) -> None:
    words = aligned(2000)
    with pytest.raises(OperatorError, match="ring of kind 0x0"):
        SpscRing.open(words)
    SpscRing.make(words, 8)
    assert SpscRing.open(words).capacity == 8
    with pytest.raises(OperatorError, match="ring of kind 0x53505343"):
        MpscRing.open(words)
    with pytest.raises(BugError, match="needs 128 uint64 words"):
        SpscRing.open(words[:100])
    with pytest.raises(BugError, match="on a cache line"):
        SpscRing.make(words[1:], 8)


@kernel
def pass_messages(one: Any, many: Any, message: Any, times: int) -> int:
    first, second, payload = pointer(one), pointer(many), pointer(message)
    passed = 0
    for _ in range(times):
        passed += spsc.push(first, payload) and spsc.pop(first, payload)
        passed += mpsc.push(second, np.uint64(1), payload) and mpsc.pop(second, payload) > mpsc.UNFINISHED
    return passed


@pytest.mark.skipif(DISABLED, reason="plain Python makes an object of every number")
def test_passing_messages_allocates_nothing(aligned: Words) -> None:
    from numba.core.runtime import _nrt_python, rtsys

    one, (many, _) = one_to_one(aligned, 4), many_to_one(aligned, 4)
    payload = np.arange(7, dtype=np.uint64)
    pass_messages(one.words, many.words, payload, 1)
    _nrt_python.memsys_enable_stats()
    try:
        before = rtsys.get_allocation_stats()
        assert pass_messages(one.words, many.words, payload, 100_000) == 200_000
        after = rtsys.get_allocation_stats()
    finally:
        _nrt_python.memsys_disable_stats()
    assert after.alloc - before.alloc <= 3, "a handle for each array, where the call enters"
    assert payload.tolist() == list(range(7))


def test_an_identity_is_number_and_start_time() -> None:
    assert my_identity() == my_identity() != 0
    assert identity_of(2**PID_BITS - 1) == 0, "no such process"
