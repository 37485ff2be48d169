"""Blocks of several messages turned into lanes, as LLVM instructions.

Each message is loaded as whole vectors, masked at its end, and squares of as many messages as words are transposed in
registers. (Gathering the words instead took half as long as the permutation, on processors that guard their gathers.)
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from tallyio.hot_path.hashes.constants import RATE_WORDS

Builder = Any
Value = Any

_WORD, _SHORT, _FLAG = ir.IntType(64), ir.IntType(32), ir.IntType(1)


def absorb(builder: Builder, lanes: int, state: Value, p: Value, starts: Value, fulls: Value, tails: Value) -> None:
    """Xor ``fulls[j]`` words from byte ``starts[j]`` on, then the word ``tails[j]``, into lane ``j`` of ``state``."""
    vector = ir.VectorType(_WORD, lanes)
    squares = RATE_WORDS // lanes * lanes

    def mix(i: int, words: Value) -> None:
        row = builder.bitcast(builder.gep(state, [_WORD(i * lanes)]), vector.as_pointer())
        builder.store(builder.xor(builder.load(row, align=8), words), row, align=8)

    messages = []
    for j in range(lanes):
        start, full, tail_at = (builder.gep(words, [_WORD(j)]) for words in (starts, fulls, tails))
        messages.append((builder.gep(p, [builder.load(start)]), builder.load(full), tail_at))
    for first in range(0, squares, lanes):
        rows = [_words(builder, vector, first, *message) for message in messages]
        for i, words in enumerate(_transposed(builder, rows)):
            mix(first + i, words)
    for i in range(squares, RATE_WORDS):
        words = ir.Constant(vector, ir.Undefined)
        for j, message in enumerate(messages):
            words = builder.insert_element(words, _word(builder, i, *message), _SHORT(j))
        mix(i, words)


def _words(builder: Builder, vector: Any, first: int, at: Value, full: Value, tail_at: Value) -> Value:
    """A message's words from ``first`` on, its tail where it ends, zeros after it."""
    lanes = vector.count
    undefined = ir.Constant(vector, ir.Undefined)
    zeros = ir.Constant(ir.VectorType(_SHORT, lanes), [0] * lanes)

    def every(word: Value) -> Value:
        return builder.shuffle_vector(builder.insert_element(undefined, word, _SHORT(0)), undefined, zeros)

    numbers, end = ir.Constant(vector, list(range(first, first + lanes))), every(full)
    inside = builder.icmp_unsigned("<", numbers, end)
    last = builder.icmp_unsigned("==", numbers, end)
    otherwise = builder.select(last, every(builder.load(tail_at)), ir.Constant(vector, [0] * lanes))
    place = builder.bitcast(builder.gep(at, [_WORD(8 * first)]), vector.as_pointer())
    kind = ir.FunctionType(vector, [place.type, _SHORT, ir.VectorType(_FLAG, lanes), vector])
    name = f"llvm.masked.load.v{lanes}i64.p0"
    load = cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]
    return builder.call(load, [place, _SHORT(1), inside, otherwise])


def _word(builder: Builder, i: int, at: Value, full: Value, tail_at: Value) -> Value:
    """Word ``i`` of a message: read from the message only where it lies in it."""
    place = builder.bitcast(builder.gep(at, [_WORD(8 * i)]), _WORD.as_pointer())
    inside = builder.icmp_unsigned("<", _WORD(i), full)
    word = builder.load(builder.select(inside, place, tail_at), align=1)
    return builder.select(builder.icmp_unsigned("<=", _WORD(i), full), word, _WORD(0))


def _transposed(builder: Builder, rows: list[Value]) -> list[Value]:
    """A square of words: at each distance, the off-diagonal blocks of every pair of rows change places."""
    lanes, distance = len(rows), 1
    positions = ir.VectorType(_SHORT, lanes)
    while distance < lanes:
        upper = [j if not j & distance else lanes + j - distance for j in range(lanes)]
        lower = [j + distance if not j & distance else lanes + j for j in range(lanes)]
        changed = list(rows)
        for i in range(lanes):
            if not i & distance:
                a, b = rows[i], rows[i + distance]
                changed[i] = builder.shuffle_vector(a, b, ir.Constant(positions, upper))
                changed[i + distance] = builder.shuffle_vector(a, b, ir.Constant(positions, lower))
        rows, distance = changed, 2 * distance
    return rows
