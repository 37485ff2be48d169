"""Keccak-256 of up to 135 bytes, one by one and many together, beside a library's."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from Crypto.Hash import keccak

from tallyio.app.bench.result import Result, Setting
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.cpu.clock import ns_per_tick, ticks
from tallyio.hot_path.hashes.batch import keccak256_many
from tallyio.hot_path.hashes.constants import DIGEST_BYTES
from tallyio.hot_path.hashes.keccak import keccak256_at
from tallyio.hot_path.pointer import pointer

Array = Any
Word = Any

ROWS = ("keccak.one", "keccak.batch")
MESSAGES = 64
LONGEST = 135
"""The longest message of a single block."""
REFERENCE = "pycryptodome's Keccak-256 of the same messages, called from Python"
REFERENCE_ROUNDS = 20


@kernel
def _one_by_one(data: Array, offsets: Array, lengths: Array, out: Array, spans: Array) -> None:
    p, q = pointer(data), pointer(out)
    for sample in range(spans.size):
        start = ticks()
        for i in range(offsets.size):
            keccak256_at(p, offsets[i], lengths[i], q, i * DIGEST_BYTES)
        spans[sample] = ticks() - start


@kernel
def _together(data: Array, offsets: Array, lengths: Array, out: Array, spans: Array) -> None:
    p, q, from_, sizes = pointer(data), pointer(out), pointer(offsets), pointer(lengths)
    for sample in range(spans.size):
        start = ticks()
        keccak256_many(p, from_, sizes, offsets.size, q)
        spans[sample] = ticks() - start


def run(setting: Setting) -> Iterator[Result]:
    rng = np.random.default_rng(setting.seed)
    lengths = rng.integers(0, LONGEST + 1, MESSAGES)
    offsets = np.cumsum(lengths) - lengths
    data = rng.integers(0, 256, int(lengths.sum()), np.uint8)
    messages = [data[at : at + n].tobytes() for at, n in zip(offsets, lengths, strict=True)]
    out = np.zeros(MESSAGES * DIGEST_BYTES, np.uint8)
    for name, loop in zip(ROWS, (_one_by_one, _together), strict=True):
        if not setting.wants(name):
            continue
        spans = np.zeros(max(1, setting.samples // MESSAGES), np.uint64)
        loop(data, offsets, lengths, out, spans[:1])
        loop(data, offsets, lengths, out, spans)
        times = spans.astype(np.float64) * np.float64(ns_per_tick() / MESSAGES)
        note = f"{MESSAGES} messages of 0 to {LONGEST} bytes a timing; the quickest {times.min():.0f} ns each"
        yield Result(name, times, REFERENCE, _reference_ns(messages), note=note)


def _reference_ns(messages: list[bytes]) -> float:
    quickest = 2**62
    for _ in range(REFERENCE_ROUNDS):
        start = time.perf_counter_ns()
        for message in messages:
            keccak.new(digest_bits=256, data=message).digest()
        quickest = min(quickest, time.perf_counter_ns() - start)
    return quickest / len(messages)
