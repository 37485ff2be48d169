"""256-bit words as contracts compute with them: out of range is a refusal, never a wrong number."""

from tallyio.core.errors import ChainDataError
from tallyio.core.units import UINT256_MAX

OVERFLOW = "arithmetic overflow"
DIVISION_BY_ZERO = "division by zero"


class SwapRefusedError(ChainDataError):
    """The contract reverts here; the message is its own reason where it gives one."""


def u256(value: int) -> int:
    """``value`` where it fits an unsigned word; raises ``SwapRefusedError`` where the contract's arithmetic fails."""
    if 0 <= value <= UINT256_MAX:
        return value
    raise SwapRefusedError(OVERFLOW)


def div(numerator: int, denominator: int) -> int:
    """Floor quotient of two unsigned words; raises ``SwapRefusedError`` for a denominator of zero."""
    if denominator == 0:
        raise SwapRefusedError(DIVISION_BY_ZERO)
    return numerator // denominator


def toward_zero(numerator: int, denominator: int) -> int:
    """The quotient of signed words; ``denominator`` is above zero."""
    quotient = abs(numerator) // denominator
    return -quotient if numerator < 0 else quotient


def require(condition: bool, reason: str) -> None:
    if not condition:
        raise SwapRefusedError(reason)
