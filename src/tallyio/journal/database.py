"""Opens the journal's SQLite file, as its one writer or as a reader beside it.

WAL lets readers work while the searcher writes. ``synchronous=FULL`` makes each commit wait for the disk: a record
precedes its effect even when the machine loses power, and since a block's records share one commit that costs one
fsync a block. ``kill -9`` alone would not need it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tallyio.core.errors import BugError, OperatorError
from tallyio.journal.schema import APPLICATION_ID, TABLES, TRIGGERS, VERSION

_BUSY_MS = 5_000


def connect_writer(path: Path) -> sqlite3.Connection:
    """The writing connection; creates the file when there is none. The caller holds the folder's ``WriterLock``."""
    with translated(path):
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            _identify(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                _create(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, for reports while the searcher runs. Raises ``OperatorError`` without a file."""
    if not path.is_file():
        raise OperatorError(f"{path}: no such journal", todo="Start the searcher once, or name another data folder")
    with translated(path):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            _identify(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def check(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong with the whole file; empty when it is sound. Reads all of it."""
    try:
        return [row[0] for row in connection.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
    except sqlite3.DatabaseError as e:
        return [str(e)]


@contextmanager
def translated(path: Path | str) -> Iterator[None]:
    """SQLite's errors as ours: a damaged or unwritable file is the operator's, a broken rule is a bug."""
    try:
        yield
    except sqlite3.IntegrityError as e:
        raise BugError(f"{path}: a rule of the journal was broken: {e}") from e
    except sqlite3.OperationalError as e:
        text = str(e)
        todo = "Free some space" if "full" in text else "Check the folder's permissions and its disk"
        raise OperatorError(f"{path}: the journal cannot be used: {text}", todo=todo) from e
    except sqlite3.DatabaseError as e:
        raise OperatorError(
            f"{path}: this is not a sound TallyIO journal: {e}",
            todo="Restore the data folder from a backup, or move it away to start anew",
        ) from e


def _identify(connection: sqlite3.Connection, path: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION_ID and (application or version or tables):
        raise OperatorError(
            f"{path}: found another program's database, expected a TallyIO journal", todo="Move it away"
        )
    if version > VERSION:
        raise OperatorError(
            f"{path}: found a journal of version {version}, expected at most {VERSION}",
            todo="Upgrade TallyIO, or name another data folder",
        )


def _create(connection: sqlite3.Connection) -> None:
    connection.executescript(
        f"BEGIN IMMEDIATE; {TABLES} {TRIGGERS}"
        f" PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    )
