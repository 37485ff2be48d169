"""The input for a wanted output, of contracts that only quote inputs: by bisection on the exact model."""

from collections.abc import Callable

from tallyio.core.errors import ChainDataError

_DOUBLINGS = 256


def least_input(quote: Callable[[int], int], wanted: int, guess: int) -> int:
    """The least input for which ``quote`` pays ``wanted``; ``guess`` is about it.

    ``quote`` does not fall as its input grows, but for the last wei of Newton's method: there the answer pays
    ``wanted`` and one unit less does not. Raises ``ChainDataError`` where no input pays it, with the contract's reason.
    """

    paid, step, too_little, high = _paid(quote, max(guess, 1)), 1, 0, max(guess, 1)
    if paid is None or paid < wanted:
        quoted = bool(paid)
        for _ in range(_DOUBLINGS):
            too_little, high, step = high, high + step, step * 2
            paid = _paid(quote, high)
            if (paid is not None and paid >= wanted) or (paid is None and quoted):
                break
            quoted = quoted or bool(paid)
    else:
        while high > 1 and not too_little:
            amount = max(high - step, 1)
            below = _paid(quote, amount)
            if below is not None and below >= wanted:
                high, step = amount, step * 2
            else:
                too_little = amount
    beyond = paid is None
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


def _paid(quote: Callable[[int], int], amount: int) -> int | None:
    """``None`` where the contract refuses: less than it computes with, or more."""
    try:
        return quote(amount)
    except ChainDataError:
        return None
