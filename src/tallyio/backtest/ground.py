"""What the searcher has before a block comes: its market, with the pools that it knows anyway, and its strategies."""

from msgspec.structs import replace

from tallyio.backtest.exchanges import Exchanges
from tallyio.backtest.known_pools import NO_POOLS, KnownPools
from tallyio.backtest.records import ReplaySettings
from tallyio.core.chain import NewBlock
from tallyio.core.units import Address
from tallyio.market.market import Market
from tallyio.market.view import MarketView
from tallyio.strategies.arbitrage import Arbitrage
from tallyio.strategies.backrun import Backrun
from tallyio.strategies.detection import Detection


class Ground:
    """Serves one block after another; each sees ``beside`` and its own pools, nothing of other blocks.

    ``beside`` are pools that no block to be replayed touches.
    """

    def __init__(self, settings: ReplaySettings, exchanges: Exchanges, beside: KnownPools = NO_POOLS) -> None:
        self.settings = settings
        self.exchanges = exchanges
        self.registry = exchanges.registry()
        detection = Detection()
        all_that_gains = replace(settings.arbitrage, min_profit_wei=settings.floor_wei, keep=settings.keep)
        self.arbitrage = Arbitrage(all_that_gains, detection)
        self.backrun = Backrun(self.registry, all_that_gains, detection)
        self._market = Market(self.registry, exchanges.weth, max_hops=settings.max_hops, cycles=settings.cycles)
        self._beside = beside
        self._guests: list[Address] = []

    def view(self, head: NewBlock, timestamp: int, known: KnownPools) -> MarketView:
        """The market on ``head``, for the block at ``timestamp`` of which ``known`` was read."""
        self._market.forget(self._guests)
        if not self._market.pools:
            self._market.start(head.block, self._beside.pools.values(), self._beside.states)
        self._market.start(head.block, known.pools.values(), known.states)
        self._guests = list(known.pools)
        return self._market.view(next_base_fee_wei=head.base_fee_wei, next_timestamp=timestamp)
