"""The best input of one cycle over any mix of exchanges, exact, with a certificate of how much may be missing."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from tallyio.core.trade import Route
from tallyio.hot_path.peak import peak
from tallyio.hot_path.sizing import Sized, refine
from tallyio.market.view import MarketView
from tallyio.strategies.base import swap_step


class Certified(NamedTuple):
    """``bound``: what no input brings, in units of the start token, while the pools' outputs are concave."""

    sized: Sized
    bound: int

    @property
    def missing(self) -> int:
        """The certificate: more than ``sized`` brings by this at most."""
        return self.bound - self.sized.profit


def best_input(view: MarketView, path: Sequence[int]) -> Certified | None:
    """Of the cycle over the edges ``path``; ``None`` where no whole amount gains.

    Raises ``ChainDataError`` where a pool has no float model.
    """
    top = peak([view.curve(edge) for edge in path])
    if top is None:
        return None
    sized = refine([view.exchange(edge) for edge in path], top.amount_in)
    return Certified(sized, max(ceil(top.bound), sized.profit)) if sized else None


def route_of(view: MarketView, path: Sequence[int], sized: Sized) -> Route:
    """The cycle as the executor trades it: its first swap pays in advance for the others."""
    graph = view.graph
    steps = [
        swap_step(graph.pools[edge >> 1], graph.token_sold(edge), graph.token_bought(edge), taken, paid)
        for edge, (taken, paid) in zip(path, pairwise(sized.amounts), strict=True)
    ]
    return Route(steps[0], tuple(steps[1:]))
