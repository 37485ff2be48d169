"""The loop that runs a frame until it ends or opens another one.

Python integers are the words; sums are masked to 256 bits where they can leave it. The order of the comparisons is the
order of frequency on Ethereum's blocks.
"""

from typing import TYPE_CHECKING

from tallyio.simulation.evm import code as op
from tallyio.simulation.evm.code import (
    ADD,
    ADD_N,
    AND,
    AND_N,
    CALL,
    DIV,
    DUP,
    EQ,
    FRAME,
    GAS,
    HOST,
    ISZERO,
    JUMP_IF,
    JUMP_TO,
    LT,
    MLOAD,
    MSTORE,
    MUL,
    NOT,
    OR,
    POP,
    PURE,
    PUSH,
    RETURN,
    REVERT,
    SHL,
    SHR,
    STOP,
    SUB,
    SWAP,
)
from tallyio.simulation.evm.frame import Frame, grow
from tallyio.simulation.evm.halt import Halt

if TYPE_CHECKING:
    from tallyio.simulation.evm.machine import Machine

MASK = (1 << 256) - 1


class Reverted(Exception):  # noqa: N818 - an outcome of the chain, not an error of ours
    """The frame ended with REVERT; its output says why and its gas is kept."""


def interpret(machine: "Machine", frame: Frame) -> Frame | None:
    """Run ``frame`` on: a new frame to be run first, or None at its end. Raises ``Halt`` or ``Reverted``."""
    code, stack, memory, data = frame.code, frame.stack, frame.memory, frame.data
    push, pop = stack.append, stack.pop
    runs, gas, pc, size = code.runs, frame.gas, frame.pc, len(data)
    while True:
        run = runs.get(pc) or code.run_at(pc)
        cost, least, most, operations, pc = run
        gas -= cost
        if gas < 0:
            raise Halt("out of gas")
        if not least <= len(stack) <= most:
            raise Halt("stack limit")
        for kind, arg in operations:
            if kind < 10:
                if kind == PUSH:
                    push(arg)
                elif kind == DUP:
                    push(stack[arg])
                elif kind == SWAP:
                    stack[-1], stack[arg] = stack[arg], stack[-1]
                elif kind == POP:
                    pop()
                elif kind == ADD:
                    push(pop() + pop() & MASK)
                elif kind == JUMP_IF:
                    if pop():
                        if arg < 0:
                            raise Halt("bad jump destination")
                        pc = arg
                elif kind == JUMP_TO:
                    if arg < 0:
                        raise Halt("bad jump destination")
                    pc = arg
                elif kind == MSTORE:
                    at = pop()
                    if at + 32 > len(memory):
                        gas = grow(memory, at + 32, gas)
                    memory[at : at + 32] = pop().to_bytes(32)
                elif kind == AND:
                    push(pop() & pop())
                else:
                    pc = pop()
                    if not code.jumps_to(pc):
                        raise Halt("bad jump destination")
            elif kind < 16:
                if kind == MLOAD:
                    at = pop()
                    if at + 32 > len(memory):
                        gas = grow(memory, at + 32, gas)
                    push(int.from_bytes(memory[at : at + 32]))
                elif kind == ISZERO:
                    stack[-1] = 0 if stack[-1] else 1
                elif kind == SUB:
                    push(pop() - pop() & MASK)
                elif kind == EQ:
                    push(1 if pop() == pop() else 0)
                elif kind == LT:
                    push(1 if pop() < pop() else 0)
                else:
                    push(1 if pop() > pop() else 0)
            elif kind < 21:
                if kind == MUL:
                    push(pop() * pop() & MASK)
                elif kind == DIV:
                    top = pop()
                    stack[-1] = top // stack[-1] if stack[-1] else 0
                elif kind == SHL:
                    bits = pop()
                    stack[-1] = stack[-1] << bits & MASK if bits < 256 else 0
                elif kind == SHR:
                    bits = pop()
                    stack[-1] = stack[-1] >> bits if bits < 256 else 0
                else:
                    at = stack[-1]
                    if at + 32 <= size:
                        stack[-1] = int.from_bytes(data[at : at + 32])
                    else:
                        word = data[at : at + 32] if at < size else b""
                        stack[-1] = int.from_bytes(word) << 8 * (32 - len(word))
            elif kind == ADD_N:
                stack[-1] = stack[-1] + arg & MASK
            elif kind == AND_N:
                stack[-1] &= arg
            elif kind == PURE:
                arg(stack)
            elif kind == HOST:
                frame.gas = gas
                arg(machine, frame)
                gas = frame.gas
                if gas < 0:
                    raise Halt("out of gas")
            elif kind == FRAME:
                push(arg(machine, frame))
            elif kind == OR:
                push(pop() | pop())
            elif kind == NOT:
                stack[-1] ^= MASK
            elif kind == op.JUMP_IF_ANY:
                at = pop()
                if pop():
                    if not code.jumps_to(at):
                        raise Halt("bad jump destination")
                    pc = at
            elif kind == CALL:
                frame.gas, frame.pc = gas, pc
                child: Frame | None = arg(machine, frame)
                if child is not None:
                    return child
                gas = frame.gas
            elif kind == GAS:
                push(gas)
            elif kind == STOP:
                frame.gas = gas
                return None
            elif kind in (RETURN, REVERT):
                offset, length = pop(), pop()
                frame.gas = gas
                frame.reach(offset, length)
                frame.output = frame.read(offset, length)
                if kind == REVERT:
                    raise Reverted
                return None
            else:
                raise Halt("invalid opcode")
