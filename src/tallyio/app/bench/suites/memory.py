"""What it takes to hand a message to another core, beside what one cache line takes to go there.

Both are measured there and back between two pinned processes, in short batches that take turns, and halved: clocks of
two cores need not agree, and a message that waits behind another measures the queue instead.
"""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.app.bench.result import Result, Setting
from tallyio.core.errors import OperatorError
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.cpu.clock import ns_per_tick, ticks
from tallyio.hot_path.memory import spsc
from tallyio.hot_path.memory.atomics import load_acquire, store_release
from tallyio.hot_path.memory.leftovers import clear_leftovers
from tallyio.hot_path.memory.ring_layout import NO_SLOT
from tallyio.hot_path.memory.rings import SpscRing
from tallyio.hot_path.memory.segment import Segment
from tallyio.hot_path.pointer import pointer

Words = Any

ROWS = ("ring.oneway",)
PLACES_ITSELF = True

CAPACITY = 256
BATCH = 8
ROUNDS = 20
PATIENCE = 20_000_000_000
"""Looks at an empty line before the other side is given up: many seconds."""

_PAYLOAD = 7
_THERE, _BACK = 0, 16
_LINES = 32
_RING = spsc.words_needed(CAPACITY)
_LAYOUT = int.from_bytes(b"bench/1\0", "little")
_SIZE = 8 * (_LINES + 2 * _RING)


@kernel
def await_word(p: Words, i: int, wanted: Any) -> bool:
    looks = 0
    while load_acquire(p, i) != wanted:
        looks += 1
        if looks == PATIENCE:
            return False
    return True


@kernel
def await_message(ring: Words) -> Any:
    for _ in range(PATIENCE):
        slot = spsc.poll(ring)
        if slot != NO_SLOT:
            return slot
    return NO_SLOT


@kernel
def send(ring: Words, first: Any) -> None:
    slot = spsc.claim(ring)
    for j in range(_PAYLOAD):
        ring[slot + np.uint64(j)] = first + np.uint64(j)
    spsc.publish(ring, slot)


@kernel
def sum_from(first: Any) -> Any:
    """What a message that begins with ``first`` adds up to."""
    return first * np.uint64(_PAYLOAD) + np.uint64(_PAYLOAD * (_PAYLOAD - 1) // 2)


@kernel
def receive(ring: Words) -> Any:
    """The sum of the next message's words; 0 when the other side is gone."""
    slot = await_message(ring)
    total = np.uint64(0)
    if slot != NO_SLOT:
        for j in range(_PAYLOAD):
            total += ring[slot + np.uint64(j)]
        spsc.take(ring)
    return total


@kernel
def call_line(line: Words, start: int, times: Any) -> bool:
    """Ticks of each batch of round trips of one word, numbered from ``start`` on."""
    p = pointer(line)
    number = np.uint64(start)
    for sample in range(times.size):
        began = ticks()
        for _ in range(BATCH):
            number += np.uint64(1)
            store_release(p, _THERE, number)
            if not await_word(p, _BACK, number):
                return False
        times[sample] = ticks() - began
    return True


@kernel
def answer_line(line: Words, start: int, samples: int) -> bool:
    p = pointer(line)
    number = np.uint64(start)
    for _ in range(samples * BATCH):
        number += np.uint64(1)
        if not await_word(p, _THERE, number):
            return False
        store_release(p, _BACK, number)
    return True


@kernel
def call_ring(out: Words, home: Words, start: int, times: Any) -> bool:
    """Ticks of each batch of round trips of a message. False when a message came back changed, or not at all."""
    there, back = pointer(out), pointer(home)
    number = np.uint64(start)
    for sample in range(times.size):
        began = ticks()
        for _ in range(BATCH):
            number += np.uint64(1)
            send(there, number)
            if receive(back) != sum_from(sum_from(number)):
                return False
        times[sample] = ticks() - began
    return True


@kernel
def answer_ring(out: Words, home: Words, samples: int) -> bool:
    there, back = pointer(out), pointer(home)
    for _ in range(samples * BATCH):
        total = receive(there)
        if total == np.uint64(0):
            return False
        send(back, total)
    return True


def run(setting: Setting) -> Iterator[Result]:
    """``ring.oneway``: a message of 56 bytes, written whole by one process and read whole by the other."""
    here, there = _cores(setting)
    samples = max(1, setting.samples // ROUNDS)
    clear_leftovers("bench-")
    name = f"bench-{os.getpid()}"
    with _pinned(here), Segment.create(name, layout=_LAYOUT, size=_SIZE) as segment:
        words, out, back = _parts(segment)
        SpscRing.make(out, CAPACITY).take_producer()
        SpscRing.make(back, CAPACITY).take_consumer()
        nothing = np.zeros(0, np.uint64)
        call_line(words, 0, nothing), call_ring(out, back, 0, nothing)  # compiled before the other side waits
        answer_line(words, 0, 0), answer_ring(out, back, 0)
        partner = multiprocessing.get_context("spawn").Process(target=_answer, args=(name, there, samples), daemon=True)
        partner.start()
        try:
            line_ns, ring_ns = _take_turns(words, out, back, samples)
            partner.join()
        finally:
            partner.kill()
            partner.join()
            del words, out, back
    yield Result("ring.oneway", ring_ns, "a cache line, one way", float(np.median(line_ns)))


def _take_turns(
    words: NDArray[np.uint64], out: NDArray[np.uint64], back: NDArray[np.uint64], samples: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    line = np.zeros((ROUNDS, samples), np.uint64)
    ring = np.zeros((ROUNDS, samples), np.uint64)
    for turn in range(ROUNDS):
        start = turn * samples * BATCH
        if not call_line(words, start, line[turn]) or not call_ring(out, back, start, ring[turn]):
            raise OperatorError("the other process stopped answering", todo="give the benchmark two cores")
    one_way = np.float64(ns_per_tick() / (2 * BATCH))
    return line.ravel() * one_way, ring.ravel() * one_way


def _answer(name: str, core: int, samples: int) -> None:
    os.sched_setaffinity(0, {core})
    segment = Segment.attach(name, layout=_LAYOUT, size=_SIZE)
    words, out, back = _parts(segment)
    SpscRing.open(out).take_consumer()
    SpscRing.open(back).take_producer()
    for turn in range(ROUNDS):
        if not answer_line(words, turn * samples * BATCH, samples) or not answer_ring(out, back, samples):
            return


def _parts(segment: Segment) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]:
    words = segment.words
    return words[:_LINES], words[_LINES : _LINES + _RING], words[_LINES + _RING : _LINES + 2 * _RING]


def _cores(setting: Setting) -> tuple[int, int]:
    allowed = sorted(os.sched_getaffinity(0))
    here = allowed[0] if setting.core is None else setting.core
    others = [core for core in allowed if core != here]
    if not others:
        raise OperatorError(
            "ring.oneway needs two cores, this process may use one",
            todo="leave the row out here, or widen the process's affinity",
        )
    return here, others[0]


@contextmanager
def _pinned(core: int) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
