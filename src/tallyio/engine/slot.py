"""The plan for one block: the trades that a bundle at its top carries, in order, and what stands after them."""

from dataclasses import dataclass, field

import msgspec

from tallyio.core.chain import NewBlock
from tallyio.core.trade import Bundle, Decision, Opportunity, Proof
from tallyio.core.units import Hash32
from tallyio.market.view import MarketView


class TransactionFees(msgspec.Struct, frozen=True):
    """What every transaction of a slot offers: the target block's exact base fee plus the tip, and no more."""

    base_fee_wei: int
    priority_fee_wei: int

    @property
    def max_fee_wei(self) -> int:
        return self.base_fee_wei + self.priority_fee_wei


class Trade(msgspec.Struct, frozen=True):
    """An approved and proved opportunity, signed. ``raw`` is the transaction."""

    opportunity: Opportunity
    decision: Decision
    proof: Proof
    gas_limit: int
    nonce: int
    raw: bytes
    hash: Hash32

    def net_wei(self, fees: TransactionFees) -> int:
        return self.proof.gross_wei - self.decision.bid_wei - self.proof.gas_used * fees.max_fee_wei


@dataclass
class Slot:
    """Grows while its block is awaited: first the trades on the parent's state, then backruns."""

    parent: NewBlock
    view: MarketView
    first_nonce: int
    fees: TransactionFees
    plan_id: str
    trades: list[Trade] = field(default_factory=list)
    alternatives: list[Trade] = field(default_factory=list)
    """Trades of the plan that need none before them, signed again with the plan's first nonce."""
    bundles: list[Bundle] = field(default_factory=list)
    refused: set[tuple[str, ...]] = field(default_factory=set)
    candidates: list[Opportunity] = field(default_factory=list)
    """Found at the last look at the view and not yet taken or refused."""
    changed: set[str] = field(default_factory=set)
    """Pools and borrowers that trades taken since that look have changed."""
    together: list[Opportunity] | None = None
    """What is left of the trades that were planned together, each exact behind those before it; ``None`` before that
    was tried."""
    seen: set[Hash32] = field(default_factory=set)
    worked: list[Opportunity] = field(default_factory=list)
    """Trades that were proved."""
    failed: list[tuple[Opportunity, str]] = field(default_factory=list)
    """Trades of pools alone that failed when simulated, and how."""

    @property
    def target(self) -> int:
        return self.parent.block.number + 1

    @property
    def gas(self) -> int:
        return sum(trade.proof.gas_used for trade in self.trades)

    @property
    def next_nonce(self) -> int:
        return self.first_nonce + len(self.trades)
