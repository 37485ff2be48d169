"""A block's cycles planned together: the joint optimum over all their pools, where it beats one best after another."""

from collections.abc import Callable
from typing import NamedTuple

from tallyio.core.errors import ChainDataError
from tallyio.core.trade import Opportunity
from tallyio.market.view import MarketView
from tallyio.strategies.arbitrage import Arbitrage, ArbitrageSettings, as_opportunity
from tallyio.strategies.base import pools_of
from tallyio.strategies.detection import Detection
from tallyio.strategies.optimum.joint import Terms, joint
from tallyio.strategies.search import CycleSearch, Found

MOST = 8
"""Trades of a plan: each is proved alone, and a block waits for none. What these leave is found again, one by one."""


class Plan(NamedTuple):
    """``opportunities`` land in this order, each exact on the view that those before it leave.

    ``net_wei`` is what they bring after gas, ``gross_wei`` before it; ``single_wei`` is what the best cycle alone
    brings before gas, ``greedy_wei`` what as many trades, one best after another, bring after it, ``None`` where there
    was no time to look.
    """

    opportunities: tuple[Opportunity, ...]
    net_wei: int
    gross_wei: int
    single_wei: int
    greedy_wei: int | None


class Together:
    """Beside the strategy ``name``, whose trades these are. Its answer follows from the view and from how soon it is
    ``late``."""

    name = Arbitrage.name

    def __init__(self, settings: ArbitrageSettings, detection: Detection) -> None:
        self._settings = settings
        self._detection = detection
        self._search = CycleSearch(settings.gas, detection)

    def plan(self, view: MarketView, late: Callable[[], bool]) -> Plan | None:
        """``None`` where one best after another is as good, or it is late before a plan is there."""
        self._detection.follow(view)
        terms = Terms(self._settings.gas, view.next_base_fee_wei, self._settings.min_profit_wei, turns=0, late=late)
        best = joint(view, self._detection.standing(), terms)
        if best is None or len(best.trades) < 2:
            return None
        trades = best.trades[:MOST]
        net = sum(terms.net(trade) for trade in trades)
        greedy = self._greedy(view, len(trades), late)
        if greedy is not None and greedy >= net:
            return None
        found = []
        for trade in trades:
            chosen = Found(terms.net(trade), trade.gross_wei, trade.gas, trade.route)
            found.append(as_opportunity(self.name, view, chosen))
        return Plan(tuple(found), net, sum(trade.gross_wei for trade in trades), best.single, greedy)

    def _greedy(self, view: MarketView, most: int, late: Callable[[], bool]) -> int | None:
        """What up to ``most`` trades, one best after another, bring after gas; ``None`` where it is late before."""
        nets: list[int] = []
        while len(nets) < most:
            if late():
                return None
            changed: set[str] = set()
            for trade in self._search.best(view, self._settings.min_profit_wei, self._settings.keep):
                touched = set(pools_of(trade.route))
                if touched & changed:
                    continue
                try:
                    view = view.after(trade.route)
                except ChainDataError:
                    continue
                changed |= touched
                nets.append(trade.net_wei)
            if not changed:
                break
        return sum(nets[:most])
