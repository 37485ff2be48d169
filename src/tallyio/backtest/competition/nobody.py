"""Nobody else bids: the upper bound."""

from tallyio.backtest.competition.base import RivalBid
from tallyio.backtest.study.records import BlockResult, Offer


class Nobody:
    name = "none"

    def strongest(self, block: BlockResult, offer: Offer) -> RivalBid | None:
        return None

    def assumptions(self) -> tuple[str, ...]:
        return ("Nobody bids against us: an upper bound, not an estimate.",)
