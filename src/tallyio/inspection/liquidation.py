"""Liquidations, with what the liquidator took and what it cost.

A liquidation repays another's debt for collateral at a discount (Qin et al., "An Empirical Study of DeFi
Liquidations", 2021). Its gross profit is told where the transaction begins and ends in the chain's coin: the debt
bought or borrowed, the collateral sold.
"""

import msgspec

from tallyio.core.units import Address, Hash32
from tallyio.inspection.activity import BlockActivity, Liquidation, Transaction
from tallyio.inspection.payment import Payment, payment
from tallyio.inspection.reading import net_flows


class Liquidated(msgspec.Struct, frozen=True):
    """``gross_wei`` and ``net_wei`` are the whole transaction's, where it liquidates more than once."""

    transaction: Hash32
    index: int
    taker: Address
    liquidation: Liquidation
    gross_wei: int | None
    net_wei: int | None
    payment: Payment
    reverted: bool


def liquidations(block: BlockActivity) -> list[Liquidated]:
    """Every liquidation in ``block``, undone ones marked."""
    found = []
    for tx in block.transactions:
        for each in tx.liquidations:
            paid = payment(block, tx)
            gross = _gross(block, tx, each, paid)
            net = gross - paid.cost if gross is not None and paid.cost is not None else None
            undone = each.reverted or not tx.succeeded
            found.append(Liquidated(tx.hash, tx.index, each.liquidator, each, gross, net, paid, undone))
    return found


def _gross(block: BlockActivity, tx: Transaction, each: Liquidation, paid: Payment) -> int | None:
    """What the liquidator and the sender gained of the coin over the transaction, before they paid the proposer.

    ``None`` where they gained or gave another token too, and where they only gave: what they keep is then not priced,
    or (cTokens) not seen.
    """
    if paid.direct is None:
        return None
    parties = {each.liquidator, tx.sender} | ({tx.to} if each.liquidator != tx.sender and tx.to else set())
    standing = [t for t in tx.transfers if not t.reverted]
    net: dict[Address, int] = {}
    for party in parties - {each.market}:
        for token, amount in net_flows(standing, party).items():
            net[block.same(token)] = net.get(block.same(token), 0) + amount
    if any(amount for token, amount in net.items() if token != block.native):
        return None
    gross = net.get(block.native, 0) + paid.direct
    return gross if gross > 0 else None
