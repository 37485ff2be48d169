"""The best ways to trade an amount of one token for another: single routes, and one split over several.

Outputs are concave, so a route pays at most its marginal rate times the amount. Routes are tried on exact integers in
the order of their rates, until no further one can be among the best.
"""

from collections.abc import Sequence
from math import exp
from typing import NamedTuple

from tallyio.core.errors import OperatorError
from tallyio.core.pools import PoolState
from tallyio.core.units import Address
from tallyio.hot_path.sizing import Sized, run
from tallyio.market.view import MarketView
from tallyio.protocols.dex.model import swap
from tallyio.strategies.pathfinding import finder_of
from tallyio.strategies.ways import Path

_CANDIDATES = 256
_PARTS = 64
"""Of an amount that is split: each goes where it brings most behind those before it."""


class Quote(NamedTuple):
    """``amounts[0]`` goes in, ``amounts[i + 1]`` leaves the swap ``i``; ``rate`` is the marginal one."""

    path: Path
    amounts: tuple[int, ...]
    rate: float

    @property
    def amount_out(self) -> int:
        return self.amounts[-1]


class Routes(NamedTuple):
    """``singles``, the best first, each for the whole amount. ``split`` are the parts of the best split found, traded
    one behind the other; a single one where splitting gains nothing. ``proved`` says that no other single route up to
    the number of hops pays more than those."""

    singles: tuple[Quote, ...]
    split: tuple[Quote, ...]
    proved: bool


def best_routes(
    view: MarketView, token_in: Address, token_out: Address, amount: int, *, hops: int = 3, keep: int = 5
) -> Routes:
    """Raises ``OperatorError`` where a token is in no pool that is known."""
    finder, numbers = finder_of(view)
    for token in (token_in, token_out):
        if token not in numbers:
            raise OperatorError(f"no pool that is known trades {token}")
    ways = finder.routes(numbers[token_in], numbers[token_out], hops, most=_CANDIDATES)
    quotes: list[Quote] = []
    looked = 0
    for path in ways.paths:
        rate = exp(finder.weight(path))
        if len(quotes) >= keep and amount * rate <= quotes[keep - 1].amount_out:
            break
        looked += 1
        quoted = run([view.exchange(edge) for edge in path], amount)
        if quoted.amounts[-1]:
            quotes.append(Quote(path, quoted.amounts, rate))
            quotes.sort(key=lambda each: -each.amount_out)
    proved = not ways.cut_short and (not ways.full or looked < len(ways.paths))
    return Routes(tuple(quotes[:keep]), _split(view, [each.path for each in quotes], amount), proved)


def _split(view: MarketView, paths: Sequence[Path], amount: int) -> tuple[Quote, ...]:
    """Part by part to the path that pays most for it; then each path's parts at once."""
    if not paths or amount <= 0:
        return ()
    part = -(-amount // _PARTS)
    given = dict.fromkeys(paths, 0)
    here, left = view, amount
    while left > 0:
        piece = min(part, left)
        tried = [(run([here.exchange(edge) for edge in path], piece), path) for path in paths]
        best, path = max(tried, key=lambda each: each[0].amounts[-1])
        if not best.amounts[-1]:
            break
        given[path] += piece
        here = _after(here, path, best)
        left -= piece
    merged = _traded(view, given)
    whole = max((_traded(view, {path: amount}) for path in paths), key=_paid)
    return merged if not left and _paid(merged) > _paid(whole) else whole


def _traded(view: MarketView, given: dict[Path, int]) -> tuple[Quote, ...]:
    """The dearest rate first, each on what those before it leave."""
    quotes = []
    for path, amount in given.items():
        if amount:
            rate = 1.0
            for edge in path:
                rate *= float(view.rates[edge])
            sized = run([view.exchange(edge) for edge in path], amount)
            if not sized.amounts[-1]:
                return ()
            quotes.append(Quote(path, sized.amounts, rate))
            view = _after(view, path, sized)
    return tuple(quotes)


def _paid(quotes: Sequence[Quote]) -> int:
    return sum(each.amount_out for each in quotes)


def _after(view: MarketView, path: Path, sized: Sized) -> MarketView:
    states: dict[Address, PoolState] = {}
    for edge, amount in zip(path, sized.amounts, strict=False):
        pool = view.graph.pools[edge >> 1]
        ends = view.graph.token_sold(edge), view.graph.token_bought(edge)
        state = states.get(pool.address) or view.states[pool.address]
        states[pool.address] = swap(pool, state, *ends, amount, view.next_timestamp).state
    return view.with_states(states)
