"""Backruns: an arbitrage right after somebody else's swap, in a pool that swap had moved.

After Qin, Zhou and Gervais (2022): the arbitrage trades against the direction of the swap before it. Right after means
that nothing traded in that pool in between; other transactions may lie there, ``gap`` tells how many.
"""

import msgspec

from tallyio.core.units import Address, Hash32
from tallyio.inspection.activity import BlockActivity, Swap, Transaction
from tallyio.inspection.arbitrage import Arbitrage


class Backrun(msgspec.Struct, frozen=True):
    """``arbitrage`` follows ``target``, a swap by ``target_sender`` in ``pool``."""

    pool: Address
    target_transaction: Hash32
    target_index: int
    target_sender: Address
    target: Swap
    gap: int
    arbitrage: Arbitrage


def backruns(block: BlockActivity, arbitrages: list[Arbitrage]) -> list[Backrun]:
    """For each standing arbitrage the nearest swap that it follows, if any."""
    found = []
    for arbitrage in arbitrages:
        if not arbitrage.reverted:
            candidates = [b for s in arbitrage.path if (b := _behind(block, arbitrage, s))]
            if candidates:
                found.append(min(candidates, key=lambda b: b.gap))
    return found


def _behind(block: BlockActivity, arbitrage: Arbitrage, leg: Swap) -> Backrun | None:
    own = _at(block, arbitrage.index)
    for tx in reversed([t for t in block.transactions if t.index < arbitrage.index]):
        moved = [s for s in tx.swaps if s.pool == leg.pool and not s.reverted]
        if not moved or not tx.succeeded:
            continue
        last = moved[-1]
        if tx.sender == own.sender or _shared_contract(tx, own, arbitrage):
            return None
        if (last.token_in, last.token_out) != (leg.token_out, leg.token_in):
            return None
        gap = arbitrage.index - tx.index - 1
        return Backrun(leg.pool, tx.hash, tx.index, tx.sender, last, gap, arbitrage)
    return None


def _shared_contract(tx: Transaction, own: Transaction, arbitrage: Arbitrage) -> bool:
    """Both call the contract that keeps the arbitrage's profit: the same taker with another account."""
    return tx.to == own.to == arbitrage.taker


def _at(block: BlockActivity, index: int) -> Transaction:
    return next(t for t in block.transactions if t.index == index)
