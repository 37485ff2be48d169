"""Whether a bundle could be in time, and whether the block's builder had it at all."""

from tallyio.core.clock import seeded
from tallyio.core.units import BPS


class Inclusion:
    """``inclusion_bps``: blocks whose builder takes bundles from relays that we send to. ``seen_bps``: transactions
    that we see before the block is built. Both in basis points, drawn once a block and once a transaction."""

    def __init__(self, seed: int, inclusion_bps: int, seen_bps: int) -> None:
        self._seed, self._inclusion_bps, self._seen_bps = seed, inclusion_bps, seen_bps

    def reached(self, chain_id: int, number: int) -> bool:
        """Whether block ``number`` was built by someone who had our bundles."""
        return self._draw(f"inclusion/{chain_id}/{number}") < self._inclusion_bps

    def seen(self, chain_id: int, number: int, position: int) -> bool:
        """Whether we saw in time what an offer at ``position`` stands behind; at 0 that is the block before."""
        return position == 0 or self._draw(f"seen/{chain_id}/{number}/{position - 1}") < self._seen_bps

    def assumptions(self) -> tuple[str, ...]:
        return (
            (
                f"{self._inclusion_bps / 100:g} % of the blocks are built by someone who has our bundles; drawn once a "
                "block."
            ),
            (
                f"{self._seen_bps / 100:g} % of the transactions are seen before they are in a block; drawn once a "
                "transaction. What stands behind one that is seen is offered in the same block, as a bundle right "
                "behind it; what stands behind another can be offered in the next block only, if it is still there "
                "before it, which the next block's own replay tells where it is archived."
            ),
        )

    def _draw(self, name: str) -> int:
        return seeded(self._seed, f"backtest/{name}").randrange(BPS)
