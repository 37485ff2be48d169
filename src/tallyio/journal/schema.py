"""Tables of the journal's SQLite file. Rows of records and ledger are never changed; triggers refuse it.

``ledger_balances``, ``ledger_blocks`` and ``ledger_scope`` are projections of the rows beside them, kept in the same
transaction. Amounts are decimal text: SQLite's integers end at 64 bits.
"""

APPLICATION_ID = 0x54414C59  # "TALY"
VERSION = 1

_IMMUTABLE = ("records", "record_links", "ledger_transactions", "ledger_entries")

TABLES = """
CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    at_ns INTEGER NOT NULL,
    kind TEXT NOT NULL,
    block_number INTEGER,
    causation TEXT,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX records_by_kind ON records (kind, seq);

CREATE TABLE record_links (
    id TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES records (seq),
    PRIMARY KEY (id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_transactions (
    id INTEGER PRIMARY KEY,
    block_number INTEGER NOT NULL,
    block_hash TEXT NOT NULL,
    tx_hash TEXT NOT NULL,
    round INTEGER NOT NULL,
    memo TEXT NOT NULL,
    UNIQUE (block_hash, tx_hash, round)
) STRICT;

CREATE TABLE ledger_entries (
    transaction_id INTEGER NOT NULL REFERENCES ledger_transactions (id),
    position INTEGER NOT NULL,
    account TEXT NOT NULL,
    token TEXT NOT NULL,
    amount TEXT NOT NULL,
    PRIMARY KEY (transaction_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_balances (
    account TEXT NOT NULL,
    token TEXT NOT NULL,
    amount TEXT NOT NULL,
    PRIMARY KEY (account, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_blocks (
    number INTEGER PRIMARY KEY,
    hash TEXT NOT NULL,
    parent_hash TEXT NOT NULL,
    timestamp INTEGER NOT NULL
) STRICT;

CREATE TABLE ledger_scope (
    account TEXT NOT NULL,
    token TEXT NOT NULL,
    address TEXT NOT NULL,
    block_number INTEGER NOT NULL,
    opening TEXT NOT NULL,
    PRIMARY KEY (account, token)
) STRICT, WITHOUT ROWID;
"""

TRIGGERS = "\n".join(
    f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}"
    f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;"
    for table in _IMMUTABLE
    for verb in ("update", "delete")
)
