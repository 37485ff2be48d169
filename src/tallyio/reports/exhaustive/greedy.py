"""The greedy list of what was takeable on one state."""

from tallyio.core.units import Address
from tallyio.reports.exhaustive.arbitrage import CycleSearch, Graph
from tallyio.reports.exhaustive.lending import Market
from tallyio.reports.exhaustive.liquidations import LiquidationSearch
from tallyio.reports.exhaustive.records import GasModel, Takeable
from tallyio.reports.exhaustive.venues import States


def takeable(
    graph: Graph, states: States, markets: dict[Address, Market], gas: GasModel, min_profit_wei: int
) -> tuple[Takeable, ...]:
    """Best first: the opportunity with the greatest net value, its effect applied, and again until none is left
    whose net value is above ``min_profit_wei``. ``states`` must hold every pool of ``graph``."""
    cycles = CycleSearch(graph, states, gas)
    accounts = [LiquidationSearch(graph, market, gas) for market in markets.values()]
    taken: list[Takeable] = []
    while True:
        cycle = cycles.best(min_profit_wei)
        above = cycle.record.net_wei if cycle is not None else min_profit_wei
        best = None
        for search in accounts:
            found = search.best(cycles, above)
            if found is not None:
                best, owner, above = found, search, found.record.net_wei
        if best is not None:
            taken.append(best.record)
            cycles.update(best.after)
            owner.update(best.account)
        elif cycle is not None:
            taken.append(cycle.record)
            cycles.update(cycle.after)
        else:
            return tuple(taken)
