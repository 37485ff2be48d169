"""The best input of a cycle over rows of any families: a root of the marginal profit in doubles, then exact quotes.

``1 / sqrt(slope)`` of a chain of constant products is a straight line in the input, and near one for the others: false
position on it (with Illinois' halving) takes few steps. What decides is the exact profit at the root and beside it.
Where one unit of the second token is worth many of the first, the input is lowered to the least that buys the same.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.codes import PAID
from tallyio.hot_path.kernels.dispatch import quote
from tallyio.hot_path.kernels.flow import depth, flow
from tallyio.hot_path.pointer import pointer, pointer_at
from tallyio.hot_path.uint256 import from_float, store, to_float, u256

Words = Any
Word = Any
Index = Any
Real = Any
Array = Any

HOP = 3
"""Words a hop in ``hops``: where its row begins, the token in, the token out."""
_ZERO = np.uint64(0)
_STEPS, _DOUBLINGS, _TRIMS = 110, 30, 12
_SMOOTH = 9
"""Steps after which a root is not one of a smooth curve: a pool ends there, and every other step halves."""
_CLOSE, _CLOSEST = 1e-9, 1e-14
_COARSE = 1e-3
_LEAST_PART, _LOWER = 2.0**-40, 12


@kernel
def marginal(rows: Words, hops: Words, count: Index, x: Real) -> Real:
    """``1 / sqrt(slope) - 1`` of the whole chain at ``x``: below zero while more still pays."""
    slope = 1.0
    for k in range(count):
        at = HOP * k
        x, one = flow(rows, np.int64(hops[at]), np.int64(hops[at + 1]), np.int64(hops[at + 2]), x)
        slope *= one
    return 1.0 / np.sqrt(slope) - 1.0 if slope > 1e-12 else 1e6


@kernel
def peak(rows: Words, hops: Words, count: Index) -> Real:
    """The input at which the doubles' profit is greatest; 0 where none pays."""
    low = depth(rows, np.int64(hops[0]), np.int64(hops[1])) * _LEAST_PART
    at_low = marginal(rows, hops, count, low)
    for _ in range(_LOWER):  # the first pool may be vastly deeper than those behind it
        if at_low < 0.0 or low < 1.0:
            break
        low *= 2.0**-8
        at_low = marginal(rows, hops, count, low)
    if not at_low < 0.0:
        return 0.0
    high = low * 2.0**30
    at_high = marginal(rows, hops, count, high)
    for _ in range(_DOUBLINGS):
        if not at_high < 0.0:
            break
        low, at_low = high, at_high
        high *= 4.0
        at_high = marginal(rows, hops, count, high)
    if at_high < 0.0:
        return high
    side = 0
    middle = high
    for step in range(_STEPS):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        if step > _SMOOTH and step & 1:
            middle = 0.5 * (low + high)
        found = marginal(rows, hops, count, middle)
        if abs(found) < 1e-14 or high - low < _CLOSEST * high:
            break
        if found < 0.0:
            near = middle - low < _CLOSE * middle
            low, at_low = middle, found
            at_high = 0.5 * at_high if side == 1 else at_high
            side = 1
        else:
            near = high - middle < _CLOSE * middle
            high, at_high = middle, found
            at_low = 0.5 * at_low if side == 2 else at_low
            side = 2
        if near and abs(found) < _CLOSE:
            break
    return middle


@kernel
def run(rows: Words, hops: Words, count: Index, amount: Word) -> tuple[Word, bool]:
    """What comes out of the last hop, exactly; not ok where a contract refuses or a quote is beyond the kernels."""
    for k in range(count):
        at = HOP * k
        amount, code = quote(rows, np.int64(hops[at]), np.int64(hops[at + 1]), np.int64(hops[at + 2]), amount)
        if code != PAID:
            return amount, False
    return amount, True


@kernel
def best(rows: Words, hops: Words, count: Index, seed: Real) -> tuple[Word, Word]:
    """Input and profit, exact, near ``seed``; 0 and 0 where no profit is found."""
    nothing = u256(_ZERO)
    chosen, profit = nothing, nothing
    for k in range(3):
        amount = from_float(seed * (1.0 + (2.0**-16 if k == 1 else (-(2.0**-16) if k == 2 else 0.0))))
        out, ok = run(rows, hops, count, amount)
        if ok and out > amount and out - amount > profit:
            chosen, profit = amount, out - amount
    if chosen == nothing:
        return nothing, nothing
    _, slope = flow(rows, np.int64(hops[0]), np.int64(hops[1]), np.int64(hops[2]), to_float(chosen))
    if not 0.0 < slope < _COARSE:
        return chosen, profit
    bought, _ = run(rows, hops, 1, chosen)
    part = 1.0 / slope
    for _ in range(_TRIMS):
        part *= 0.5
        less = from_float(part)
        if less == nothing or less >= chosen:
            break
        out, ok = run(rows, hops, 1, chosen - less)
        if ok and out == bought:
            chosen, profit = chosen - less, profit + less
    return chosen, profit


@kernel
def peaks_of(rows: Array, hops: Array, counts: Array, found: Array) -> None:
    """For each cycle of ``counts`` hops in ``hops``: input and profit in doubles; zeros where none pays."""
    p, q = pointer(rows), pointer(hops)
    at = np.int64(0)
    for k in range(len(counts)):
        chain, count = pointer_at(q, HOP * at), counts[k]
        x = peak(p, chain, count)
        paid = x
        for n in range(count):
            hop = HOP * n
            paid, _ = flow(p, np.int64(chain[hop]), np.int64(chain[hop + 1]), np.int64(chain[hop + 2]), paid)
        if paid > x:
            found[2 * k], found[2 * k + 1] = x, paid - x
        at += count


@kernel
def best_inputs(rows: Array, hops: Array, count: Index, answers: Array) -> None:
    """For each cycle of ``count`` hops in ``hops``: input and profit, four limbs each."""
    p, q, out = pointer(rows), pointer(hops), pointer(answers)
    for k in range(len(answers) // 8):
        chain = pointer_at(q, HOP * count * k)
        seed = peak(p, chain, count)
        chosen, profit = best(p, chain, count, seed) if seed >= 1.0 else (u256(_ZERO), u256(_ZERO))
        store(out, 8 * k, chosen)
        store(out, 8 * k + 4, profit)
