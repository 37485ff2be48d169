"""The best input of a cycle: a float optimum as the seed, then exact integers alone.

Seed: each hop is a Moebius map of its input, so a chain of hops is one too, ``A x / (B + C x)``, and the profit's
optimum is ``(sqrt(A B) - B) / C``. Where a v3 hop would leave its range first, the walk goes that far, takes the next
range and solves again; profit is concave along the path, so the walk never turns back.

Refinement: the contracts' roundings make profit a staircase in the input, with treads as long as one unit of the
coarsest token on the path is worth. In the amount of that token it is smooth, so the search climbs in that amount on
exact quotes: backwards from it by least inputs, forwards by outputs.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple, Protocol

from tallyio.core.pools import PairState, Pool
from tallyio.hot_path.amm.quote import input_for, least_input, output_of
from tallyio.hot_path.curve import Curve, FloatCurve, Piece
from tallyio.hot_path.peak import peak

_MAX_PIECES = 4096
_FAR, _NEAR = 10, 22
"""Strides of the climb, as shifts of the amount. Profit is flat at its peak: off by ``2 ** -22`` costs ``2 ** -44``."""
_FINE = 1 << 50
"""Above this, one unit of an amount weighs less than a billionth of any profit worth taking."""


class Exchange(Protocol):
    """One swap of a path, exact: one direction of a pool in the state before it. An answer of 0 means that the pool
    does not make the swap."""

    def output_of(self, amount_in: int) -> int:
        """What an input pays."""
        ...

    def input_for(self, amount_out: int) -> int:
        """An input that pays at least ``amount_out``, near the least."""
        ...

    def least_input(self, amount_out: int) -> int:
        """As ``input_for``, nearer where that costs little."""
        ...


class Leg(NamedTuple):
    """An ``Exchange`` of a pool that the kernels hold."""

    pool: Pool
    state: PairState
    zero_for_one: bool

    def output_of(self, amount_in: int) -> int:
        return output_of(self.pool, self.state, self.zero_for_one, amount_in)

    def input_for(self, amount_out: int) -> int:
        return input_for(self.pool, self.state, self.zero_for_one, amount_out)

    def least_input(self, amount_out: int) -> int:
        return least_input(self.pool, self.state, self.zero_for_one, amount_out)


class Sized(NamedTuple):
    """``amounts[0]`` goes in, ``amounts[i + 1]`` leaves hop ``i``; ``profit`` is in units of the start token."""

    amounts: tuple[int, ...]
    profit: int


def seed(curves: Sequence[FloatCurve]) -> tuple[float, float]:
    """The float optimum of a cycle over ``curves``: input and profit, both in the start token; zeros when none."""
    pieced = [curve for curve in curves if isinstance(curve, Curve)]
    if len(pieced) == len(curves):
        return _seed_of_pieces(pieced)
    top = peak(curves)
    return (top.amount_in, top.profit) if top else (0.0, 0.0)


def _seed_of_pieces(curves: Sequence[Curve]) -> tuple[float, float]:
    pieces: list[Piece] = []
    for curve in curves:
        first = curve.piece(0)
        if first is None:
            return 0.0, 0.0
        pieces.append(first)
    at = [0] * len(curves)
    spent, earned = 0.0, 0.0
    for _ in range(_MAX_PIECES):
        a, b, c = 1.0, 1.0, 0.0
        most, full = float("inf"), -1
        for i, curve in enumerate(curves):
            r_in, r_out, capacity = pieces[i]
            keep = curve.keep
            room = capacity / keep
            slack = a - c * room
            if slack > 0 and room * b < most * slack:
                most, full = room * b / slack, i
            a, b, c = keep * r_out * a, r_in * b, r_in * c + keep * a
        if a <= b:
            break
        best = (sqrt(a * b) - b) / c
        step = min(best, most)
        spent += step
        moved = step
        for i, curve in enumerate(curves):
            r_in, r_out, capacity = pieces[i]
            net = moved * curve.keep
            moved = r_out * net / (r_in + net)
            pieces[i] = Piece(r_in + net, r_out - moved, capacity - net)
        earned += moved
        if best <= most:
            break
        at[full] += 1
        following = curves[full].piece(at[full])
        if following is None:
            break
        pieces[full] = following
    return spent, earned - spent


def run(legs: Sequence[Exchange], amount_in: int) -> Sized:
    """Exact amounts of a path for ``amount_in``; where a pool cannot fill, the amounts end in 0."""
    amounts = [amount_in]
    for leg in legs:
        amounts.append(leg.output_of(amounts[-1]) if amounts[-1] > 0 else 0)
    return Sized(tuple(amounts), amounts[-1] - amount_in)


def refine(legs: Sequence[Exchange], start: float) -> Sized | None:
    """The best exact trade near the float optimum ``start``; ``None`` when no input near it pays."""
    best = run(legs, max(int(start), 1))
    while not best.amounts[-1] and best.amounts[0] > 1:
        best = run(legs, best.amounts[0] // 2)
    if not best.amounts[-1]:
        return None
    position = min(range(len(legs)), key=best.amounts.__getitem__)
    if best.amounts[position] >= _FINE:
        near = _climb(legs, 0, best.amounts[0] >> _NEAR, best)
        if near is not best:  # the seed was off: search
            near = _climb(legs, 0, best.amounts[0] >> _FAR, near)
            near = _climb(legs, 0, best.amounts[0] >> _NEAR, near)
        return near if near.profit > 0 else None
    best = _through(legs, position, best.amounts[position], best)
    for bits in (_FAR, _NEAR):
        stride = best.amounts[position] >> bits
        best = _climb(legs, position, max(stride, 1), best)
        if stride <= 1:
            break
    best = _through(legs, len(legs), best.amounts[-1], best, least=True)
    return best if best.profit > 0 else None


def _climb(legs: Sequence[Exchange], position: int, step: int, best: Sized) -> Sized:
    """Moves the amount at ``position`` by ``step`` while that pays more, doubling a step that did, halving back."""
    for direction in (1, -1):
        stride, start = step, best
        while stride >= step:
            other = _through(legs, position, best.amounts[position] + direction * stride, best)
            stride = stride * 2 if other is not best else stride // 2
            if other is best and best is start:
                break
            best = other
        if best is not start:
            break
    return best


def _through(legs: Sequence[Exchange], position: int, amount: int, best: Sized, *, least: bool = False) -> Sized:
    """The cheapest path that has at least ``amount`` at ``position``, where it beats ``best``."""
    for leg in reversed(legs[:position]):
        if amount <= 0:
            return best
        amount = leg.least_input(amount) if least else leg.input_for(amount)
    if amount <= 0:
        return best
    other = run(legs, amount)
    return other if other.profit > best.profit else best
