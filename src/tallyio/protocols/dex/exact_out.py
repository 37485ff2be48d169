"""The input for a wanted output, of contracts that only quote inputs: by bisection on the exact model."""

from collections.abc import Callable

from tallyio.core.errors import ChainDataError
from tallyio.core.units import UINT128_MAX


def least_input(quote: Callable[[int], int], wanted: int, guess: int) -> int:
    """The least input for which ``quote`` pays ``wanted``; ``guess`` is about it.

    ``quote`` does not fall as its input grows, but for the last wei of Newton's method: there the answer pays
    ``wanted`` and one unit less does not. Raises ``ChainDataError`` where no input pays it, with the contract's reason.
    """

    high = max(guess, 1)
    paid = _paid(quote, high)
    beyond = False
    if paid is None or paid < wanted:
        too_little, high, beyond = _upwards(quote, wanted, high)
    else:
        too_little, high = _downwards(quote, wanted, high)
    while high - too_little > 1:
        middle = (too_little + high) // 2
        paid = _paid(quote, middle)
        if beyond if paid is None else paid >= wanted:
            high = middle
        else:
            too_little = middle
    if (found := quote(high)) < wanted:
        raise ChainDataError(f"no input pays {wanted}, {high} pays {found}")
    return high


def _upwards(quote: Callable[[int], int], wanted: int, low: int) -> tuple[int, int, bool]:
    """Too little, enough, and whether that is only because the contract refuses more than the last it quotes."""
    step, refused, high = 1, 0, low
    while high < UINT128_MAX:
        high, step = high + step, step * 2
        paid = _paid(quote, high)
        if paid is None:
            refused = refused or high
        elif paid >= wanted:
            return low, high, False
        else:
            low, refused = high, 0
    if not refused:
        raise ChainDataError(f"no input pays {wanted}")
    return low, refused, True


def _downwards(quote: Callable[[int], int], wanted: int, high: int) -> tuple[int, int]:
    step = 1
    while high > 1:
        amount = max(high - step, 1)
        paid = _paid(quote, amount)
        if paid is None or paid < wanted:
            return amount, high
        high, step = amount, step * 2
    return 0, high


def _paid(quote: Callable[[int], int], amount: int) -> int | None:
    """``None`` where the contract refuses: less than it computes with, or more."""
    try:
        return quote(amount)
    except ChainDataError:
        return None
