"""What one archived block told, under every parameter set: all that the later steps need, whole in one small file."""

import msgspec

from tallyio.backtest.records import Taken
from tallyio.core.units import Address, Hash32
from tallyio.reports.chances import Sight


class Offer(msgspec.Struct, frozen=True):
    """A proposal of ours. ``position``: how many of the block's transactions had run.

    Amounts in wei: ``gross_wei``, ``gas_wei`` and ``bid_wei`` are what the chain made of it there, ``predicted_wei``
    and ``predicted_gas`` what was thought before; ``to_proposer_wei`` is the bid with the tip. ``reason`` is the
    gate's where it is not ``approved``; ``outcome`` of its run: succeeded, failed, or unknown where the archive lacks
    state that it needed.
    """

    id: str
    strategy: str
    position: int
    pools: tuple[Address, ...]
    predicted_wei: int
    predicted_gas: int
    gross_wei: int
    gas_used: int
    gas_wei: int
    bid_wei: int
    to_proposer_wei: int
    approved: bool
    reason: str = ""
    detail: str = ""
    hops: int = 0
    outcome: str = "succeeded"
    borrower: Address | None = None

    @property
    def unknown(self) -> bool:
        return self.outcome == "unknown"

    @property
    def net_wei(self) -> int:
        """What was left after gas and bid."""
        return self.gross_wei - self.gas_wei - self.bid_wei


class BlockResult(msgspec.Struct, frozen=True):
    """``offers`` has one entry a parameter set, in their order. ``left`` are contracts that look like pools and were
    not used, with the reason; ``sight`` is what could have been seen of what was ``taken``, whatever the parameters.
    ``refused`` says why the block could not be replayed; then it has no offers at all."""

    key: str
    chain_id: int
    number: int
    hash: Hash32
    timestamp: int = 0
    base_fee_wei: int = 0
    transactions: int = 0
    pools: int = 0
    left: dict[Address, str] = {}
    taken: tuple[Taken, ...] = ()
    sight: Sight = Sight()
    offers: tuple[tuple[Offer, ...], ...] = ()
    refused: str = ""
