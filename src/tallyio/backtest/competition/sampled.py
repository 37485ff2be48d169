"""Rivals whose bids are drawn: shares of the gross profit, as the real takers paid them, or from a distribution."""

from collections.abc import Iterable, Sequence
from typing import Final

from tallyio.backtest.competition.base import RivalBid
from tallyio.backtest.study.records import BlockResult, Offer
from tallyio.core.clock import seeded

MILLION: Final = 1_000_000


def recorded_shares(blocks: Iterable[BlockResult]) -> tuple[int, ...]:
    """What the real takers in ``blocks`` paid the proposer, in millionths of their gross profit; sorted.

    Undone trades, losses and those whose payment is not known say nothing about it.
    """
    return tuple(
        sorted(
            taking.to_proposer_wei * MILLION // taking.gross_wei
            for block in blocks
            for taking in block.taken
            if not taking.reverted and taking.gross_wei and taking.gross_wei > 0 and taking.to_proposer_wei is not None
        )
    )


class Sampled:
    """``rivals`` bid for every opportunity, the strongest counts. Shares are drawn from ``shares`` (millionths) where
    there are ``least`` of them, else from Beta(``alpha``, ``beta``)."""

    name = "sampled"

    def __init__(self, seed: int, shares: Sequence[int], *, rivals: int, least: int, alpha: float, beta: float) -> None:
        self._seed, self._shares, self._rivals = seed, tuple(shares), rivals
        self._alpha, self._beta = alpha, beta
        self.empirical = len(self._shares) >= least

    def strongest(self, block: BlockResult, offer: Offer) -> RivalBid | None:
        """The same for one opportunity (pools and position) under every parameter set."""
        pools = ",".join(sorted(offer.pools))
        draw = seeded(self._seed, f"backtest/rivals/{block.chain_id}/{block.number}/{offer.position}/{pools}")
        if self.empirical:
            share = max(draw.choice(self._shares) for _ in range(self._rivals))
        else:
            share = max(int(draw.betavariate(self._alpha, self._beta) * MILLION) for _ in range(self._rivals))
        return RivalBid(offer.gross_wei * share // MILLION)

    def assumptions(self) -> tuple[str, ...]:
        source = (
            f"drawn from the {len(self._shares)} shares that real takers paid in the training blocks"
            if self.empirical
            else f"drawn from Beta({self._alpha:g}, {self._beta:g}), since the training blocks show only "
            f"{len(self._shares)} payments of real takers"
        )
        return (
            (
                f"{self._rivals} rivals see every opportunity, find the same gross profit as we and bid a share of it, "
                f"{source}."
            ),
            "A rival's bid is the same whatever our parameters are.",
        )
