"""The primitives as plain Python."""

from typing import Any

import numpy as np

from tallyio.hot_path.hashes.constants import MOVES, RATE_WORDS, ROTATIONS, ROUND_CONSTANTS, STATE_WORDS

Bytes = Any
Words = Any
Word = Any

_MASK = 2**64 - 1
LANES = 4


def load_le(p: Bytes, i: Word) -> Word:
    if i < 0 or i + 8 > len(p):
        raise IndexError(f"bytes {i} to {i + 8} of {len(p)}")
    return np.uint64(int.from_bytes(bytes(p[int(i) : int(i) + 8]), "little"))


def store_le(p: Bytes, i: Word, word: Word) -> None:
    if i < 0 or i + 8 > len(p):
        raise IndexError(f"bytes {i} to {i + 8} of {len(p)}")
    p[int(i) : int(i) + 8] = np.frombuffer(int(word).to_bytes(8, "little"), np.uint8)


def room(count: int) -> Words:
    return np.zeros(count, np.uint64)


def absorb_lanes(state: Words, p: Bytes, starts: Words, fulls: Words, tails: Words) -> None:
    for lane in range(LANES):
        full = int(fulls[lane])
        for i in range(min(full, RATE_WORDS)):
            state[i * LANES + lane] ^= load_le(p, int(starts[lane]) + 8 * i)
        if full < RATE_WORDS:
            state[full * LANES + lane] ^= tails[lane]


def permute(state: Words) -> None:
    a = [int(word) for word in state]
    for constant in ROUND_CONSTANTS:
        a = _round(a)
        a[0] ^= constant
    state[:] = a


def permute_lanes(state: Words) -> None:
    for lane in range(LANES):
        permute(state[lane::LANES])


def _round(a: list[int]) -> list[int]:
    parity = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
    effect = [parity[(x + 4) % 5] ^ _rotate(parity[(x + 1) % 5], 1) for x in range(5)]
    moved = [0] * STATE_WORDS
    for i in range(STATE_WORDS):
        moved[MOVES[i]] = _rotate(a[i] ^ effect[i % 5], ROTATIONS[i])
    return [
        moved[y + x] ^ (~moved[y + (x + 1) % 5] & moved[y + (x + 2) % 5]) for y in range(0, 25, 5) for x in range(5)
    ]


def _rotate(word: int, by: int) -> int:
    return (word << by | word >> (64 - by)) & _MASK
