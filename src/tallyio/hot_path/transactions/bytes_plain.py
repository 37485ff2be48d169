"""Bytes read as plain Python."""

from typing import Any

import numpy as np

Bytes = Any
Word = Any

_MASK = 2**64 - 1


def byte(p: Bytes, i: Word) -> Word:
    if i < 0 or i >= len(p):
        raise IndexError(f"byte {i} of {len(p)}")
    return int(p[i])


def load_be(p: Bytes, i: Word) -> Word:
    if i < 0 or i + 8 > len(p):
        raise IndexError(f"bytes {i} to {i + 8} of {len(p)}")
    return np.uint64(int.from_bytes(bytes(p[i : i + 8])))


def multiply(a: Word, b: Word) -> Word:
    return np.uint64(int(a) * int(b) & _MASK)
