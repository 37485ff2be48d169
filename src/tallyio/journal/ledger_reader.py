"""What the ledger says: balances, transactions in force, and how far it has followed the chain."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from tallyio.core.chain import BlockRef
from tallyio.core.units import Address, Hash32
from tallyio.journal.accounts import EXECUTOR, NATIVE, OWNER
from tallyio.journal.database import translated
from tallyio.journal.entries import LedgerEntry, LedgerTransaction, Scope
from tallyio.journal.log import JournalReader

Holding = tuple[str, Address]
"""(account, token)."""


class Followed(msgspec.Struct, frozen=True):
    """One balance under the ledger's care since the end of block ``since``."""

    account: str
    token: Address
    address: Address
    since: int


def scope_of(followed: Sequence[Followed], weth: Address) -> Scope | None:
    """Accounts and tokens of ``followed``; None when it is empty."""
    addresses = {f.account: f.address for f in followed}
    if OWNER not in addresses:
        return None
    return Scope(
        owner=addresses[OWNER],
        executor=addresses.get(EXECUTOR),
        weth=weth,
        tokens=frozenset(f.token for f in followed if f.token != NATIVE),
    )


class LedgerReader:
    """Reads the ledger through a journal or a reader of one."""

    def __init__(self, journal: JournalReader) -> None:
        self._journal = journal
        self._db = journal.connection

    def snapshot(self) -> AbstractContextManager[None]:
        """Reads inside see the ledger at one moment."""
        return self._journal.snapshot()

    def balances(self) -> dict[Holding, int]:
        """Every account's balance per token, zero ones left out."""
        rows = self._rows("SELECT account, token, amount FROM ledger_balances")
        return {(account, Address(token)): int(amount) for account, token, amount in rows if amount != "0"}

    def balance(self, account: str, token: Address) -> int:
        rows = self._rows("SELECT amount FROM ledger_balances WHERE account = ? AND token = ?", account, token)
        return int(rows[0][0]) if rows else 0

    def summed(self) -> dict[Holding, int]:
        """Balances added up from all entries anew, to check the projection."""
        sums: dict[Holding, int] = {}
        for account, token, amount in self._rows("SELECT account, token, amount FROM ledger_entries"):
            sums[account, Address(token)] = sums.get((account, Address(token)), 0) + int(amount)
        return {holding: total for holding, total in sums.items() if total}

    def followed(self) -> list[Followed]:
        rows = self._rows("SELECT account, token, address, block_number FROM ledger_scope ORDER BY account, token")
        return [Followed(account, Address(token), Address(held), since) for account, token, held, since in rows]

    def scope(self, weth: Address) -> Scope | None:
        """What is followed in the blocks after the head; None when nothing is."""
        return scope_of(self.followed(), weth)

    def head(self) -> BlockRef | None:
        """The latest block whose entries are in the ledger; None before it was opened."""
        return self._block("ORDER BY number DESC LIMIT 1")

    def first(self) -> BlockRef | None:
        """The block at whose end the ledger was opened."""
        return self._block("ORDER BY number LIMIT 1")

    def block_at(self, number: int) -> BlockRef | None:
        return self._block("WHERE number = ?", number)

    def blocks(self) -> list[BlockRef]:
        """Every block that the ledger has followed, oldest first."""
        return [BlockRef(*row) for row in self._rows("SELECT * FROM ledger_blocks ORDER BY number")]

    def transactions(self) -> Iterator[LedgerTransaction]:
        """Every transaction in force, in the order of posting; compensated ones are left out."""
        latest = (
            "SELECT max(id) FROM ledger_transactions GROUP BY block_hash, tx_hash HAVING count(*) % 2 = 1 ORDER BY 1"
        )
        for (id_,) in self._rows(latest):
            yield self._transaction(id_)

    def _in_force(self, block_hash: Hash32, tx_hash: str) -> int | None:
        rows = self._rows(
            "SELECT max(id), count(*) FROM ledger_transactions WHERE block_hash = ? AND tx_hash = ?",
            block_hash,
            tx_hash,
        )
        latest, count = rows[0]
        return int(latest) if count % 2 else None

    def _transaction(self, id_: int) -> LedgerTransaction:
        number, hash_, tx_hash, memo = self._rows(
            "SELECT block_number, block_hash, tx_hash, memo FROM ledger_transactions WHERE id = ?", id_
        )[0]
        entries = self._rows(
            "SELECT account, token, amount FROM ledger_entries WHERE transaction_id = ? ORDER BY position", id_
        )
        block = self.block_at(number)
        if block is None or block.hash != hash_:
            block = BlockRef(number, Hash32(hash_), Hash32(""), 0)
        return LedgerTransaction(
            block, tx_hash, memo, tuple(LedgerEntry(a, Address(t), int(amount)) for a, t, amount in entries)
        )

    def _block(self, clause: str, *values: object) -> BlockRef | None:
        rows = self._rows(f"SELECT number, hash, parent_hash, timestamp FROM ledger_blocks {clause}", *values)  # noqa: S608
        return BlockRef(*rows[0]) if rows else None

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with translated(self._journal.path):
            return self._db.execute(sql, values).fetchall()
