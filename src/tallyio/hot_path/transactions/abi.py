"""Arguments of a call read in place (Solidity ABI), in the strict form: tails lie behind heads, padding is zero.

Offsets and lengths are read whole (256 bits) and compared before anything is added to them, so that none can wrap.
``end`` is the first byte behind the calldata; nothing at or behind it is read.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.transactions.byte_access import load_be
from tallyio.hot_path.transactions.codes import Code

Bytes = Any
Words = Any
Word = Any

WORD = 32
_ZERO = np.uint64(0)
_HIGH_HALF = np.uint64(32)
_LARGEST = np.uint64(2**31 - 1)
_ALL = np.uint64(2**64 - 1)
_SHORT = -int(Code.ARGUMENTS_SHORT)
_BAD_OFFSET = -int(Code.BAD_OFFSET)
_DIRTY = -int(Code.DIRTY_PADDING)
_BAD_PATH = -int(Code.BAD_PATH)


@inlined
def small(p: Bytes, at: Word) -> Word:
    """The word at ``at`` where it is below 2**31, -1 where not."""
    value = load_be(p, at + 24)
    if (load_be(p, at) | load_be(p, at + 8) | load_be(p, at + 16)) != _ZERO or value > _LARGEST:
        return -1
    return np.int64(value)


@kernel
def saturated(p: Bytes, at: Word) -> Word:
    """The word at ``at`` as a uint64; what is beyond it as 2**64 - 1."""
    if (load_be(p, at) | load_be(p, at + 8) | load_be(p, at + 16)) != _ZERO:
        return _ALL
    return load_be(p, at + 24)


@kernel
def no_address(p: Bytes, at: Word) -> bool:
    """Whether the word at ``at`` has bits above an address's 160."""
    return bool((load_be(p, at) | (load_be(p, at + 8) >> _HIGH_HALF)) != _ZERO)


@inlined
def copy_word(p: Bytes, at: Word, out: Words, word: Word) -> None:
    """The word at ``at`` into the limbs ``out[word]`` to ``out[word + 3]``."""
    out[word] = load_be(p, at + 24)
    out[word + 1] = load_be(p, at + 16)
    out[word + 2] = load_be(p, at + 8)
    out[word + 3] = load_be(p, at)


@inlined
def tail(p: Bytes, base: Word, heads: Word, place: Word, end: Word) -> Word:
    """Where the tail of the head word ``place`` (of ``heads``, which lie at ``base``) begins, or a negative code.

    There is room for the tail's first word.
    """
    offset = small(p, base + WORD * place)
    if offset < WORD * heads or offset > end - base - WORD:
        return _BAD_OFFSET
    return base + offset


@kernel
def byte_string(p: Bytes, at: Word, end: Word) -> Word:
    """The length of the ``bytes`` whose length word lies at ``at``, or a negative code; content begins behind it."""
    length = small(p, at)
    start = at + WORD
    if length < 0 or length > end - start:
        return _SHORT
    padded = (length + 31) // 32 * 32
    if padded > end - start:
        return _SHORT
    place = length // 8 * 8
    if place < length:
        if (load_be(p, start + place) << np.uint64(8 * (length - place))) != _ZERO:
            return _DIRTY
        place += 8
    while place < padded:
        if load_be(p, start + place) != _ZERO:
            return _DIRTY
        place += 8
    return length


@kernel
def byte_strings(p: Bytes, at: Word, end: Word) -> Word:
    """The number of items of the ``bytes[]`` whose length word lies at ``at``, or a negative code. All are checked."""
    count = small(p, at)
    base = at + WORD
    if count < 0 or count > (end - base) // WORD:
        return _SHORT
    for item in range(count):
        start = tail(p, base, count, item, end)
        if start < 0:
            return start
        length = byte_string(p, start, end)
        if length < 0:
            return length
    return count


@inlined
def address_path(p: Bytes, at: Word, end: Word) -> Word:
    """The number of tokens of the ``address[]`` whose length word lies at ``at``, at least 2, or a negative code."""
    count = small(p, at)
    start = at + WORD
    if count < 0 or count > (end - start) // WORD:
        return _SHORT
    if count < 2:
        return _BAD_PATH
    dirt = _ZERO
    for item in range(count):
        word = start + WORD * item
        dirt |= load_be(p, word) | (load_be(p, word + 8) >> _HIGH_HALF)
    return count if dirt == _ZERO else _DIRTY


@kernel
def packed_path(p: Bytes, at: Word, end: Word) -> Word:
    """The number of pools of the path (20 + 23 n bytes) whose length word lies at ``at``, or a negative code."""
    length = byte_string(p, at, end)
    if length < 0:
        return length
    if length < 43 or (length - 20) % 23 != 0:
        return _BAD_PATH
    return (length - 20) // 23
