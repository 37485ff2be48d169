"""Swaps of one pool, replayed on its own curve: first as they happened, which proves curve and state, then otherwise.

A swap that its input alone reproduces fixed its input; one that its output alone does fixed its output.
"""

from collections.abc import Sequence
from typing import Protocol

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.hot_path.amm.v2 import amount_in, amount_out
from tallyio.inspection.activity import PoolStorage, Swap
from tallyio.inspection.pool_storage import KnownPool, known_pool

V2_FEES = (3000, 2500, 2000, 1000, 10000)
V3_FEES = ((500, 10), (3000, 60), (10000, 200), (100, 1))
"""Fees in pips (with tick spacing) that pools have; the one that reproduces the swaps is the pool's."""


class Curve(Protocol):
    """A pool at one moment. Both raise ``ChainDataError`` where it cannot be told what the pool does."""

    def run(self, swap: Swap, input_fixed: bool) -> tuple[int, int, "Curve"]:
        """Amounts in and out when ``swap`` fixes its input, or its output; and the pool after it."""

    def happened(self, swap: Swap) -> "Curve":
        """The pool after ``swap`` as recorded."""


class Pair:
    """Constant product, by token."""

    def __init__(self, held: dict[Address, int], fee: int) -> None:
        self.held, self.fee = held, fee

    def run(self, swap: Swap, input_fixed: bool) -> tuple[int, int, "Curve"]:
        held = (self.held[swap.token_in], self.held[swap.token_out])
        taken, given = swap.amount_in, swap.amount_out
        if input_fixed:
            given = amount_out(taken, *held, self.fee)
        else:
            taken = amount_in(given, *held, self.fee)
        return taken, given, self._after(swap, taken, given)

    def happened(self, swap: Swap) -> "Curve":
        most = amount_out(swap.amount_in, self.held[swap.token_in], self.held[swap.token_out], self.fee)
        if swap.amount_out > most:
            raise ChainDataError("the pair paid more than its curve allows")
        return self._after(swap, swap.amount_in, swap.amount_out)

    def _after(self, swap: Swap, taken: int, given: int) -> "Pair":
        moved = {swap.token_in: self.held[swap.token_in] + taken, swap.token_out: self.held[swap.token_out] - given}
        return Pair(moved, self.fee)


class Concentrated:
    """A pool with ticks, as far as its storage is known."""

    def __init__(self, pool: KnownPool, fee: int) -> None:
        self.pool, self.fee = pool, fee

    def run(self, swap: Swap, input_fixed: bool) -> tuple[int, int, "Curve"]:
        amount = swap.amount_in if input_fixed else swap.amount_out
        zero_for_one = swap.token_in < swap.token_out
        done, then = self.pool.swapped(self.fee, zero_for_one, amount, exact_in=input_fixed)
        if done.unfilled:
            raise ChainDataError("the pool cannot fill the swap")
        return done.amount_in, done.amount_out, Concentrated(then, self.fee)

    def happened(self, swap: Swap) -> "Curve":
        fixed = fixed_input(self, swap)
        if fixed is None:
            raise ChainDataError("the swap is not reproduced")
        return self.run(swap, fixed)[2]


def fixed_input(curve: Curve, swap: Swap) -> bool | None:
    """Whether ``swap`` fixed its input or its output; ``None`` where ``curve`` reproduces it neither way."""
    for input_fixed in (True, False):
        try:
            taken, given, _ = curve.run(swap, input_fixed)
        except ChainDataError:
            continue
        if (taken, given) == (swap.amount_in, swap.amount_out):
            return input_fixed
    return None


def pairs(held: dict[Address, int]) -> list[Curve]:
    """Every pair that holds ``held`` of its two tokens."""
    return [Pair(held, fee) for fee in V2_FEES]


def concentrated(storage: PoolStorage) -> list[Curve]:
    """Every pool of ticks that ``storage`` may be."""
    known = [(known_pool(storage, spacing), fee) for fee, spacing in V3_FEES]
    return [Concentrated(pool, fee) for pool, fee in known if pool]


def advanced(curve: Curve, swaps: Sequence[Swap]) -> Curve:
    """``curve`` after ``swaps`` as recorded. Raises ``ChainDataError`` where it cannot have given them."""
    for swap in swaps:
        curve = curve.happened(swap)
    return curve
