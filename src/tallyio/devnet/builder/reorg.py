"""Reorganisations on demand: a rival proposer's branch takes the place of the newest blocks."""

from collections.abc import Sequence
from random import Random

from tallyio.chains.keccak import keccak256
from tallyio.chains.signed import SignedTransaction
from tallyio.core.units import Address, address
from tallyio.devnet.builder.tail import Priority

RIVAL: Address = address(keccak256(b"tallyio devnet rival proposer")[12:])
"""Coinbase of the branch that wins; it also makes an empty block differ from the one that it replaces."""
MAX_DEPTH = 2


def depth(rng: Random, available: int) -> int:
    """How many blocks to replace: 1 or 2, never more than ``available``."""
    return min(rng.randint(1, MAX_DEPTH), available)


def reshuffled(rng: Random, transactions: Sequence[SignedTransaction]) -> tuple[list[SignedTransaction], Priority]:
    """Another order and, by sender, a subset: about a third of the senders wait for a later block."""
    senders = sorted({tx.sender for tx in transactions})
    chosen = {sender for sender in senders if rng.random() < 2 / 3}
    rank = {tx.hash: rng.getrandbits(48) for tx in sorted(transactions, key=lambda tx: tx.hash)}
    return [tx for tx in transactions if tx.sender in chosen], lambda tx: (rank[tx.hash],)
