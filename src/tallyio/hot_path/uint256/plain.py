"""The words as plain Python integers: the twin of every intrinsic and kernel of ``uint256``."""

from collections.abc import Callable
from math import isqrt as integer_root
from typing import Any

import numpy as np

Limb = Any
Limbs = Any

_MODULUS = 1 << 256
_LIMB = 64
_ALL = (1 << _LIMB) - 1


class Word(int):
    """An integer from 0 to 2**256 - 1 whose operators wrap."""

    def __add__(self, other: int) -> "Word":
        return _wrapped(int(self) + int(other))

    def __sub__(self, other: int) -> "Word":
        return _wrapped(int(self) - int(other))

    def __mul__(self, other: int) -> "Word":
        return _wrapped(int(self) * int(other))

    def __lshift__(self, places: int) -> "Word":
        return _wrapped(int(self) << int(places))

    def __rshift__(self, places: int) -> "Word":
        return _wrapped(int(self) >> int(places))

    def __and__(self, other: int) -> "Word":
        return _wrapped(int(self) & int(other))

    def __or__(self, other: int) -> "Word":
        return _wrapped(int(self) | int(other))

    def __xor__(self, other: int) -> "Word":
        return _wrapped(int(self) ^ int(other))

    def __invert__(self) -> "Word":
        return _wrapped(~int(self))


def _wrapped(value: int) -> Word:
    return Word(value % _MODULUS)


def constant(value: int) -> Callable[[], Word]:
    made = Word(value)
    return lambda: made


def u256(x: Limb) -> Word:
    return Word(int(x) & _ALL)


def from_limbs(l0: Limb, l1: Limb, l2: Limb, l3: Limb) -> Word:
    return Word(sum(int(part) << (_LIMB * place) for place, part in enumerate((l0, l1, l2, l3))))


def limb(a: Word, i: Limb) -> Limb:
    return np.uint64((int(a) >> (_LIMB * int(i))) & _ALL)


def load(p: Limbs, i: Limb) -> Word:
    i = int(i)
    return from_limbs(p[i], p[i + 1], p[i + 2], p[i + 3])


def load128(p: Limbs, i: Limb) -> Word:
    i = int(i)
    return from_limbs(p[i], p[i + 1], 0, 0)


def store(p: Limbs, i: Limb, a: Word) -> None:
    for place in range(4):
        p[int(i) + place] = limb(a, place)


def store128(p: Limbs, i: Limb, a: Word) -> None:
    for place in range(2):
        p[int(i) + place] = limb(a, place)


def bits(a: Word) -> Limb:
    return np.uint64(int(a).bit_length())


def to_float(a: Word) -> float:
    parts = [float(int(limb(a, place))) for place in range(4)]
    return (parts[3] * 2.0**_LIMB + parts[2]) * 2.0 ** (2 * _LIMB) + (parts[1] * 2.0**_LIMB + parts[0])


def from_float(x: float) -> Word:
    if not x >= 1:
        return Word(0)
    return Word(_MODULUS - 1) if x >= 2.0**256 else Word(int(x))


def from_float_128(x: float) -> Word:
    return Word(int(x))


def fits(a: Word, n: Limb) -> bool:
    return int(a) >> int(n) == 0


def add_checked(a: Word, b: Word) -> tuple[Word, bool]:
    return a + b, int(a) + int(b) < _MODULUS


def sub_checked(a: Word, b: Word) -> tuple[Word, bool]:
    return a - b, int(a) >= int(b)


def mul_checked(a: Word, b: Word) -> tuple[Word, bool]:
    return a * b, int(a) * int(b) < _MODULUS


def mul_wide(a: Word, b: Word) -> tuple[Word, Word]:
    high, low = divmod(int(a) * int(b), _MODULUS)
    return Word(high), Word(low)


def mul_128(a: Word, b: Word) -> Word:
    return Word((int(a) % 2**128) * (int(b) % 2**128))


def _divided(numerator: int, d: int, up: bool) -> tuple[Word, bool]:
    if d == 0:
        return Word(0), False
    q = -(-numerator // d) if up else numerator // d
    return (Word(q), True) if q < _MODULUS else (Word(0), False)


def mul_div(a: Word, b: Word, d: Word) -> tuple[Word, bool]:
    return _divided(int(a) * int(b), int(d), False)


def mul_div_up(a: Word, b: Word, d: Word) -> tuple[Word, bool]:
    return _divided(int(a) * int(b), int(d), True)


def div(a: Word, d: Word) -> tuple[Word, bool]:
    return _divided(int(a), int(d), False)


def div_up(a: Word, d: Word) -> tuple[Word, bool]:
    return _divided(int(a), int(d), True)


def div_small(a: Word, d: Limb) -> tuple[Word, bool]:
    return _divided(int(a), int(d), False)


def isqrt(a: Word) -> Word:
    return Word(integer_root(int(a)))
