"""Unsigned 18-decimal fixed point with explicit rounding, as Balancer's contracts compute with it."""

from tallyio.protocols.dex.families.words import DIVISION_BY_ZERO, require, u256

ONE = 10**18
SUB_OVERFLOW = "BAL#001 SUB_OVERFLOW"


def mul_down(a: int, b: int) -> int:
    return u256(a * b) // ONE


def mul_up(a: int, b: int) -> int:
    return -(-u256(a * b) // ONE)


def div_down(a: int, b: int) -> int:
    require(b != 0, DIVISION_BY_ZERO)
    return u256(a * ONE) // b


def div_up(a: int, b: int) -> int:
    require(b != 0, DIVISION_BY_ZERO)
    return -(-u256(a * ONE) // b)


def quotient_up(a: int, b: int) -> int:
    """The quotient of plain integers, rounded up."""
    require(b != 0, DIVISION_BY_ZERO)
    return -(-a // b)


def complement(x: int) -> int:
    """``1 - x``, and zero from one on."""
    return max(ONE - x, 0)


def less(a: int, b: int) -> int:
    """``a - b``; raises ``SwapRefusedError`` below zero."""
    require(b <= a, SUB_OVERFLOW)
    return a - b
