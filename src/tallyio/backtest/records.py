"""What replaying a block tells: what we proposed there, and what others really took."""

from typing import Literal

import msgspec

from tallyio.backtest.known_pools import KnownPools
from tallyio.backtest.own_bundle import Paid
from tallyio.config.settings import CycleSettings
from tallyio.core.trade import Decision, Opportunity, Proof
from tallyio.core.units import ETHER, Address, Hash32
from tallyio.risk.limits import Limits
from tallyio.strategies.arbitrage import ArbitrageSettings

TakenKind = Literal["arbitrage", "backrun", "liquidation"]


class ReplaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """The searcher's own settings, as its configuration directory holds them for the live one.

    The strategies look further than live: their least profit is ``floor_wei``, so that all that gains is seen, and what
    is too little is left by the gate, which says so. ``keep`` is how many trades of one state are followed up.
    """

    arbitrage: ArbitrageSettings = ArbitrageSettings()
    floor_wei: int = -ETHER
    keep: int = 32
    limits: Limits = Limits(min_profit_wei=10**14)
    max_hops: int = 4
    cycles: CycleSettings = CycleSettings()
    priority_fee_wei: int = 0


class Proposal(msgspec.Struct, frozen=True):
    """``position``: how many of the block's transactions had run. ``paid`` is what the chain made of it there.

    ``decision`` is the risk gate's: the terms of the run where it approved, else why it denied. ``proof`` is what it
    was shown in the end, where it did not deny at first sight.
    """

    position: int
    opportunity: Opportunity
    paid: Paid
    decision: Decision
    proof: Proof | None = None

    @property
    def net_wei(self) -> int:
        """What was left after gas and bid."""
        return self.paid.gross_wei - self.paid.gas_wei - self.paid.bid_wei


class Taken(msgspec.Struct, frozen=True):
    """What someone took in the block's transaction number ``position``.

    ``tokens`` and ``pools`` in the order of the path (of a liquidation: debt and collateral, and the market).
    ``gross_wei`` values all gains in the chain's coin at the path's own prices; ``net_wei`` is after gas and payments
    of the whole transaction; ``to_proposer_wei`` the priority fee and direct payments. None where they cannot be told.
    ``behind`` is the transaction that a backrun follows, ``borrower`` whose debt a liquidation repaid, ``burnt_wei``
    what of ``gas_wei`` went to nobody (the base fee; EIP-1559).
    """

    kind: TakenKind
    transaction: Hash32
    position: int
    taker: Address
    tokens: tuple[Address, ...]
    pools: tuple[Address, ...]
    protocols: tuple[str, ...]
    amounts_in: tuple[int, ...]
    profit: dict[Address, int]
    gross_wei: int | None
    net_wei: int | None
    gas_wei: int
    to_proposer_wei: int | None
    reverted: bool
    behind: Hash32 | None = None
    borrower: Address | None = None
    burnt_wei: int = 0


class Replayed(msgspec.Struct, frozen=True):
    """``proposals`` has each opportunity once, where it paid most; in order of position. An opportunity is a set of
    pools; one that has lost more than half of its worth and grows again is another.

    ``gas_used`` and ``receipts_root`` are of the block's own transactions, which nothing that we placed and tried
    disturbed. ``unproved`` are proposals, not among ``proposals``, whose run needs state that the block did not touch:
    nobody can say what they would have brought. ``unfollowed`` are pools of which events told another state than the
    contract itself, or nothing. All routes begin with ``weth``.
    """

    number: int
    known: KnownPools
    proposals: list[Proposal]
    gas_used: int
    receipts_root: Hash32
    taken: list[Taken]
    chain_id: int = 1
    block_hash: Hash32 = Hash32("")
    timestamp: int = 0
    base_fee_wei: int = 0
    transactions: int = 0
    unfollowed: dict[Address, str] = {}
    weth: Address | None = None
    unproved: list[Proposal] = []
