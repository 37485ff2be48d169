"""The joint optimum of trades over shared pools, in doubles: flows through every pool at once, split and netted.

Routing through pools whose outputs are concave is a convex problem (Angeris, Chitra, Evans and Boyd, "Optimal routing
for constant function market makers", 2022). Its dual has one price a token and falls apart into the pools (Diamandis,
Resnick, Chitra and Angeris, "An efficient algorithm for optimal routing through constant function market makers",
2023): at given prices each pool is arbitraged alone, and the prices are right when what the pools give and take of
each token is in balance. The dual's value at any prices is no less than what can be earned: it is the certificate.
"""

from collections.abc import Callable, Sequence
from math import exp
from typing import NamedTuple

import numpy as np

from tallyio.hot_path.kernels.rows import Row

_ROUNDS, _AT_ONCE = 192, 8
_ROUNDING = 2.0**-44
"""Share of what is traded by which doubles may err."""
BALANCED = 1e-9
"""Share of what is traded of a token that may be out of balance."""


class Edge(NamedTuple):
    """One direction of one pool: ``row``, in which its tokens are ``ends``; ``token_in`` and ``token_out`` by number.

    A token may be known in several units: ``units`` make one of the pool's token in, and out, one of the token here.
    """

    token_in: int
    token_out: int
    row: Row
    ends: tuple[int, int]
    units: tuple[float, float] = (1.0, 1.0)


class Flow(NamedTuple):
    """In the pool's units."""

    amount_in: float
    amount_out: float


class Netted(NamedTuple):
    """``flows`` by edge; ``profit`` what they leave of token 0; ``bound`` what no set of trades exceeds; ``prices`` by
    token, of one in token 0."""

    flows: tuple[Flow, ...]
    profit: float
    bound: float
    prices: tuple[float, ...] = ()


def never() -> bool:
    return False


def netted(edges: Sequence[Edge], prices: Sequence[float], late: Callable[[], bool] = never) -> Netted:
    """The most of token 0 that ``edges`` can leave, no other token being short at the end.

    ``prices`` are the tokens' worth to begin from, that of token 0 being 1: near the market's saves rounds. It ends
    where it is when it is ``late``: flows may then be out of balance, and the bound is far.
    """
    from tallyio.hot_path.kernels.netting import settle

    if not edges:
        return Netted((), 0.0, 0.0)
    rows = {id(edge.row): edge.row for edge in edges}
    at = dict(zip(rows, np.cumsum([0, *(len(row) for row in rows.values())]).tolist(), strict=False))
    words = [(at[id(edge.row)], *edge.ends, edge.token_in, edge.token_out) for edge in edges]
    units = np.array([edge.units for edge in edges]).reshape(-1)
    around: list[list[int]] = [[] for _ in prices]
    for number, edge in enumerate(edges):
        around[edge.token_in].append(number)
        around[edge.token_out].append(number)
    starts = np.cumsum([0, *map(len, around)])
    logs = np.log(np.array(prices) / prices[0])
    taken, paid = np.zeros(len(edges)), np.zeros(len(edges))
    arrays = (
        np.concatenate(list(rows.values())),
        np.array(words, np.int64).reshape(-1),
        units,
        np.array([n for each in around for n in each], np.int64),
        starts,
        logs,
        taken,
        paid,
    )
    for _ in range(_ROUNDS // _AT_ONCE):
        if settle(*arrays, _AT_ONCE, BALANCED) <= BALANCED or late():
            break
    flows = tuple(Flow(*each) for each in zip(taken.tolist(), paid.tolist(), strict=True))
    left = bound = 0.0
    for edge, flow in zip(edges, flows, strict=True):
        gives, takes = flow.amount_out * edge.units[1], flow.amount_in * edge.units[0]
        left += gives * (edge.token_out == 0) - takes * (edge.token_in == 0)
        bound += gives * exp(logs[edge.token_out]) - takes * exp(logs[edge.token_in]) * (1.0 - _ROUNDING)
    return Netted(flows, left, bound, tuple(np.exp(logs).tolist()))
