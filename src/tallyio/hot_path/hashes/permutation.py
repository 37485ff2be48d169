"""Keccak-f[1600] as LLVM instructions, for one state or for several side by side, one a lane of vectors.

All 25 words live in registers. AVX-512 has 32 vector registers, a rotation and a three-input logic in one instruction
each, which makes it the quicker place for a single state too: general registers are 16, and half the time would go
into spilling.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from tallyio.hot_path.hashes.constants import MOVES, ROTATIONS, ROUND_CONSTANTS, ROUNDS, STATE_WORDS

Builder = Any
Value = Any

_WORD, _SHORT = ir.IntType(64), ir.IntType(32)
_EXCLUSIVE_OR, _CHI = 0x96, 0xD2  # truth tables of a ^ b ^ c and of a ^ (~b & c)
_SOURCES = tuple(MOVES.index(i) for i in range(STATE_WORDS))
_UNROLLED = 2  # rounds in a turn of the loop: all 24 would not fit the cache of decoded instructions


class _Machine:
    """The instructions on one vector type."""

    def __init__(self, builder: Builder, lanes: int, ternary: bool) -> None:
        self._builder, self._lanes = builder, lanes
        self.type = ir.VectorType(_WORD, lanes) if lanes > 1 else _WORD
        suffix = f"v{lanes}i64" if lanes > 1 else "i64"
        self._shift = self._function(f"llvm.fshl.{suffix}", [self.type] * 3)
        table = f"llvm.x86.avx512.pternlog.q.{64 * lanes}"
        self._ternary = self._function(table, [*[self.type] * 3, _SHORT]) if ternary else None

    def _function(self, name: str, arguments: list[Any]) -> Any:
        kind = ir.FunctionType(self.type, arguments)
        return cgutils.get_or_insert_function(self._builder.module, kind, name)  # type: ignore[no-untyped-call]

    def every_lane(self, word: Value) -> Value:
        if self._lanes == 1:
            return word
        undefined = ir.Constant(self.type, ir.Undefined)
        first = self._builder.insert_element(undefined, word, _SHORT(0))
        zeros = ir.Constant(ir.VectorType(_SHORT, self._lanes), [0] * self._lanes)
        return self._builder.shuffle_vector(first, undefined, zeros)

    def constant(self, number: int) -> Value:
        return ir.Constant(self.type, [number] * self._lanes if self._lanes > 1 else number)

    def rotate(self, value: Value, by: int) -> Value:
        return self._builder.call(self._shift, [value, value, self.constant(by)]) if by else value

    def xor(self, a: Value, b: Value, c: Value) -> Value:
        if self._ternary:
            return self._builder.call(self._ternary, [a, b, c, _SHORT(_EXCLUSIVE_OR)])
        return self._builder.xor(self._builder.xor(a, b), c)

    def chi(self, a: Value, b: Value, c: Value) -> Value:
        if self._ternary:
            return self._builder.call(self._ternary, [a, b, c, _SHORT(_CHI)])
        return self._builder.xor(a, self._builder.and_(self._builder.not_(b), c))


def _round(machine: _Machine, a: list[Value], ternary: bool, builder: Builder) -> list[Value]:
    """Row by row of the result, so that few words are alive at once."""
    parity = [machine.xor(machine.xor(a[x], a[x + 5], a[x + 10]), a[x + 15], a[x + 20]) for x in range(5)]
    turned = [machine.rotate(column, 1) for column in parity]
    effect = [] if ternary else [builder.xor(parity[(x + 4) % 5], turned[(x + 1) % 5]) for x in range(5)]

    def moved(to: int) -> Value:
        i = _SOURCES[to]
        if ternary:
            mixed = machine.xor(a[i], parity[(i + 4) % 5], turned[(i % 5 + 1) % 5])
        else:
            mixed = builder.xor(a[i], effect[i % 5])
        return machine.rotate(mixed, ROTATIONS[i])

    found: list[Value] = []
    for y in range(0, STATE_WORDS, 5):
        row = [moved(y + x) for x in range(5)]
        found += [machine.chi(row[x], row[(x + 1) % 5], row[(x + 2) % 5]) for x in range(5)]
    return found


def emit(builder: Builder, state: Value, lanes: int, ternary: bool) -> None:
    """Permute the state behind ``state``, a pointer to 64-bit words: word ``i`` of lane ``j`` at ``i * lanes + j``.

    ``ternary`` asks for three-input logic, which only AVX-512 has (with its VL part for fewer than 8 lanes).
    """
    machine = _Machine(builder, lanes, ternary)
    wide = 2 if lanes == 1 and ternary else lanes
    if wide != lanes:
        machine = _Machine(builder, wide, ternary)
    places = [builder.gep(state, [_WORD(i * lanes)]) for i in range(STATE_WORDS)]
    words = []
    for place in places:
        if lanes == 1:
            words.append(machine.every_lane(builder.load(place)))
        else:
            words.append(builder.load(builder.bitcast(place, machine.type.as_pointer()), align=8))
    numbers = ir.Constant(ir.ArrayType(_WORD, ROUNDS), list(ROUND_CONSTANTS))
    table = cgutils.global_constant(builder, "keccak_rounds", numbers)  # type: ignore[no-untyped-call]
    before = builder.block
    body, after = builder.append_basic_block("rounds"), builder.append_basic_block("permuted")
    builder.branch(body)
    builder.position_at_end(body)
    number = builder.phi(_WORD)
    number.add_incoming(_WORD(0), before)
    carried = [builder.phi(machine.type) for _ in words]
    for phi, word in zip(carried, words, strict=True):
        phi.add_incoming(word, before)
    current: list[Value] = list(carried)
    for step in range(_UNROLLED):
        current = _round(machine, current, ternary, builder)
        constant = builder.load(builder.gep(table, [_WORD(0), builder.add(number, _WORD(step))]))
        current[0] = builder.xor(current[0], machine.every_lane(constant))
    following = builder.add(number, _WORD(_UNROLLED))
    number.add_incoming(following, body)
    for phi, word in zip(carried, current, strict=True):
        phi.add_incoming(word, body)
    builder.cbranch(builder.icmp_unsigned("<", following, _WORD(ROUNDS)), body, after)
    builder.position_at_end(after)
    for place, word in zip(places, current, strict=True):
        if lanes == 1 and wide > 1:
            builder.store(builder.extract_element(word, _SHORT(0)), place)
        elif lanes == 1:
            builder.store(word, place)
        else:
            builder.store(word, builder.bitcast(place, machine.type.as_pointer()), align=8)
