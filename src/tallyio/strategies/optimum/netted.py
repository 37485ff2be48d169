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
from math import exp, log
from typing import NamedTuple

from tallyio.hot_path.curve import FloatCurve
from tallyio.hot_path.peak import until

_ROUNDS = 200
_BALANCED = 1e-9
"""Share of what is traded of a token that may be out of balance."""
_FIRST, _FURTHEST, _SAME = 1e-4, 60.0, 1e-13
"""Steps of a log price: the first, the last, and one that is none."""
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


def netted(edges: Sequence[Edge], prices: Sequence[float]) -> Netted:
    """The most of token 0 that ``edges`` can leave, no other token being short at the end.

    ``prices`` are the tokens' worth to begin from, that of token 0 being 1: near the market's saves rounds.
    """
    dual = _Dual(edges, prices)
    for _ in range(_ROUNDS):
        if max([dual.balance(token) for token in range(1, len(prices))], default=0.0) < _BALANCED:
            break
    traded = [dual.traded(number) for number in range(len(edges))]
    profit = sum(
        flow.amount_out * (edge.token_out == 0) - flow.amount_in * (edge.token_in == 0)
        for edge, (flow, _) in zip(edges, traded, strict=True)
    )
    return Netted(tuple(flow for flow, _ in traded), profit, sum(bound for _, bound in traded))


class _Dual:
    """The tokens' prices (``logs``, of one in token 0) and what every pool, arbitraged alone, trades at them."""

    def __init__(self, edges: Sequence[Edge], prices: Sequence[float]) -> None:
        self.edges = edges
        self.logs = [log(price / prices[0]) for price in prices]
        self._near = [0.0] * len(edges)
        self._around: list[list[int]] = [[] for _ in prices]
        for number, edge in enumerate(edges):
            self._around[edge.token_in].append(number)
            self._around[edge.token_out].append(number)

    def traded(self, number: int) -> tuple[Flow, float]:
        """An edge's flow at these prices, and the bound of its gain in token 0."""
        edge = self.edges[number]
        best = until(edge.curve, exp(self.logs[edge.token_out] - self.logs[edge.token_in]), self._near[number])
        if best is None:
            return Flow(0.0, 0.0), 0.0
        self._near[number] = best.amount_in
        return Flow(best.amount_in, edge.curve.output(best.amount_in)), best.bound * exp(self.logs[edge.token_in])

    def balance(self, token: int) -> float:
        """Sets the price of ``token`` to where nothing of it is left or missing; returns how far it was out, as a
        share of what is traded of it."""
        start = self.logs[token]
        left, traded = self._excess(token, start)
        if not traded or abs(left) <= _BALANCED * traded:
            return 0.0
        out, width = abs(left) / traded, _FIRST
        way = -1.0 if left > 0 else 1.0
        near, near_left = start, left
        while True:
            far = start + way * width
            far_left, _ = self._excess(token, far)
            if far_left * near_left <= 0:
                break
            if width > _FURTHEST:
                return out
            near, near_left, width = far, far_left, width * 8
        for step in range(_STEPS):
            if abs(far - near) < _SAME:
                break
            here = near - near_left * (far - near) / (far_left - near_left) if step % 3 != 2 else (near + far) / 2
            left, traded = self._excess(token, here)
            if abs(left) <= _BALANCED * traded / 4:
                break
            if left * near_left > 0:
                near, near_left = here, left
            else:
                far, far_left = here, left
        return out

    def _excess(self, token: int, price: float) -> tuple[float, float]:
        """What is left of ``token`` after all its trades at that log price, and how much of it is traded."""
        self.logs[token] = price
        left = traded = 0.0
        for number in self._around[token]:
            flow, _ = self.traded(number)
            paid = flow.amount_out if self.edges[number].token_out == token else -flow.amount_in
            left += paid
            traded += abs(paid)
        return left, traded
