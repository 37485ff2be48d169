"""What a transaction cost its sender, and what of it the proposer received.

Priority fee: (effective gas price - base fee) * gas used (EIP-1559; before London the whole gas price is the
miner's). Direct payments: the coin sent to the proposer's address within the transaction, as bundles pay (Daian et
al., "Flash Boys 2.0", section on priority gas auctions; Flashbots' ``coinbase.transfer``).
"""

import msgspec

from tallyio.inspection.activity import NATIVE, BlockActivity, Transaction


class Payment(msgspec.Struct, frozen=True):
    """All in wei. ``direct`` is ``None`` where the source does not show transfers of the coin."""

    gas_fee: int
    priority_fee: int | None
    direct: int | None

    @property
    def to_proposer(self) -> int | None:
        return None if self.priority_fee is None or self.direct is None else self.priority_fee + self.direct

    @property
    def cost(self) -> int | None:
        """What the sender's side gave away: fees and direct payments."""
        return None if self.direct is None else self.gas_fee + self.direct


def payment(block: BlockActivity, tx: Transaction) -> Payment:
    """What ``tx`` paid. The proposer's own transactions pay it nothing directly."""
    priority = None if block.base_fee is None else (tx.effective_gas_price - block.base_fee) * tx.gas_used
    direct: int | None = None
    if block.native_seen:
        sent = [t for t in tx.transfers if t.token == NATIVE and not t.reverted and t.sender != t.receiver]
        direct = sum(t.amount for t in sent if t.receiver == block.proposer)
        direct -= sum(t.amount for t in sent if t.sender == block.proposer)
    if direct is not None and block.proposer in (tx.sender, tx.to):
        direct = 0
    return Payment(tx.gas_used * tx.effective_gas_price, priority, direct)
