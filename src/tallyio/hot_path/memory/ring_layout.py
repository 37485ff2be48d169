"""How a ring lies in uint64 words: a head, then slots of whole cache lines.

A slot is one message: its last word is the stamp that publishes it, the words before it are the payload, 7 for one
line, 15 for two. What the producers write and what the consumer writes lie 128 bytes apart, since processors fetch
lines in pairs.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import BugError, OperatorError

LINE_WORDS = 8

CAPACITY, WIDTH, KIND = 0, 1, 2
TAIL, HEAD_SEEN, REFUSED = 16, 17, 18
HEAD, ABANDONED = 32, 33
PRODUCER, CONSUMER = 48, 49
HEAD_WORDS = 64

NO_SLOT = np.uint64(0)
"""No slot begins at word 0: a full ring's answer to a producer, an empty one's to the consumer."""


def slot_words(lines: int) -> int:
    return lines * LINE_WORDS


def format_ring(words: NDArray[np.uint64], kind: int, capacity: int, lines: int, needed: int) -> None:
    """Writes an empty ring's head. Raises ``OperatorError`` for sizes that no ring can have."""
    if capacity < 2 or capacity & (capacity - 1) or lines < 1:
        raise OperatorError(
            f"a ring of {capacity} messages of {lines} cache lines was asked for",
            todo="choose a power of two from 2 on, and one line or more",
        )
    _fit(words, needed)
    words[:needed] = 0
    words[CAPACITY], words[WIDTH], words[KIND] = capacity, slot_words(lines), kind


def check_ring(words: NDArray[np.uint64], kind: int, needed: Any) -> None:
    """Raises ``OperatorError`` where ``words`` hold no ring of that kind."""
    capacity, width = int(words[CAPACITY]), int(words[WIDTH])
    sound = capacity >= 2 and not capacity & (capacity - 1) and width >= LINE_WORDS and not width % LINE_WORDS
    if int(words[KIND]) != kind or not sound:
        raise OperatorError(
            f"memory holds a ring of kind {int(words[KIND]):#x} with {capacity} slots of {width} words, "
            f"expected kind {kind:#x}",
            todo="run the same version of TallyIO in all processes",
        )
    _fit(words, needed(capacity, width // LINE_WORDS))


def _fit(words: NDArray[np.uint64], needed: int) -> None:
    if words.dtype != np.uint64 or words.size < needed or words.ctypes.data % (LINE_WORDS * 8):
        raise BugError(
            f"a ring needs {needed} uint64 words on a cache line, got {words.size} of {words.dtype}",
            todo="reserve them from an arena",
        )
