"""The joint optimum of trades over shared pools, in floats: flows through every pool at once, split and netted.

Routing through pools whose outputs are concave is a convex problem (Angeris, Chitra, Evans and Boyd, "Optimal routing
for constant function market makers", 2022). Its dual has one price a token and falls apart into the pools (Diamandis,
Resnick, Chitra and Angeris, "An efficient algorithm for optimal routing through constant function market makers",
2023): at given prices each pool is arbitraged alone, and the prices are right when what the pools give and take of
each token is in balance. The dual's value at any prices is no less than what can be earned: it is the certificate.

Prices are found token by token. What flows into the common pot of a token grows with its price, so each price has one
balance, and going round the tokens descends on a convex, differentiable function. Tokens that deep pools hold together
go far only together: after each round the prices go on along its way while that descends.

Tokens that are exchanged at one rate both ways, whatever the amount (a vault's share and its asset), have one price:
such links tie tokens together, and carry what balances them.
"""

from collections.abc import Sequence
from math import exp, log
from typing import NamedTuple

from tallyio.hot_path.peak import until
from tallyio.strategies.optimum.ties import Edge, Ties, tied

_ROUNDS = 200
_BALANCED = 1e-11
"""Share of what is traded of a token that may be out of balance."""
_FIRST, _FURTHEST, _SAME = 1e-4, 60.0, 1e-13
"""Steps of a log price: the first, the last, and one that is none."""
_STEPS = 60
_LONGEST = 2.0**20


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
    ties = tied(edges, len(prices))
    dual = _Dual(edges, prices, ties)
    for _ in range(_ROUNDS):
        before = dual.logs.copy()
        if max([dual.balance(group) for group in ties.groups if group != ties.group[0]], default=0.0) < _BALANCED:
            break
        dual.further(before)
    traded = [(Flow(0.0, 0.0), 0.0) if number in ties.links else dual.traded(number) for number in range(len(edges))]
    flows = [flow for flow, _ in traded]
    left = [0.0] * len(prices)
    for edge, flow in zip(edges, flows, strict=True):
        left[edge.token_in] -= flow.amount_in
        left[edge.token_out] += flow.amount_out
    for number, amount in ties.carried(edges, left):
        flows[number] = Flow(amount, edges[number].curve.output(amount))
    return Netted(tuple(flows), left[0], sum(bound for _, bound in traded))


class _Dual:
    """The tokens' prices (``logs``, of one in token 0) and what every pool, arbitraged alone, trades at them."""

    def __init__(self, edges: Sequence[Edge], prices: Sequence[float], ties: Ties) -> None:
        self.edges = edges
        self.ties = ties
        self.logs = [log(price / prices[0]) for price in prices]
        for group, tokens in ties.groups.items():
            self._set(group, self.logs[tokens[0]])
        self._near = [0.0] * len(edges)
        self._around: dict[int, list[int]] = {group: [] for group in ties.groups}
        for number, edge in enumerate(edges):
            ends = {ties.group[edge.token_in], ties.group[edge.token_out]}
            for group in ends if number not in ties.links else ():
                self._around[group].append(number)

    def traded(self, number: int) -> tuple[Flow, float]:
        """An edge's flow at these prices, and the bound of its gain in token 0."""
        edge = self.edges[number]
        best = until(edge.curve, exp(self.logs[edge.token_out] - self.logs[edge.token_in]), self._near[number])
        if best is None:
            return Flow(0.0, 0.0), 0.0
        self._near[number] = best.amount_in
        return Flow(best.amount_in, edge.curve.output(best.amount_in)), best.bound * exp(self.logs[edge.token_in])

    def balance(self, group: int) -> float:
        """Sets the price of ``group`` to where nothing of it is left or missing; returns how far it was out, as a
        share of what is traded of it: 0 where its price stands still, as at the edge of a pool that gives one price for
        a range of amounts."""
        start = self.logs[group]
        left, traded = self._excess(group, start)
        if not traded or abs(left) <= _BALANCED * traded:
            return 0.0
        out, width = abs(left) / traded, _FIRST
        way = -1.0 if left > 0 else 1.0
        near, near_left = start, left
        while True:
            far = start + way * width
            far_left, _ = self._excess(group, far)
            if far_left * near_left <= 0:
                break
            if width > _FURTHEST:
                return out
            near, near_left, width = far, far_left, width * 8
        for step in range(_STEPS):
            if abs(far - near) < _SAME:
                break
            here = near - near_left * (far - near) / (far_left - near_left) if step % 3 != 2 else (near + far) / 2
            left, traded = self._excess(group, here)
            if abs(left) <= _BALANCED * traded / 4:
                break
            if left * near_left > 0:
                near, near_left = here, left
            else:
                far, far_left = here, left
        return out if self.logs[group] != start else 0.0

    def further(self, before: Sequence[float]) -> None:
        """On along the way from ``before``, twice as far each time, while the dual's value falls."""
        here, least, kept, far = self.logs, self._value(), self.logs, 1.0
        while far < _LONGEST:
            self.logs = [there + (there - then) * far for there, then in zip(here, before, strict=True)]
            value = self._value()
            if not value < least:
                break
            least, kept, far = value, self.logs, far * 2
        self.logs = kept

    def _value(self) -> float:
        return sum(self.traded(number)[1] for number in range(len(self.edges)) if number not in self.ties.links)

    def _set(self, group: int, price: float) -> None:
        for token in self.ties.groups[group]:
            self.logs[token] = price + self.ties.worth[token]

    def _excess(self, group: int, price: float) -> tuple[float, float]:
        """What is left of ``group`` after all its trades at that log price, and how much of it is traded, in its first
        token."""
        self._set(group, price)
        left = traded = 0.0
        for number in self._around[group]:
            edge, (flow, _) = self.edges[number], self.traded(number)
            paid = 0.0
            if self.ties.group[edge.token_out] == group:
                paid += flow.amount_out * exp(self.ties.worth[edge.token_out])
            if self.ties.group[edge.token_in] == group:
                paid -= flow.amount_in * exp(self.ties.worth[edge.token_in])
            left += paid
            traded += abs(paid)
        return left, traded
