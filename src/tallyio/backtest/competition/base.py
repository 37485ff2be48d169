"""What a model of competition is."""

from typing import Protocol

import msgspec

from tallyio.backtest.records import Taken
from tallyio.backtest.study.records import BlockResult, Offer


class RivalBid(msgspec.Struct, frozen=True):
    """What the strongest rival pays the proposer; ``transaction`` is empty where the rival is made up."""

    wei: int
    transaction: str = ""


class Rivals(Protocol):
    """Draws, where there are any, follow from seed, block and pools alone: never from the order of the calls."""

    name: str

    def strongest(self, block: BlockResult, offer: Offer) -> RivalBid | None:
        """Who bids against ``offer``; None where nobody does."""
        ...

    def assumptions(self) -> tuple[str, ...]:
        """What this model takes for granted, for people."""
        ...


def contested(block: BlockResult, offer: Offer) -> Taken | None:
    """What was really taken at or behind ``offer``'s position with pools of it: the most of them, then the earliest."""
    pools = frozenset(offer.pools)
    shared = [
        (-len(pools.intersection(taking.pools)), taking.position, place)
        for place, taking in enumerate(block.taken)
        if not taking.reverted and taking.position >= offer.position and pools.intersection(taking.pools)
    ]
    return block.taken[min(shared)[2]] if shared else None
