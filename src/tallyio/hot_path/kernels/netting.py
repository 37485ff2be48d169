"""Prices at which pools, each arbitraged alone against them, leave no token short: the dual of optimal routing.

What flows into the common pot of a token grows with its price, so each price has one balance, and going round the
tokens descends on a convex function (Diamandis, Resnick, Chitra and Angeris, "An efficient algorithm for optimal
routing through constant function market makers", 2023).

Edges are one direction of one pool each; words of edge ``e`` in ``edges``: where its row begins, token in and out by
their numbers in the pool, token in and out by their numbers here. ``units`` (two an edge) make one unit of the pool's
token in and out one of the token here. ``logs`` are the logarithms of the tokens' prices in token 0.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.flow import depth, flow
from tallyio.hot_path.pointer import pointer

Words = Any
Real = Any
Index = Any
Array = Any

EDGE = 5
_LEAST_PART = 2.0**-40
_STEPS, _SMOOTH = 60, 9
_CLOSE, _DONE = 1e-11, 1e-13
_FIRST, _FURTHEST, _SAME = 1e-4, 60.0, 1e-14
"""Steps of a log price: the first, the last, and one that is none."""


@kernel
def _marginal(rows: Words, edges: Array, at: Index, price: Real, x: Real) -> Real:
    """Below zero while one more unit still pays."""
    _, slope = flow(rows, edges[at], edges[at + 1], edges[at + 2], x)
    slope *= price
    return 1.0 / np.sqrt(slope) - 1.0 if slope > 1e-12 else 1e6


@kernel
def _until(rows: Words, edges: Array, at: Index, price: Real, near: Real) -> Real:
    """The input after which the pool gives no more than the market, which pays ``price`` of token in for one out."""
    least = max(depth(rows, edges[at], edges[at + 1]) * _LEAST_PART, 1e-3)
    low = near if near > least else least
    at_low = _marginal(rows, edges, at, price, low)
    high, at_high, width = low, at_low, 1.01
    while not at_low < 0.0:
        if low <= least:
            return 0.0
        high, at_high = low, at_low
        low = max(low / width, least)
        width *= width
        at_low = _marginal(rows, edges, at, price, low)
    while at_high < 0.0:
        if high > 1e60:
            return high
        low, at_low = high, at_high
        high *= width
        width *= width
        at_high = _marginal(rows, edges, at, price, high)
    side, middle = 0, high
    for step in range(_STEPS):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        if step > _SMOOTH and step & 1:
            middle = 0.5 * (low + high)
        found = _marginal(rows, edges, at, price, middle)
        if abs(found) < _DONE or high - low < _CLOSE * high:
            break
        if found < 0.0:
            low, at_low = middle, found
            at_high = 0.5 * at_high if side == 1 else at_high
            side = 1
        else:
            high, at_high = middle, found
            at_low = 0.5 * at_low if side == 2 else at_low
            side = 2
    return middle


@kernel
def _trade(rows: Words, edges: Array, units: Array, e: Index, logs: Array, taken: Array, paid: Array) -> None:
    at = EDGE * e
    price = np.exp(logs[edges[at + 4]] - logs[edges[at + 3]]) * units[2 * e + 1] / units[2 * e]
    taken[e] = _until(rows, edges, at, price, taken[e])
    paid[e] = 0.0
    if taken[e] > 0.0:
        paid[e], _ = flow(rows, edges[at], edges[at + 1], edges[at + 2], taken[e])


@kernel
def _excess(
    rows: Words, edges: Array, units: Array, around: Array, first: Index, last: Index, token: Index,
    logs: Array, taken: Array, paid: Array,
) -> tuple[Real, Real]:  # fmt: skip
    """What is left of ``token`` after all its trades, and how much of it is traded."""
    left = moved = 0.0
    for k in range(first, last):
        e = around[k]
        _trade(rows, edges, units, e, logs, taken, paid)
        amount = -taken[e] * units[2 * e] if edges[EDGE * e + 3] == token else paid[e] * units[2 * e + 1]
        left += amount
        moved += abs(amount)
    return left, moved


@kernel
def _balance(
    rows: Words, edges: Array, units: Array, around: Array, first: Index, last: Index, token: Index,
    logs: Array, taken: Array, paid: Array, balanced: Real,
) -> Real:  # fmt: skip
    """Sets the price of ``token`` to where nothing of it is left or missing; how far it was out, as a share of what is
    traded of it."""
    start = logs[token]
    left, moved = _excess(rows, edges, units, around, first, last, token, logs, taken, paid)
    if moved == 0.0 or abs(left) <= balanced * moved:
        return 0.0
    out, width, way = abs(left) / moved, _FIRST, -1.0 if left > 0.0 else 1.0
    near, near_left, far, far_left = start, left, start, left
    while far_left * near_left > 0.0:
        if width > _FURTHEST:
            return out
        near, near_left = far, far_left
        far = start + way * width
        width *= 8.0
        logs[token] = far
        far_left, moved = _excess(rows, edges, units, around, first, last, token, logs, taken, paid)
    side = 0
    for step in range(_STEPS):
        if abs(far - near) < _SAME or far_left == near_left:
            break
        here = near - near_left * (far - near) / (far_left - near_left)
        if step > _SMOOTH and step & 1:
            here = 0.5 * (near + far)
        logs[token] = here
        left, moved = _excess(rows, edges, units, around, first, last, token, logs, taken, paid)
        if abs(left) <= 0.25 * balanced * moved:
            break
        if left * near_left > 0.0:
            near, near_left = here, left
            far_left = 0.5 * far_left if side == 1 else far_left
            side = 1
        else:
            far, far_left = here, left
            near_left = 0.5 * near_left if side == 2 else near_left
            side = 2
    return out


@kernel
def _value(rows: Words, edges: Array, units: Array, logs: Array, taken: Array, paid: Array) -> Real:
    """The dual: what all edges gain at these prices, in token 0."""
    gained = 0.0
    for e in range(len(taken)):
        _trade(rows, edges, units, e, logs, taken, paid)
        gives = paid[e] * units[2 * e + 1] * np.exp(logs[edges[EDGE * e + 4]])
        gained += gives - taken[e] * units[2 * e] * np.exp(logs[edges[EDGE * e + 3]])
    return gained


@kernel
def _further(
    rows: Words, edges: Array, units: Array, before: Array, logs: Array, taken: Array, paid: Array
) -> None:  # fmt: skip
    """On along the way from ``before`` to ``logs``, twice as far each time, while the dual falls: prices that hang
    together creep when each is moved alone (Hooke and Jeeves, 1961)."""
    least, step = _value(rows, edges, units, logs, taken, paid), 1.0
    way = logs - before
    while step < 1e6:
        logs += step * way
        found = _value(rows, edges, units, logs, taken, paid)
        if not found < least:
            logs -= step * way
            break
        least, step = found, 2.0 * step


@kernel
def settle(
    rows: Array, edges: Array, units: Array, around: Array, starts: Array, logs: Array, taken: Array, paid: Array,
    rounds: Index, balanced: Real,
) -> Real:  # fmt: skip
    """Up to ``rounds`` times round the tokens but the first, until each is out of balance by ``balanced`` of what is
    traded of it at most; returns by how much the worst was at the last time.

    ``around[starts[t]:starts[t + 1]]`` are the edges of token ``t``. ``logs`` go on from what they are; ``taken`` and
    ``paid`` (by edge, in the pool's units) are what the edges trade at the last prices.
    """
    p, worst = pointer(rows), 0.0
    for _ in range(rounds):
        worst, before = 0.0, logs.copy()
        for token in range(1, len(logs)):
            out = _balance(
                p, edges, units, around, starts[token], starts[token + 1], token, logs, taken, paid, balanced
            )
            worst = max(worst, out)
        if worst <= balanced:
            break
        _further(p, edges, units, before, logs, taken, paid)
    _value(p, edges, units, logs, taken, paid)
    return worst
