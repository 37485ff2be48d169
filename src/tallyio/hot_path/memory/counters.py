"""Counters that any process adds to and any process reads, each alone on its lines."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import BugError
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.memory.atomics import fetch_add, load_relaxed
from tallyio.hot_path.memory.roles import look

Word = Any
Words = Any

STRIDE = 16
"""Words from one counter to the next: two cache lines, which processors fetch together."""


@kernel
def add(counters: Words, number: Word, amount: Word) -> Word:
    """Adds to counter ``number``; returns what it was. Wraps at 64 bits."""
    return fetch_add(counters, number * STRIDE, amount)


@kernel
def value(counters: Words, number: Word) -> Word:
    return load_relaxed(counters, number * STRIDE)


class Counters:
    """Names for the counters in ``words`` (``words_needed``), in the order given; the same in each process."""

    def __init__(self, words: NDArray[np.uint64], names: tuple[str, ...]) -> None:
        if words.size < self.words_needed(names):
            raise BugError(f"{len(names)} counters need {self.words_needed(names)} words, got {words.size}")
        if len(set(names)) != len(names):
            raise BugError(f"counters of the same name among {', '.join(names)}")
        self.words = words
        self.names = names

    @staticmethod
    def words_needed(names: tuple[str, ...]) -> int:
        return len(names) * STRIDE

    def number(self, name: str) -> int:
        """What kernels call the counter."""
        return self.names.index(name)

    def add(self, name: str, amount: int = 1) -> None:
        add(self.words, np.int64(self.number(name)), np.uint64(amount))

    def read(self) -> dict[str, int]:
        """Each counter's value; one after the other, not all at one moment."""
        return {name: int(look(self.words, np.int64(number * STRIDE))) for number, name in enumerate(self.names)}
