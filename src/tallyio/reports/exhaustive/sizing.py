"""The best input of a cycle: a float estimate points to it, exact integers decide.

Output is a concave function of input for every pool here, so profit has one peak but for the steps that integer
rounding makes; those are searched locally, and exhaustively where the amounts are small enough to list.
"""

from collections.abc import Callable, Sequence

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.reports.exhaustive.cycles import Cycle
from tallyio.reports.exhaustive.venues import Outline, State, States, estimate, swap

LISTABLE = 4096
"""Below this input every amount is tried."""
_OCTAVES = 112.0
_HALVINGS = 44


def estimated_peak(shapes: Sequence[tuple[Outline, float]]) -> tuple[float, float]:
    """(input, output) where the product of marginal rates falls to one; (0, 0) where it starts below."""
    low, high = 0.0, _OCTAVES
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        amount, slope = 2.0**middle, 1.0
        for shape, keep in shapes:
            amount, marginal = estimate(shape, keep, amount)
            slope *= marginal
        if slope > 1.0:
            low = middle
        else:
            high = middle
    amount = start = 2.0**low
    for shape, keep in shapes:
        amount, _ = estimate(shape, keep, amount)
    return (start, amount) if amount > start else (0.0, 0.0)


def run(cycle: Cycle, states: States, amount: int) -> tuple[tuple[int, ...], dict[Address, State]]:
    """Amounts before and after every hop, and the states that the hops leave."""
    amounts: list[int] = [amount]
    after: dict[Address, State] = {}
    for hop in cycle:
        _, amount, after[hop.pool.address] = swap(hop.pool, states[hop.pool.address], hop.token_in, amount)
        amounts.append(amount)
    return tuple(amounts), after


def best_input(cycle: Cycle, states: States, near: int) -> tuple[int, int]:
    """(input, profit) in the cycle's first token, exact; profit is negative or zero where there is none."""

    def profit(amount: int) -> int | None:
        try:
            return run(cycle, states, amount)[0][-1] - amount
        except ChainDataError:
            return None

    if near <= LISTABLE // 2:
        return listed(profit, range(1, LISTABLE + 1))
    best, gain = climb(profit, near, 1, near * 4)
    return _tightened(cycle, states, best, gain)


def listed(profit: Callable[[int], int | None], amounts: range) -> tuple[int, int]:
    """(amount, profit) by trying every amount; the smallest of the best."""
    scored = [(value, -amount) for amount in amounts if (value := profit(amount)) is not None]
    value, amount = max(scored, default=(0, 0))
    return -amount, value


def climb(profit: Callable[[int], int | None], near: int, least: int, most: int) -> tuple[int, int]:
    """Pattern search for the peak of ``profit`` on ``least..most`` from ``near``, down to single units."""
    floor = -(1 << 256)

    def value(amount: int) -> int:
        found = profit(amount)
        return floor if found is None else found

    best = min(max(near, least), most)
    gain = value(best)
    stride = max(1, best >> 12)
    while stride:
        for amount in (best + stride, best - stride):
            if least <= amount <= most and (found := value(amount)) > gain:
                best, gain = amount, found
                break
        else:
            stride >>= 2
    return best, gain


def _tightened(cycle: Cycle, states: States, amount: int, gain: int) -> tuple[int, int]:
    """Drop what rounding wastes: the least input that still gives the same output, walked backwards."""
    try:
        need = run(cycle, states, amount)[0][-1]
        for hop in reversed(cycle):
            need, _, _ = swap(hop.pool, states[hop.pool.address], hop.token_in, need, exact_out=True)
        better = run(cycle, states, need)[0][-1] - need
    except ChainDataError:
        return amount, gain
    return (need, better) if better > gain else (amount, gain)
