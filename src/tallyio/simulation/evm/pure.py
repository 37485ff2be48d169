"""Instructions that touch the stack alone (Yellow Paper, appendix H.2), those too rare for the loop itself."""

from collections.abc import Callable

Stack = list[int]

_MASK = (1 << 256) - 1
_SIGN = 1 << 255
_ALL = 1 << 256


def _signed(word: int) -> int:
    return word - _ALL if word & _SIGN else word


def sdiv(stack: Stack) -> None:
    a, b = _signed(stack.pop()), _signed(stack.pop())
    quotient = 0 if b == 0 else abs(a) // abs(b)
    stack.append((-quotient if (a < 0) != (b < 0) else quotient) & _MASK)


def mod(stack: Stack) -> None:
    a, b = stack.pop(), stack.pop()
    stack.append(a % b if b else 0)


def smod(stack: Stack) -> None:
    a, b = _signed(stack.pop()), _signed(stack.pop())
    rest = 0 if b == 0 else abs(a) % abs(b)
    stack.append((-rest if a < 0 else rest) & _MASK)


def addmod(stack: Stack) -> None:
    a, b, n = stack.pop(), stack.pop(), stack.pop()
    stack.append((a + b) % n if n else 0)


def mulmod(stack: Stack) -> None:
    a, b, n = stack.pop(), stack.pop(), stack.pop()
    stack.append(a * b % n if n else 0)


def signextend(stack: Stack) -> None:
    size, word = stack.pop(), stack.pop()
    if size < 31:
        bits = 8 * size + 8
        word &= (1 << bits) - 1
        if word >> (bits - 1):
            word |= _ALL - (1 << bits)
    stack.append(word)


def slt(stack: Stack) -> None:
    stack.append(1 if _signed(stack.pop()) < _signed(stack.pop()) else 0)


def sgt(stack: Stack) -> None:
    stack.append(1 if _signed(stack.pop()) > _signed(stack.pop()) else 0)


def xor(stack: Stack) -> None:
    stack.append(stack.pop() ^ stack.pop())


def byte(stack: Stack) -> None:
    at, word = stack.pop(), stack.pop()
    stack.append(word >> 8 * (31 - at) & 0xFF if at < 32 else 0)


def sar(stack: Stack) -> None:
    bits, word = stack.pop(), _signed(stack.pop())
    stack.append(word >> min(bits, 255) & _MASK)


def clz(stack: Stack) -> None:
    """Leading zero bits (EIP-7939)."""
    stack.append(256 - stack.pop().bit_length())


PURE: dict[int, tuple[Callable[[Stack], None], int, int]] = {
    0x05: (sdiv, 5, 2),
    0x06: (mod, 5, 2),
    0x07: (smod, 5, 2),
    0x08: (addmod, 8, 3),
    0x09: (mulmod, 8, 3),
    0x0B: (signextend, 5, 2),
    0x12: (slt, 3, 2),
    0x13: (sgt, 3, 2),
    0x18: (xor, 3, 2),
    0x1A: (byte, 3, 2),
    0x1D: (sar, 3, 2),
}
"""Opcode: function, gas, items taken; one is left."""
