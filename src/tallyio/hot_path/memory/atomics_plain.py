"""The atomic operations as plain Python.

A load or store of one aligned word is one instruction here too. The read-modify-write operations hold a lock: they are
atomic between the threads of one process, not between processes.
"""

import os
from threading import Lock
from typing import Any

import numpy as np

Word = Any
Words = Any

_lock = Lock()
_WORD = 2**64


def load_acquire(p: Words, i: Word) -> Word:
    return p[i]


load_relaxed = load_acquire


def store_release(p: Words, i: Word, value: Word) -> None:
    p[i] = value


store_relaxed = store_release


def fetch_add(p: Words, i: Word, value: Word) -> Word:
    with _lock:
        old = p[i]
        total = (int(old) + int(value)) % _WORD
        p[i] = total if old.dtype == np.uint64 or total < _WORD // 2 else total - _WORD
        return old


def exchange(p: Words, i: Word, value: Word) -> Word:
    with _lock:
        old = p[i]
        p[i] = value
        return old


def compare_and_swap(p: Words, i: Word, old: Word, new: Word) -> bool:
    with _lock:
        if p[i] != old:
            return False
        p[i] = new
        return True


def fence_acquire() -> None:
    pass


fence_release = fence_full = fence_acquire


def pause() -> None:
    os.sched_yield()
