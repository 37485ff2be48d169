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

_NEAR = 0.95
"""Share of what no plan exceeds from which on none is compared."""


class Plan(NamedTuple):
    """``opportunities`` land in this order, each exact on the view that those before it leave.

    ``net_wei`` is what they bring after gas, ``gross_wei`` before it; ``single_wei`` is what the best cycle alone
    brings before gas, ``greedy_wei`` what one best after another brings after it, ``None`` where that was not looked at
    to its end.
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
        terms = Terms(self._settings.gas, view.next_base_fee_wei, self._settings.min_profit_wei, turns=1, late=late)
        best = joint(view, self._detection.standing(), terms)
        if best is None or len(best.trades) < 2:
            return None
        net = sum(terms.net(trade) for trade in best.trades)
        greedy = None
        if net < _NEAR * best.bound:
            beaten, greedy = self._greedy(view, net, late)
            if beaten:
                return None
        found = []
        for trade in best.trades:
            chosen = Found(terms.net(trade), trade.gross_wei, trade.gas, trade.route)
            found.append(as_opportunity(self.name, view, chosen))
        return Plan(tuple(found), net, best.profit, best.single, greedy)

    def _greedy(self, view: MarketView, enough: int, late: Callable[[], bool]) -> tuple[bool, int | None]:
        """Whether one best after another brings ``enough`` after gas, and what if less, where it is not late before."""
        net = 0
        while net < enough:
            if late():
                return False, None
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
                net += trade.net_wei
            if not changed:
                return False, net
        return True, None
