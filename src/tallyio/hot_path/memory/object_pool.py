"""Objects of one size, reserved at start, lent to processes and given back.

A slot's state is one word: who holds it. Taking and giving back swap that word and nothing else, so a process killed
at any instruction leaves each slot free or held by its own, dead, identity: no free list can lose one, and there is no
ABA problem to solve. The price is a search, which begins where the last one ended.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import BugError, OperatorError
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.memory.atomics import compare_and_swap, fetch_add, load_relaxed, store_relaxed
from tallyio.hot_path.memory.processes import UNKNOWN, is_alive, my_identity
from tallyio.hot_path.memory.roles import look, swap

Word = Any
Words = Any

CAPACITY, WIDTH = 0, 1
NEXT, EXHAUSTED = 16, 17
OWNERS = 32
NO_OBJECT = -1

_LINE_WORDS = 8
_FREE = np.uint64(UNKNOWN)


def words_needed(capacity: int, width: int) -> int:
    """Words for ``capacity`` objects of ``width`` words each; both are rounded up to whole cache lines."""
    return OWNERS + _in_lines(capacity) + capacity * _in_lines(width)


def _in_lines(words: int) -> int:
    return -(-words // _LINE_WORDS) * _LINE_WORDS


@kernel
def acquire(pool: Words, identity: Word) -> Word:
    """The number of an object that is ``identity``'s (uint64) now, or ``NO_OBJECT``, counted, when all are lent."""
    capacity = np.int64(pool[CAPACITY])
    number = np.int64(load_relaxed(pool, NEXT))
    for _ in range(capacity):
        if number >= capacity:
            number = np.int64(0)
        if load_relaxed(pool, OWNERS + number) == _FREE and compare_and_swap(pool, OWNERS + number, _FREE, identity):
            store_relaxed(pool, NEXT, np.uint64(number + 1))
            return number
        number += 1
    fetch_add(pool, EXHAUSTED, np.uint64(1))
    return NO_OBJECT


@kernel
def release(pool: Words, number: Word, identity: Word) -> Word:
    """Whether object ``number`` (int64) was ``identity``'s and is free now."""
    if number < 0 or number >= np.int64(pool[CAPACITY]):
        return False
    return compare_and_swap(pool, OWNERS + number, identity, _FREE)


@kernel
def words_of(pool: Words, number: Word) -> Word:
    """The word at which object ``number`` (int64) begins."""
    owners = (np.int64(pool[CAPACITY]) + _LINE_WORDS - 1) // _LINE_WORDS * _LINE_WORDS
    return OWNERS + owners + number * np.int64(pool[WIDTH])


class ObjectPool:
    """The pool in ``words`` as a process opens it; kernels use the functions above on ``pool.words``."""

    def __init__(self, words: NDArray[np.uint64]) -> None:
        self.words = words
        self.capacity = int(words[CAPACITY])
        if words.size < words_needed(self.capacity, int(words[WIDTH])) or not self.capacity:
            raise BugError(f"{words.size} words hold no pool of {self.capacity} objects")

    @classmethod
    def make(cls, words: NDArray[np.uint64], capacity: int, width: int) -> Self:
        if capacity < 1 or width < 1:
            raise OperatorError(f"a pool of {capacity} objects of {width} words", todo="choose 1 or more of each")
        words[: min(words.size, OWNERS + _in_lines(capacity))] = 0
        words[CAPACITY], words[WIDTH] = capacity, _in_lines(width)
        return cls(words)

    @property
    def exhausted(self) -> int:
        """How often all objects were lent when one was asked for."""
        return int(self.words[EXHAUSTED])

    def owners(self) -> list[int]:
        return [int(look(self.words, np.int64(OWNERS + number))) for number in range(self.capacity)]

    def acquire(self) -> int | None:
        number = int(acquire(self.words, np.uint64(my_identity())))
        return None if number == NO_OBJECT else number

    def release(self, number: int) -> bool:
        return bool(release(self.words, np.int64(number), np.uint64(my_identity())))

    def object(self, number: int) -> NDArray[np.uint64]:
        start = int(words_of(self.words, np.int64(number)))
        return self.words[start : start + int(self.words[WIDTH])]

    def reclaim_dead(self) -> int:
        """Frees what dead processes held; returns how many objects."""
        dead = {owner for owner in set(self.owners()) if owner != UNKNOWN and not is_alive(owner)}
        return sum(
            owner in dead and bool(swap(self.words, np.int64(OWNERS + number), np.uint64(owner), _FREE))
            for number, owner in enumerate(self.owners())
        )
