"""A state that several processes change, along a fixed table of transitions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import BugError
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.memory.atomics import compare_and_swap, load_acquire

Word = Any
Words = Any

MOVED = 0
FORBIDDEN = 1
"""The table has no such transition."""
ELSEWHERE = 2
"""The machine is not, or no longer, in the state that the transition starts from."""

MOST_STATES = 64

_ONE = np.uint64(1)
_STATES = np.uint64(MOST_STATES)


def table(transitions: Mapping[int, tuple[int, ...]]) -> NDArray[np.uint64]:
    """Per state (0 to 63) the set of states that may follow, a bit for each."""
    rows = np.zeros(MOST_STATES, np.uint64)
    for state, following in transitions.items():
        for after in following:
            if not (0 <= state < MOST_STATES and 0 <= after < MOST_STATES):
                raise BugError(f"a transition from {state} to {after}: states are 0 to {MOST_STATES - 1}")
            rows[state] |= _ONE << np.uint64(after)
    return rows


@kernel
def move(machine: Words, i: Word, allowed: Words, old: Word, new: Word) -> Word:
    """Takes the state in ``machine[i]`` from ``old`` to ``new`` (uint64): of many that try one gets ``MOVED``.

    ``FORBIDDEN`` or ``ELSEWHERE`` otherwise, with nothing changed. ``allowed`` is a ``table``.
    """
    if old >= _STATES or new >= _STATES or allowed[old] >> new & _ONE == np.uint64(0):
        return FORBIDDEN
    if compare_and_swap(machine, i, old, new):
        return MOVED
    return ELSEWHERE


@kernel
def state(machine: Words, i: Word) -> Word:
    return load_acquire(machine, i)
