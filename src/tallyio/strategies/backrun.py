"""Backrun: the arbitrage that a pending swap opens, placed right behind it in one bundle."""

from tallyio.core.chain import ChainEvent, NewBlock, PendingTransaction
from tallyio.core.errors import ChainDataError
from tallyio.core.trade import Opportunity
from tallyio.core.units import Address
from tallyio.market.view import MarketView
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.strategies.arbitrage import ArbitrageSettings, as_opportunity
from tallyio.strategies.detection import Detection
from tallyio.strategies.pending import states_after
from tallyio.strategies.search import CycleSearch


class Backrun:
    """On a pending transaction: the best trades through the pools that it would move, on the state it would leave.

    ``view`` is what the victim meets: the next block's top, or the state after what a plan puts before it.
    """

    name = "backrun"

    def __init__(self, registry: DexRegistry, settings: ArbitrageSettings, detection: Detection | None = None) -> None:
        self._registry = registry
        self._settings = settings
        self._search = CycleSearch(settings.gas, detection)

    def evaluate(self, event: ChainEvent, view: MarketView) -> list[Opportunity]:
        if isinstance(event, NewBlock):
            self._search.follow(view)
        if not isinstance(event, PendingTransaction):
            return []
        left = self.after_victim(event, view)
        if left is None:
            return []
        after, touched = left
        found = self._search.best(after, self._settings.min_profit_wei, self._settings.keep, touched)
        return [as_opportunity(self.name, after, trade, event) for trade in found]

    def after_victim(
        self, transaction: PendingTransaction, view: MarketView
    ) -> tuple[MarketView, tuple[Address, ...]] | None:
        """The view once ``transaction`` has run, and the pools it moved; ``None`` where its effect cannot be told, it
        would revert, or it swaps nothing."""
        try:
            states = states_after(view, self._registry.intents(transaction))
        except ChainDataError:
            return None
        return (view.with_states(states), tuple(states)) if states else None
