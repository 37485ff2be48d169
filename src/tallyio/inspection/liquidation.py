"""Liquidations, with what the liquidator took and what it cost.

A liquidation repays another's debt for collateral at a discount (Qin et al., "An Empirical Study of DeFi
Liquidations", 2021). Its gross profit is told in the chain's coin where the transaction's own swaps price both sides:
the debt as bought, the collateral as sold; else it stays ``None``.
"""

import msgspec

from tallyio.core.units import Address, Hash32
from tallyio.inspection.activity import BlockActivity, Liquidation, Transaction
from tallyio.inspection.payment import Payment, payment


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
            gross = _gross(block, tx, each)
            net = gross - paid.cost if gross is not None and paid.cost is not None else None
            undone = each.reverted or not tx.succeeded
            found.append(Liquidated(tx.hash, tx.index, each.liquidator, each, gross, net, paid, undone))
    return found


def _gross(block: BlockActivity, tx: Transaction, each: Liquidation) -> int | None:
    """What selling the collateral brought less what buying the debt took, both wholly within the transaction."""
    if each.received_amount is None or len(tx.liquidations) != 1:
        return None
    collateral, debt = block.same(each.collateral_token), block.same(each.debt_token)
    brought = each.received_amount if collateral == block.native else None
    took = each.debt_amount if debt == block.native else None
    for s in tx.swaps:
        token_in, token_out = block.same(s.token_in), block.same(s.token_out)
        if token_in == collateral and token_out == block.native and s.amount_in == each.received_amount:
            brought = s.amount_out
        if token_in == block.native and token_out == debt and s.amount_out == each.debt_amount:
            took = s.amount_in
    return None if brought is None or took is None else brought - took
