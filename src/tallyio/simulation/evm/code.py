"""Bytecode, cut into straight runs as they are first entered.

A run goes from an entry to the next jump, end, or instruction that sees the gas left (GAS, SSTORE, calls, creations).
Its fixed gas and its stack bounds are added up once and checked at its start: a frame that would fail inside fails
there, which the chain cannot tell apart, because a failed frame loses all gas and all effects either way.
"""

from collections.abc import Callable
from typing import Any

from tallyio.chains.keccak import keccak256

EMPTY_HASH = keccak256(b"")

PUSH, DUP, SWAP, POP, ADD, JUMP_IF, JUMP_TO, MSTORE, AND, JUMP = range(10)
MLOAD, ISZERO, SUB, EQ, LT, GT, MUL, DIV, SHL, SHR, LOAD = range(10, 21)
PURE, FRAME, HOST, CALL, OR, JUMP_IF_ANY, GAS, STOP, RETURN, REVERT, INVALID, NOT, ADD_N, AND_N = range(21, 35)
"""What the interpreter tells apart, the most frequent first. PURE: ``f(stack)``; FRAME: pushes ``f(frame)``; HOST:
``f(machine, frame)`` with its gas in the frame; CALL: the same, and a frame may come back to be run."""

Operation = tuple[int, Any]
Entry = tuple[int, int, int, int, Callable[..., Any] | int | None]
"""Of an opcode: what the interpreter does, fixed gas, items taken, items left, function or index into the stack."""
Run = tuple[int, int, int, list[Operation], int]
"""Fixed gas, least and most items on the stack at its start, operations, where it goes on."""

_LIMIT = 1024
_DEEPEST = 12
"""Steps back before the whole code is swept instead."""
_ENDS = frozenset((STOP, RETURN, REVERT, INVALID, JUMP))
_BREAKS = frozenset((CALL, GAS))
_TAKES_CONSTANT = frozenset((JUMP, JUMP_IF_ANY, ADD, AND))
_JUMPDEST, _PC = 0x5B, 0x58
_SELFDESTRUCT, _SSTORE = 0xFF, 0x55


class Code:
    """``table`` decides what the bytes mean: the same code under two forks is two objects."""

    __slots__ = ("_jumps", "_known", "hash", "raw", "runs", "table")

    def __init__(self, raw: bytes, table: list[Entry | None], code_hash: bytes | None = None) -> None:
        self.raw = raw
        self.table = table
        self.hash = keccak256(raw) if code_hash is None else code_hash
        self.runs: dict[int, Run] = {}
        self._known: dict[int, bool] = {}
        self._jumps: set[int] | None = None

    def jumps_to(self, at: int) -> bool:
        """Whether ``at`` is a JUMPDEST that is no PUSH's data."""
        known = self._known.get(at)
        if known is None:
            known = self._known[at] = self._is_destination(at)
        return known

    def _is_destination(self, at: int) -> bool:
        raw = self.raw
        if at >= len(raw) or raw[at] != _JUMPDEST:
            return False
        if self._jumps is None:
            try:
                return self._starts(at, _DEEPEST, {})
            except RecursionError:
                self._jumps = _destinations(raw)
        return at in self._jumps

    def _starts(self, at: int, deepest: int, known: dict[int, bool]) -> bool:
        """Whether an instruction starts at ``at``: no PUSH before it, itself an instruction, reaches so far."""
        if at in known:
            return known[at]
        if deepest == 0:
            raise RecursionError
        raw, starts = self.raw, True
        for push in range(max(at - 32, 0), at):
            if at - push + 0x5F <= raw[push] <= 0x7F and self._starts(push, deepest - 1, known):
                starts = False
                break
        known[at] = starts
        return starts

    def run_at(self, pc: int) -> Run:
        run = self.runs[pc] = self._decode(pc)
        return run

    def _decode(self, pc: int) -> Run:
        raw, table = self.raw, self.table
        size = len(raw)
        operations: list[Operation] = []
        gas = height = least = most = 0
        while True:
            if pc >= size:
                operations.append((STOP, None))
                break
            opcode = raw[pc]
            if 0x60 <= opcode < 0x80:
                after = pc + opcode - 0x5E
                value = raw[pc + 1 : after]
                operations.append((PUSH, int.from_bytes(value) << 8 * (after - pc - 1 - len(value))))
                gas += 3
                height += 1
                if height > most:
                    most = height
                pc = after
                continue
            entry = table[opcode]
            if entry is None:
                operations.append((INVALID, opcode))
                break
            kind, cost, takes, leaves, function = entry
            gas += cost
            if height - takes < least:
                least = height - takes
            height += leaves - takes
            if height > most:
                most = height
            pc += 1
            if kind in (DUP, SWAP):
                operations.append((kind, function))
                continue
            if opcode == _JUMPDEST:
                continue
            if opcode == _PC:
                operations.append((PUSH, pc - 1))
                continue
            if kind in _TAKES_CONSTANT and operations and operations[-1][0] == PUSH:
                pushed = operations.pop()[1]
                if kind in (ADD, AND):
                    operations.append((ADD_N if kind == ADD else AND_N, pushed))
                    continue
                if not self.jumps_to(pushed):
                    pushed = -1
                operations.append((JUMP_TO if kind == JUMP else JUMP_IF, pushed))
                break
            operations.append((kind, function))
            if opcode == _SELFDESTRUCT:
                operations.append((STOP, None))
            if kind in _ENDS or kind in _BREAKS or kind == JUMP_IF_ANY or opcode in (_SSTORE, _SELFDESTRUCT):
                break
        return gas, -least, _LIMIT - most, operations, pc


def _destinations(raw: bytes) -> set[int]:
    found = set()
    pc, size = 0, len(raw)
    while pc < size:
        opcode = raw[pc]
        if opcode == _JUMPDEST:
            found.add(pc)
        pc += opcode - 0x5E if 0x60 <= opcode < 0x80 else 1
    return found


EMPTY_CODE = Code(b"", [], EMPTY_HASH)
