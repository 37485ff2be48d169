"""Keccak-256 of one message: Ethereum's hash, with the padding before NIST's (Keccak reference, version 3.0)."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.hashes.constants import DIGEST_WORDS, RATE_BYTES, RATE_WORDS, STATE_WORDS
from tallyio.hot_path.hashes.primitives import load_le, permute, room, store_le
from tallyio.hot_path.pointer import pointer

Bytes = Any
Word = Any

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
LAST_BIT = np.uint64(2**63)


@kernel
def last_word(p: Bytes, at: Word, length: Word) -> Word:
    """The word in which a message of ``length`` bytes from ``at`` on ends: its last 0 to 7 bytes and padding's first.

    Nothing outside the message is read.
    """
    over = length & 7
    word = _ONE << np.uint64(8 * over)
    if over > 0 and length >= 8:
        return word | (load_le(p, at + length - 8) >> np.uint64(64 - 8 * over))
    for i in range(over):
        word |= np.uint64(p[at + i]) << np.uint64(8 * i)
    return word


@kernel
def keccak256_at(p: Bytes, at: Word, length: Word, out: Bytes, out_at: Word) -> None:
    """The hash of the ``length`` bytes from ``at`` on into the 32 bytes of ``out`` from ``out_at`` on.

    ``p`` and ``out`` are pointers to uint8. Indices are int64, unchecked; the message is all that is read.
    """
    state = room(STATE_WORDS)
    for i in range(STATE_WORDS):
        state[i] = _ZERO
    left = length
    while left >= RATE_BYTES:
        for i in range(RATE_WORDS):
            state[i] ^= load_le(p, at + length - left + 8 * i)
        permute(state)
        left -= RATE_BYTES
    start = at + length - left
    full = left >> 3
    for i in range(full):
        state[i] ^= load_le(p, start + 8 * i)
    state[full] ^= last_word(p, at, length)
    state[RATE_WORDS - 1] ^= LAST_BIT
    permute(state)
    for i in range(DIGEST_WORDS):
        store_le(out, out_at + 8 * i, state[i])


@kernel
def hash_array(message: Bytes, out: Bytes) -> None:
    """The hash of the whole array ``message`` of uint8 into the 32 bytes of the array ``out``."""
    keccak256_at(pointer(message), 0, message.size, pointer(out), 0)
