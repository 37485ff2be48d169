"""Atomic operations on 64-bit words: single instructions beside plain Python."""

from random import Random
from typing import Any

import numpy as np

from tallyio.hot_path.check.comparison import Comparison, Mismatches
from tallyio.hot_path.check.inputs import below
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.memory import atomics, atomics_plain

_ANSWERS = 4


@kernel
def _operate(words: Any, operands: Any, answers: Any) -> None:
    for i in range(words.size):
        answers[i, 0] = atomics.fetch_add(words, i, operands[i, 0])
        answers[i, 1] = np.uint64(atomics.compare_and_swap(words, i, operands[i, 1], operands[i, 2]))
        answers[i, 2] = atomics.load_acquire(words, i)
        answers[i, 3] = atomics.exchange(words, i, operands[i, 0])


def _operate_plainly(word: int, operands: list[int]) -> list[int]:
    here, (a, b, c) = np.array([word], np.uint64), operands
    answers = [
        atomics_plain.fetch_add(here, 0, a),
        atomics_plain.compare_and_swap(here, 0, b, c),
        atomics_plain.load_acquire(here, 0),
        atomics_plain.exchange(here, 0, a),
    ]
    return [*map(int, answers), int(here[0])]


def _compare(samples: int, seed: int) -> Mismatches:
    random = Random(seed)  # noqa: S311 - inputs of a comparison
    words = np.zeros(samples, np.uint64)
    operands = np.zeros((samples, 3), np.uint64)
    for i in range(samples):
        word, added, new = (below(random, 64) for _ in range(3))
        expected = (word + added) % 2**64 if random.random() < 0.5 else below(random, 64)
        words[i], operands[i] = word, (added, expected, new)
    before = words.copy()
    answers = np.zeros((samples, _ANSWERS), np.uint64)
    _operate(words, operands, answers)

    differing, first = 0, ""
    for i in range(samples):
        found = [*answers[i].tolist(), int(words[i])]
        expected_answers = _operate_plainly(int(before[i]), operands[i].tolist())
        if found != expected_answers:
            first = first or f"{before[i]} with {operands[i].tolist()}: {found}, expected {expected_answers}"
            differing += 1
    return Mismatches("memory.atomics", samples, differing, first)


COMPARISONS: tuple[Comparison, ...] = (Comparison("memory.atomics", _compare),)
