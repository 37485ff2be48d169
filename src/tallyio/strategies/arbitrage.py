"""Arbitrage over cycles of two to four swaps, funded by the first swap's own flash swap."""

import msgspec

from tallyio.config.settings import NonNegative, Positive
from tallyio.core.chain import ChainEvent, NewBlock, PendingTransaction
from tallyio.core.trade import Opportunity
from tallyio.market.view import MarketView
from tallyio.strategies.base import GasModel, opportunity_id, pools_of
from tallyio.strategies.detection import Detection
from tallyio.strategies.search import CycleSearch, Found


class ArbitrageSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``min_profit_wei`` is what must be left after gas at the next base fee; ``keep`` how many are handed on."""

    min_profit_wei: NonNegative = 10**14
    keep: Positive = 4
    gas: GasModel = GasModel()


class Arbitrage:
    """On each block: the best trades over all cycles, whether or not this block touched their pools."""

    name = "arbitrage"

    def __init__(self, settings: ArbitrageSettings, detection: Detection | None = None) -> None:
        self._settings = settings
        self._search = CycleSearch(settings.gas, detection)

    def evaluate(self, event: ChainEvent, view: MarketView) -> list[Opportunity]:
        if not isinstance(event, NewBlock):
            return []
        found = self._search.best(view, self._settings.min_profit_wei, self._settings.keep)
        return [as_opportunity(self.name, view, trade) for trade in found]


def as_opportunity(
    strategy: str, view: MarketView, trade: Found, victim: PendingTransaction | None = None
) -> Opportunity:
    return Opportunity(
        id=opportunity_id(strategy, view, trade.route, victim),
        strategy=strategy,
        state_block=view.block,
        target_block=view.block.number + 1,
        route=trade.route,
        gross_wei=trade.gross_wei,
        gas_estimate=trade.gas,
        pools=pools_of(trade.route),
        victim=victim,
    )
