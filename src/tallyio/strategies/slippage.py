"""What a route may lose between the quote and the block that holds it, and the least output to sign for it.

Volatility is realised volatility: the root of the mean squared log return (Andersen and Bollerslev 1998), for each
block, over the rate of the whole route, so that what its pools do together is in it. A random walk's spread grows with
the root of the distance. Floats choose the share; the amount is an integer, rounded down.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import exp, log, sqrt
from statistics import NormalDist
from typing import NamedTuple

from tallyio.core.pools import PoolState
from tallyio.core.units import Address
from tallyio.market.view import MarketView
from tallyio.protocols.dex.model import curve

_SCALE = 10**18


class Seen(NamedTuple):
    """The marginal rate of a route, fee included, as of the end of a block."""

    block: int
    rate: float


class Slippage(NamedTuple):
    """``impact`` is the share of the marginal rate that the amount itself gives up; ``worst`` the share that the
    market may take on top within ``blocks``; ``minimum_out`` what is left of the quote after ``worst``."""

    impact: float
    volatility: float
    worst: float
    blocks: int
    minimum_out: int


def seen_rates(
    view: MarketView, history: Iterable[tuple[int, Mapping[Address, PoolState | None]]], path: Sequence[int]
) -> list[Seen]:
    """The rate of the route over the edges ``path`` as of each block that moved one of its pools, oldest first, back to
    where one was not tradable. ``history`` is what ``Market.history`` tells of the blocks before ``view``."""
    ways = [(view.graph.pools[e >> 1], view.graph.token_sold(e), view.graph.token_bought(e)) for e in path]
    states: dict[Address, PoolState | None] = {pool.address: view.states.get(pool.address) for pool, _, _ in ways}
    found: list[Seen] = []

    def look(block: int) -> bool:
        rate = 1.0
        for pool, sold, bought in ways:
            state = states[pool.address]
            rate *= curve(pool, state, sold, bought, view.next_timestamp).rate() if state else 0.0
        if rate > 0:
            found.append(Seen(block, rate))
        return rate > 0

    alive = look(view.block.number)
    for block, before in history:
        moved = before.keys() & states.keys()
        if not alive:
            break
        if moved:
            states.update({address: before[address] for address in moved})
            alive = look(block)
    return found[::-1]


def volatility(seen: Sequence[Seen]) -> float:
    """Standard deviation of the log rate for each block; 0 where fewer than two different blocks are seen.

    Blocks need not follow one another: a return over n blocks counts as n. Raises ``ValueError`` where the blocks do
    not ascend or a rate is not above 0.
    """
    squares, distance = 0.0, 0
    for before, after in pairwise(seen):
        if after.block <= before.block:
            raise ValueError(f"block {after.block} follows {before.block}, expected ascending blocks")
        if min(before.rate, after.rate) <= 0:
            raise ValueError(f"the rate at block {after.block} is {after.rate}, expected more than 0")
        squares += log(after.rate / before.rate) ** 2
        distance += after.block - before.block
    return sqrt(squares / distance) if distance else 0.0


def impact(amount_in: int, amount_out: int, rate: float) -> float:
    """The share of what ``amount_in`` is worth at the marginal ``rate`` that ``amount_out`` falls short of it."""
    worth = amount_in * rate
    return max(0.0, 1.0 - amount_out / worth) if worth > 0 else 1.0


def worst_share(per_block: float, blocks: int, confidence: float) -> float:
    """The share of a rate that is lost after ``blocks`` with a chance of ``1 - confidence`` at most."""
    return 1.0 - exp(-max(0.0, NormalDist().inv_cdf(confidence)) * per_block * sqrt(blocks))


def slippage(
    amount_in: int, amount_out: int, rate: float, seen: Sequence[Seen], *, blocks: int, confidence: float = 0.99
) -> Slippage:
    """For a route that pays ``amount_out`` for ``amount_in`` now, at the marginal ``rate`` and after rates ``seen``.

    Raises ``ValueError`` for a confidence outside [0.5, 1) or blocks below 0.
    """
    if not 0.5 <= confidence < 1 or blocks < 0:
        raise ValueError(f"confidence is {confidence} and blocks {blocks}, expected 0.5 to below 1, and 0 or more")
    spread = volatility(seen)
    worst = worst_share(spread, blocks, confidence)
    keep = int((1.0 - worst) * _SCALE)
    return Slippage(impact(amount_in, amount_out, rate), spread, worst, blocks, amount_out * keep // _SCALE)
