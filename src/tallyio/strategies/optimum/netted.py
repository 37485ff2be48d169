"""The joint optimum of trades over shared pools, in floats: flows through every pool at once, split and netted.

Routing through pools whose outputs are concave is a convex problem (Angeris, Chitra, Evans and Boyd, "Optimal routing
for constant function market makers", 2022). Its dual has one price a token and falls apart into the pools (Diamandis,
Resnick, Chitra and Angeris, "An efficient algorithm for optimal routing through constant function market makers",
2023): at given prices each pool is arbitraged alone, and the prices are right when what the pools give and take of
each token is in balance. The dual's value at any prices is no less than what can be earned: it is the certificate.

Prices are found token by token. What flows into the common pot of a token grows with its price, so each price has one
balance, and going round the tokens descends on a convex, differentiable function.
"""

from collections.abc import Sequence
from math import exp, inf, log
from typing import NamedTuple

from tallyio.strategies.optimum.peak import FloatCurve, peak

_ROUNDS = 200
_BALANCED = 1e-9
"""Share of what is traded of a token that may be out of balance."""
_FURTHEST = 60.0
_STEPS = 60


class Edge(NamedTuple):
    """One direction of one pool, between tokens by number."""

    token_in: int
    token_out: int
    curve: FloatCurve


class Flow(NamedTuple):
    amount_in: float
    amount_out: float


class Netted(NamedTuple):
    """``flows`` by edge; ``profit`` what they leave of token 0; ``bound`` what no set of trades exceeds."""

    flows: tuple[Flow, ...]
    profit: float
    bound: float


class _Fixed(NamedTuple):
    """The common pot: takes any amount at a price."""

    price: float

    def output(self, amount_in: float) -> float:
        return amount_in * self.price

    def slope(self, amount_in: float) -> float:
        del amount_in
        return self.price


def netted(edges: Sequence[Edge], prices: Sequence[float]) -> Netted:
    """The most of token 0 that ``edges`` can leave, no other token being short at the end.

    ``prices`` are the tokens' worth to begin from, that of token 0 being 1: near the market's saves rounds.
    """
    logs = [log(price / prices[0]) for price in prices]
    around: list[list[int]] = [[] for _ in prices]
    for number, edge in enumerate(edges):
        around[edge.token_in].append(number)
        around[edge.token_out].append(number)
    for _ in range(_ROUNDS):
        moved = [_balance(edges, around[token], logs, token) for token in range(1, len(logs))]
        if max(moved, default=0.0) < _BALANCED:
            break
    flows, profit, bound = [], 0.0, 0.0
    for edge in edges:
        flow, earned = _traded(edge, logs)
        flows.append(flow)
        bound += earned
        profit += flow.amount_out * (edge.token_out == 0) - flow.amount_in * (edge.token_in == 0)
    return Netted(tuple(flows), profit, bound)


def _traded(edge: Edge, logs: Sequence[float]) -> tuple[Flow, float]:
    """What arbitrage of the pool alone trades at these prices, and the bound of its gain in token 0."""
    best = peak((edge.curve, _Fixed(exp(logs[edge.token_out] - logs[edge.token_in]))))
    if best is None:
        return Flow(0.0, 0.0), 0.0
    flow = Flow(best.amount_in, edge.curve.output(best.amount_in))
    return flow, best.bound * exp(logs[edge.token_in])


def _excess(edges: Sequence[Edge], around: Sequence[int], logs: Sequence[float], token: int) -> tuple[float, float]:
    """What is left of ``token`` after all its trades, and how much of it is traded."""
    left = traded = 0.0
    for number in around:
        flow, _ = _traded(edges[number], logs)
        into, out = edges[number].token_out == token, edges[number].token_in == token
        left += flow.amount_out * into - flow.amount_in * out
        traded += flow.amount_out * into + flow.amount_in * out
    return left, traded


def _balance(edges: Sequence[Edge], around: Sequence[int], logs: list[float], token: int) -> float:
    """Sets the price of ``token`` to where nothing of it is left or missing; returns how far it was out, as a share."""
    start = logs[token]
    left, traded = _excess(edges, around, logs, token)
    if not traded or abs(left) <= _BALANCED * traded:
        return 0.0
    out = abs(left) / traded
    way = -1.0 if left > 0 else 1.0
    near, near_left, width = start, left, 1e-4
    while True:
        far = logs[token] = start + way * width
        far_left, _ = _excess(edges, around, logs, token)
        if far_left * near_left <= 0:
            break
        if width > _FURTHEST:
            return out
        near, near_left, width = far, far_left, width * 8
    for step in range(_STEPS):
        if abs(far - near) < 1e-13:
            break
        here = near - near_left * (far - near) / (far_left - near_left) if step % 3 != 2 else (near + far) / 2
        logs[token] = here
        left, traded = _excess(edges, around, logs, token)
        if abs(left) <= _BALANCED * traded / 4:
            break
        if left * near_left > 0:
            near, near_left = here, left
        else:
            far, far_left = here, left
    return out if out < inf else 1.0
