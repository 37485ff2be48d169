"""The rival is the one who really took it, with what was really paid."""

from tallyio.backtest.competition.base import RivalBid, contested
from tallyio.backtest.study.records import BlockResult, Offer


class Recorded:
    name = "recorded"

    def strongest(self, block: BlockResult, offer: Offer) -> RivalBid | None:
        taking = contested(block, offer)
        if taking is None:
            return None
        for known in (taking.to_proposer_wei, taking.gross_wei, offer.gross_wei):
            if known is not None:
                return RivalBid(known, taking.transaction)
        return None

    def assumptions(self) -> tuple[str, ...]:
        return (
            (
                "The rival for an opportunity is the transaction that really traded over most of its pools, at or "
                "behind our position; it bids what it really paid the proposer (priority fee and direct payments), and "
                "would not have bid more had it seen our bid."
            ),
            (
                "A rival whose payment the archive does not show gives all of its gross profit, or of ours where that "
                "is unknown too."
            ),
            "What nobody took is uncontested.",
        )
