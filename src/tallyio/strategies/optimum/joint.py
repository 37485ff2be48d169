"""The joint optimum of the cycles on a view, as trades that land one behind the other, to the wei.

The flows of all pools at once (``flows``) come apart into cycles. Each is then traded exactly on the state that those
before it leave, and sized anew by turns, the others held.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from tallyio.core.errors import ChainDataError
from tallyio.core.trade import Route, SwapStep
from tallyio.hot_path.sizing import Sized, refine, run
from tallyio.market.view import MarketView
from tallyio.strategies.base import GasModel, swap_step
from tallyio.strategies.funding import fund
from tallyio.strategies.optimum.flows import Cycle, cycles_of, flows_through
from tallyio.strategies.optimum.netted import never
from tallyio.strategies.ways import Path, Standing, turned

_TURNS = 1
_ALONE = 4
"""Cycles that gain most by doubles, of which the best alone is looked for."""


class Trade(NamedTuple):
    """``gross_wei`` is what the route adds in wrapped ether, before ``gas``."""

    cycle: Cycle
    route: Route
    gross_wei: int
    gas: int


class Joint(NamedTuple):
    """``trades`` land in this order, each exact on the view that those before it leave.

    ``profit`` is what they add up to in wrapped ether before gas, ``single`` what the best of the cycles brings alone.
    No trades over these pools bring more than ``bound`` while their curves are concave.
    """

    trades: tuple[Trade, ...]
    profit: int
    single: int
    bound: float

    @property
    def gain(self) -> int:
        return self.profit - self.single


class Terms(NamedTuple):
    """What a trade must bring: over ``least_wei`` after its gas at ``fee_wei``. ``late`` ends the search with what it
    has; ``turns`` times each trade is sized anew."""

    gas: GasModel
    fee_wei: int = 0
    least_wei: int = 0
    turns: int = _TURNS
    late: Callable[[], bool] = never

    def net(self, trade: Trade) -> int:
        return trade.gross_wei - trade.gas * self.fee_wei


def joint(view: MarketView, ways: Iterable[Standing], terms: Terms) -> Joint | None:
    """The best use of the pools of ``ways``; ``None`` where nothing that starts with wrapped ether pays."""
    standing = list(ways)
    alone = _best_alone(view, standing)
    if alone is None or terms.late():
        return None
    flows = flows_through(view, {edge for way in standing for edge in way.path}, terms.late)
    single, cycle = alone
    plans = [_traded(view, cycles_of(view, flows), terms), _traded(view, [cycle], terms)]
    best = _polished(view, max(plans, key=lambda each: each.net), terms)
    if not best.trades:
        return None
    profit = sum(trade.gross_wei for trade in best.trades)
    return Joint(best.trades, profit, single, flows.netted.bound)


def _best_alone(view: MarketView, ways: Sequence[Standing]) -> tuple[int, Cycle] | None:
    """What it brings, and the cycle."""
    tops = [
        (way.peaks[place], turned(way.path, place))
        for way in ways
        for place, edge in enumerate(way.path)
        if view.graph.token_sold(edge) == view.weth and way.peaks[place][1] > 0
    ]
    tops.sort(key=lambda each: (-each[0][1], each[1]))
    sized = [(path, _sized(view, path, start)) for (start, _), path in tops[:_ALONE]]
    cycles = [(best.profit, Cycle(path, best.amounts[0])) for path, best in sized if best]
    return max(cycles, default=None)


def _sized(view: MarketView, path: Path, start: float) -> Sized | None:
    """``None`` where no amount gains, or a pool cannot be traded any more: some can once a block only."""
    try:
        return refine([view.exchange(edge) for edge in path], start)
    except ChainDataError:
        return None


class _Plan(NamedTuple):
    trades: tuple[Trade, ...]
    net: int
    view: MarketView


def _polished(view: MarketView, best: _Plan, terms: Terms) -> _Plan:
    """Each trade in turn is put last and sized on what the others leave, while that brings more."""
    for _ in range(terms.turns):
        before = best.net
        for place in range(len(best.trades)):
            if terms.late():
                return best
            cycles = [trade.cycle for trade in best.trades]
            cycle = cycles.pop(place) if place < len(cycles) else cycles.pop()
            left = _traded(view, cycles, terms)
            again = _sized(left.view, cycle.path, cycle.amount_in)
            if again:
                last = _traded(left.view, [cycle._replace(amount_in=again.amounts[0])], terms)
                best = max(best, _Plan(left.trades + last.trades, left.net + last.net, last.view), key=lambda p: p.net)
        if best.net == before:
            break
    return best


def _traded(view: MarketView, cycles: Iterable[Cycle], terms: Terms) -> _Plan:
    """What would lose, or be refused, is left out."""
    trades, net = [], 0
    for cycle in cycles:
        made = _carried_out(view, cycle, terms)
        if made:
            trade, view = made
            trades.append(trade)
            net += terms.net(trade)
    return _Plan(tuple(trades), net, view)


def _carried_out(view: MarketView, cycle: Cycle, terms: Terms) -> tuple[Trade, MarketView] | None:
    """The trade and the view after it; ``None`` where it brings too little or cannot be made."""
    pools = [view.graph.pools[edge >> 1] for edge in cycle.path]
    if len({pool.group for pool in pools}) < len(pools):  # a pool is locked while it lends
        return None
    try:
        sized = run([view.exchange(edge) for edge in cycle.path], cycle.amount_in)
        if sized.profit <= 0:
            return None
        opening = fund(view, _steps(view, cycle.path, sized), terms.gas)
        if opening is None:
            return None
        gross = sized.profit - opening.premium
        route = Route(opening.funding, opening.inner, (), opening.loans)
        if cycle.sale is not None:
            after = view.after(route)
            sold = run([after.exchange(cycle.sale)], gross)
            gross, sale = sold.amounts[-1], _steps(after, (cycle.sale,), sold)
            route = Route(opening.funding, opening.inner, sale, opening.loans)
        trade = Trade(cycle, route, gross, terms.gas.route(route))
        return (trade, view.after(route)) if terms.net(trade) > terms.least_wei else None
    except ChainDataError:
        return None


def _steps(view: MarketView, path: Sequence[int], sized: Sized) -> tuple[SwapStep, ...]:
    graph = view.graph
    return tuple(
        swap_step(graph.pools[edge >> 1], graph.token_sold(edge), graph.token_bought(edge), taken, paid)
        for edge, (taken, paid) in zip(path, pairwise(sized.amounts), strict=True)
    )
