"""Items of RLP (Ethereum yellow paper, appendix B) read in place, in the one form that nodes accept.

Every reader takes the offset ``at`` of an item and the ``end`` of what holds it, reads nothing outside ``[at, end)``
but bytes before it in the same buffer, and gives the next item's offset, or a negative ``Code``.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.transactions.byte_access import byte, load_be
from tallyio.hot_path.transactions.codes import Code

Bytes = Any
Words = Any
Word = Any

_EMPTY, _LONG_STRING, _LIST, _LONG_LIST = 0x80, 0xB8, 0xC0, 0xF8
_SHORT_LIMIT = 56  # longer payloads write their length out
_WIDEST = 4  # bytes of a length; one of more is past any buffer that fits a machine
_ENDS_EARLY = -int(Code.ENDS_EARLY)
_NON_CANONICAL = -int(Code.NON_CANONICAL_SIZE)
_LEADING_ZERO = -int(Code.LEADING_ZERO)
_EXPECTED_STRING = -int(Code.EXPECTED_STRING)
_EXPECTED_LIST = -int(Code.EXPECTED_LIST)
_TOO_WIDE = -int(Code.TOO_WIDE)
_ZERO = np.uint64(0)
_SHORTEST = np.uint64(_EMPTY)
_FULL_WORD = 0xA0  # the header of a string of 32 bytes
_TOP_BYTE = np.uint64(56)
_ONES = np.uint64(2**64 - 1)


@kernel
def low_bytes(p: Bytes, at: Word, count: Word) -> Word:
    """The ``count`` (0 to 8) bytes from ``at`` on as a big-endian uint64."""
    if count <= 0:
        return _ZERO
    if at + count >= 8:
        return load_be(p, at + count - 8) & (_ONES >> np.uint64(64 - 8 * count))
    value = _ZERO
    for i in range(count):
        value = (value << np.uint64(8)) | np.uint64(byte(p, at + i))
    return value


@kernel
def _long_header(p: Bytes, at: Word, end: Word, size: Word) -> tuple[Word, Word]:
    if size > end - at - 1:
        return _ENDS_EARLY, 0
    if byte(p, at + 1) == 0:
        return _NON_CANONICAL, 0
    if size > _WIDEST:
        return _ENDS_EARLY, 0
    length = 0
    for i in range(size):
        length = length * 256 + byte(p, at + 1 + i)
    if length < _SHORT_LIMIT:
        return _NON_CANONICAL, 0
    if length > end - at - 1 - size:
        return _ENDS_EARLY, 0
    return at + 1 + size, length


@inlined
def text(p: Bytes, at: Word, end: Word) -> tuple[Word, Word]:
    """A string: where its payload starts (or a negative code) and its length in bytes."""
    if at >= end:
        return _ENDS_EARLY, 0
    first = byte(p, at)
    if first < _EMPTY:
        return at, 1
    if first < _LONG_STRING:
        length = first - _EMPTY
        if length > end - at - 1:
            return _ENDS_EARLY, 0
        if length == 1 and byte(p, at + 1) < _EMPTY:
            return _NON_CANONICAL, 0
        return at + 1, length
    if first < _LIST:
        return _long_header(p, at, end, first - (_LONG_STRING - 1))
    return _EXPECTED_STRING, 0


@kernel
def sequence(p: Bytes, at: Word, end: Word) -> tuple[Word, Word]:
    """A list: where its payload starts (or a negative code) and its length in bytes."""
    if at >= end:
        return _ENDS_EARLY, 0
    first = byte(p, at)
    if first < _LIST:
        return _EXPECTED_LIST, 0
    if first >= _LONG_LIST:
        return _long_header(p, at, end, first - (_LONG_LIST - 1))
    length = first - _LIST
    if length > end - at - 1:
        return _ENDS_EARLY, 0
    return at + 1, length


@inlined
def number(p: Bytes, at: Word, end: Word) -> tuple[Word, Word]:
    """An integer of at most 64 bits: its value, and the next offset or a negative code."""
    if end - at < 9:
        return _number_near_end(p, at, end)
    first = byte(p, at)
    if first < _EMPTY:
        return np.uint64(first), at + 1 if first > 0 else _LEADING_ZERO
    length = first - _EMPTY
    if length == 0:
        return _ZERO, at + 1
    if length > 8:
        return _ZERO, _TOO_WIDE if first < _LIST else _EXPECTED_STRING
    value = load_be(p, at + 1) >> np.uint64(64 - 8 * length)
    if value >> np.uint64(8 * length - 8) == _ZERO:
        return _ZERO, _LEADING_ZERO
    if value < _SHORTEST:
        return _ZERO, _NON_CANONICAL
    return value, at + 1 + length


@kernel
def _number_near_end(p: Bytes, at: Word, end: Word) -> tuple[Word, Word]:
    """The same where eight bytes after the first may be too many to read."""
    start, length = text(p, at, end)
    if start < 0:
        return _ZERO, start
    if length > 8:
        return _ZERO, _TOO_WIDE
    if length > 0 and byte(p, start) == 0:
        return _ZERO, _LEADING_ZERO
    return low_bytes(p, start, length), start + length


@inlined
def wide_number(p: Bytes, at: Word, end: Word, out: Words, word: Word) -> Word:
    """An integer of at most 256 bits into the limbs ``out[word]`` to ``out[word + 3]``; the next offset or a code."""
    if end - at >= 33:
        first = byte(p, at)
        if first == _FULL_WORD:
            top = load_be(p, at + 1)
            out[word] = load_be(p, at + 25)
            out[word + 1] = load_be(p, at + 17)
            out[word + 2] = load_be(p, at + 9)
            out[word + 3] = top
            return at + 33 if top >> _TOP_BYTE != _ZERO else _LEADING_ZERO
        if first <= _EMPTY + 8:
            out[word], at = number(p, at, end)
            out[word + 1] = out[word + 2] = out[word + 3] = _ZERO
            return at
    return _odd_number(p, at, end, out, word)


@kernel
def _odd_number(p: Bytes, at: Word, end: Word, out: Words, word: Word) -> Word:
    """The same for any length and place."""
    start, length = text(p, at, end)
    if start < 0:
        return start
    if length > 32:
        return _TOO_WIDE
    if length > 0 and byte(p, start) == 0:
        return _LEADING_ZERO
    rest = length
    for limb in range(4):
        part = min(rest, 8)
        out[word + limb] = low_bytes(p, start + rest - part, part)
        rest -= part
    return start + length
