"""Records of the ledger: what is followed, one entry, one balanced transaction."""

import msgspec

from tallyio.core.chain import BlockRef
from tallyio.core.errors import BugError
from tallyio.core.units import Address
from tallyio.journal.accounts import EXECUTOR, OWNER


class Scope(msgspec.Struct, frozen=True):
    """Whose money the ledger follows, and in which tokens besides ether. ``executor`` is None before its deployment.

    Tokens are chosen, never discovered: anybody can write a token whose logs lie about our balance.
    """

    owner: Address
    executor: Address | None
    weth: Address
    tokens: frozenset[Address]

    @property
    def addresses(self) -> dict[str, Address]:
        """Account -> the address that holds it."""
        own = {OWNER: self.owner}
        return own if self.executor is None else own | {EXECUTOR: self.executor}

    @property
    def followed(self) -> frozenset[Address]:
        return self.tokens | {self.weth}


class LedgerEntry(msgspec.Struct, frozen=True):
    """``amount`` in the token's smallest unit: positive is a debit (an asset or expense grows)."""

    account: str
    token: Address
    amount: int


class LedgerTransaction(msgspec.Struct, frozen=True):
    """The entries of one transaction of the chain; ``tx_hash`` is ``opening:...`` for an opening balance."""

    block: BlockRef
    tx_hash: str
    memo: str
    entries: tuple[LedgerEntry, ...]

    def __post_init__(self) -> None:
        sums: dict[Address, int] = {}
        for entry in self.entries:
            sums[entry.token] = sums.get(entry.token, 0) + entry.amount
        if unbalanced := {token: total for token, total in sums.items() if total}:
            raise BugError(f"the entries of {self.tx_hash} do not sum to zero per token: {unbalanced}")
