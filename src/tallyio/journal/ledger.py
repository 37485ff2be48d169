"""Double entry in wei per token, beside the journal in the same file and the same transactions.

A transaction of the chain is posted once per (block hash, transaction hash). ``round`` counts its postings and
compensations in turn: odd many rows are in force, even many cancel out. A block that leaves the chain, and comes back,
therefore loses and regains its entries, and none is ever changed or deleted.
"""

from collections.abc import Mapping, Sequence

from tallyio.core.chain import BlockRef
from tallyio.core.errors import DivergenceError, OperatorError
from tallyio.core.units import Address
from tallyio.journal.accounts import OPENING
from tallyio.journal.database import translated
from tallyio.journal.entries import LedgerEntry, LedgerTransaction, Scope
from tallyio.journal.ledger_reader import Holding, LedgerReader
from tallyio.journal.log import Journal
from tallyio.journal.records import LedgerOpened, LedgerRolledBack


class Ledger(LedgerReader):
    """Writes the ledger. Every method is one commit, or a part of the ``journal.transaction()`` around it."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.journal = journal

    def open(self, block: BlockRef, scope: Scope, balances: Mapping[Holding, int]) -> None:
        """Follow ``balances`` (account and token -> what the chain says at the end of ``block``) from there on.

        Also widens an open ledger by new tokens or an executor, at its head only. Raises ``OperatorError`` when an
        account is already followed at another address.
        """
        known = {(f.account, f.token): f for f in self.followed()}
        for f in known.values():
            if scope.addresses.get(f.account, f.address) != f.address:
                raise OperatorError(
                    f"the ledger follows {f.account} at {f.address}, expected {scope.addresses[f.account]}",
                    todo="Use another data folder for another wallet or executor",
                )
        with self.journal.transaction():
            if self.head() is None:
                self._insert_block(block)
            elif self.head() != block:
                raise DivergenceError(
                    f"the ledger is at block {self.head()}, not at {block}, where it was to be widened"
                )
            for (account, token), balance in sorted(balances.items()):
                if (account, token) not in known:
                    self._open(block, account, scope.addresses[account], token, balance)

    def post(self, transaction: LedgerTransaction) -> bool:
        """Add a transaction's entries; False, and nothing done, when they are in force already."""
        with self.journal.transaction():
            if self._in_force(transaction.block.hash, transaction.tx_hash) is not None:
                return False
            self._insert(transaction)
            return True

    def advance(self, block: BlockRef, transactions: Sequence[LedgerTransaction]) -> bool:
        """Post a block's transactions and make it the head; False when it is the head already.

        Raises ``DivergenceError`` when ``block`` is not the head's child.
        """
        with self.journal.transaction():
            head = self.head()
            if head == block:
                return False
            if head is None or block.parent_hash != head.hash:
                raise DivergenceError(f"block {block.number} {block.hash} does not follow the ledger's head {head}")
            for transaction in transactions:
                self.post(transaction)
            self._insert_block(block)
            return True

    def rewind(self, to: BlockRef) -> tuple[BlockRef, ...]:
        """Compensate every block above ``to``, newest first, and return them.

        Raises ``DivergenceError`` when ``to`` is not a block of the ledger: the reorganisation reaches below its
        opening, or the feed speaks of another chain.
        """
        known = self.block_at(to.number)
        if known is None or known.hash != to.hash:
            raise DivergenceError(
                f"a reorganisation leads back to block {to.number} {to.hash}, which the ledger does not have",
                todo="If it lies below the ledger's opening block, start a new data folder",
            )
        with self.journal.transaction():
            rows = self._rows("SELECT number FROM ledger_blocks WHERE number > ? ORDER BY number DESC", to.number)
            dropped = tuple(self._drop(int(number)) for (number,) in rows)
            if dropped:
                self.journal.append(LedgerRolledBack(to, dropped))
            return dropped

    def abandon(self, to: BlockRef) -> tuple[BlockRef, ...]:
        """Compensate everything, the opening too, because the chain went back to ``to``, which lies below it.

        The ledger is then unopened, and can be opened at a block that the chain has.
        """
        with self.journal.transaction():
            dropped = tuple(self._drop(block.number) for block in reversed(self.blocks()))
            self.journal.append(LedgerRolledBack(to, dropped))
            return dropped

    def _drop(self, number: int) -> BlockRef:
        block = self.block_at(number)
        assert block is not None  # noqa: S101 - its row was just read
        hashes = self._rows(
            "SELECT tx_hash FROM ledger_transactions WHERE block_hash = ?"
            " GROUP BY tx_hash HAVING count(*) % 2 = 1 ORDER BY max(id) DESC",
            block.hash,
        )
        for (tx_hash,) in hashes:
            id_ = self._in_force(block.hash, tx_hash)
            assert id_ is not None  # noqa: S101 - the query above chose those in force
            posted = self._transaction(id_)
            entries = tuple(LedgerEntry(e.account, e.token, -e.amount) for e in posted.entries)
            self._insert(LedgerTransaction(block, posted.tx_hash, f"reorganised: {posted.memo}", entries))
        self._execute("DELETE FROM ledger_scope WHERE block_number = ?", number)
        self._execute("DELETE FROM ledger_blocks WHERE number = ?", number)
        return block

    def _open(self, block: BlockRef, account: str, held: Address, token: Address, balance: int) -> None:
        self.journal.append(LedgerOpened(block, account, held, token, balance))
        source = f"opening:{account}:{token}"
        self._execute("INSERT INTO ledger_scope VALUES (?, ?, ?, ?, ?)", account, token, held, block.number, source)
        entries = (LedgerEntry(account, token, balance), LedgerEntry(OPENING, token, -balance)) if balance else ()
        if entries:
            self.post(LedgerTransaction(block, source, "opening balance", entries))

    def _insert_block(self, block: BlockRef) -> None:
        self._execute(
            "INSERT INTO ledger_blocks VALUES (?, ?, ?, ?)",
            block.number, block.hash, block.parent_hash, block.timestamp,
        )  # fmt: skip

    def _insert(self, transaction: LedgerTransaction) -> None:
        block = transaction.block
        key = (block.hash, transaction.tx_hash)
        (rounds,) = self._rows("SELECT count(*) FROM ledger_transactions WHERE block_hash = ? AND tx_hash = ?", *key)[0]
        with translated(self.journal.path):
            id_ = self._db.execute(
                "INSERT INTO ledger_transactions (block_number, block_hash, tx_hash, round, memo)"
                " VALUES (?, ?, ?, ?, ?)",
                (block.number, *key, rounds, transaction.memo),
            ).lastrowid
            self._db.executemany(
                "INSERT INTO ledger_entries VALUES (?, ?, ?, ?, ?)",
                [(id_, i, e.account, e.token, str(e.amount)) for i, e in enumerate(transaction.entries)],
            )
        for entry in transaction.entries:
            total = self.balance(entry.account, entry.token) + entry.amount
            self._execute(
                "INSERT INTO ledger_balances VALUES (?, ?, ?)"
                " ON CONFLICT (account, token) DO UPDATE SET amount = excluded.amount",
                entry.account, entry.token, str(total),
            )  # fmt: skip

    def _execute(self, sql: str, *values: object) -> None:
        with translated(self.journal.path):
            self._db.execute(sql, values)
