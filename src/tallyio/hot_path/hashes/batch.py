"""Keccak-256 of many messages side by side: as many at once as a vector register has lanes.

Messages of the same number of blocks share a run. They are set aside by that number until a run is full; what is left
at the end runs with lanes repeated, or alone.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.hashes.constants import DIGEST_BYTES, DIGEST_WORDS, RATE_BYTES, RATE_WORDS, STATE_WORDS
from tallyio.hot_path.hashes.keccak import LAST_BIT, keccak256_at, last_word
from tallyio.hot_path.hashes.primitives import LANES, absorb_lanes, permute_lanes, room, store_le
from tallyio.hot_path.pointer import pointer, pointer_at

Bytes = Any
Words = Any
Word = Any

_ZERO = np.uint64(0)
_RATE_BYTES, _RATE_WORDS = np.uint64(RATE_BYTES), np.uint64(RATE_WORDS)
_MOST_BLOCKS = 32  # longer messages go one by one
_LANE_WORDS = STATE_WORDS * LANES
_WAITING = (_MOST_BLOCKS + 1) * LANES
_MOST = _MOST_BLOCKS + 1


@kernel
def _run(p: Bytes, offsets: Words, lengths: Words, blocks: Word, out: Bytes, chosen: Words) -> None:
    """The hashes of the ``LANES`` messages whose numbers are in ``chosen``, each of ``blocks`` blocks."""
    state, starts, fulls, tails = room(_LANE_WORDS), room(LANES), room(LANES), room(LANES)
    for i in range(_LANE_WORDS):
        state[i] = _ZERO
    for lane in range(LANES):
        starts[lane] = np.uint64(offsets[np.int64(chosen[lane])])
        fulls[lane] = _RATE_WORDS
        tails[lane] = _ZERO
    for _ in range(blocks - 1):
        absorb_lanes(state, p, starts, fulls, tails)
        permute_lanes(state)
        for lane in range(LANES):
            starts[lane] += _RATE_BYTES
    for lane in range(LANES):
        number = np.int64(chosen[lane])
        at, length = offsets[number], lengths[number]
        fulls[lane] = np.uint64((length - (blocks - 1) * RATE_BYTES) >> 3)
        tails[lane] = last_word(p, at, length)
        state[(RATE_WORDS - 1) * LANES + lane] ^= LAST_BIT
    absorb_lanes(state, p, starts, fulls, tails)
    permute_lanes(state)
    for lane in range(LANES):
        to = np.int64(chosen[lane]) * DIGEST_BYTES
        for i in range(DIGEST_WORDS):
            store_le(out, to + 8 * i, state[i * LANES + lane])


@kernel
def keccak256_many(p: Bytes, offsets: Words, lengths: Words, count: Word, out: Bytes) -> None:
    """The hash of ``lengths[i]`` bytes from ``offsets[i]`` on into 32 bytes of ``out`` from ``32 i`` on, all ``i``.

    ``p`` and ``out`` are pointers to uint8, the others to int64. Unchecked; the messages are all that is read.
    """
    if LANES == 1:
        for i in range(count):
            keccak256_at(p, offsets[i], lengths[i], out, i * DIGEST_BYTES)
        return
    waiting = room(_WAITING)
    held = room(_MOST)
    for blocks in range(_MOST):
        held[blocks] = _ZERO
    for i in range(count):
        blocks = lengths[i] // RATE_BYTES + 1
        if blocks > _MOST_BLOCKS:
            keccak256_at(p, offsets[i], lengths[i], out, i * DIGEST_BYTES)
            continue
        have = np.int64(held[blocks])
        waiting[blocks * LANES + have] = np.uint64(i)
        if have + 1 < LANES:
            held[blocks] = np.uint64(have + 1)
            continue
        held[blocks] = _ZERO
        _run(p, offsets, lengths, blocks, out, pointer_at(waiting, blocks * LANES))
    for blocks in range(_MOST):
        have = np.int64(held[blocks])
        first = blocks * LANES
        if have == 1:
            number = np.int64(waiting[first])
            keccak256_at(p, offsets[number], lengths[number], out, number * DIGEST_BYTES)
        elif have > 1:
            for i in range(have, LANES):
                waiting[first + i] = waiting[first]
            _run(p, offsets, lengths, blocks, out, pointer_at(waiting, first))


@kernel
def hash_arrays(data: Bytes, offsets: Words, lengths: Words, out: Bytes) -> None:
    """``keccak256_many`` over arrays: ``data`` and ``out`` of uint8, ``offsets`` and ``lengths`` of int64."""
    keccak256_many(pointer(data), pointer(offsets), pointer(lengths), offsets.size, pointer(out))
