"""The journal: every record before its effect, in the order of ``seq``, never changed."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from tallyio.core.chain import BlockRef
from tallyio.core.clock import Clock, SystemClock
from tallyio.core.errors import BugError
from tallyio.journal import codec
from tallyio.journal.database import check, connect_reader, connect_writer, translated
from tallyio.journal.lock import WriterLock

FILE_NAME = "journal.sqlite3"
"""Name of the journal in a data folder."""


class Entry(msgspec.Struct, frozen=True):
    """One record as journaled. ``at_ns`` is wall-clock time; ``block`` the number of the block that it is about."""

    seq: int
    at_ns: int
    kind: str
    block: int | None
    causation: str | None
    record: Any


class JournalReader:
    """Reads a journal, while its searcher runs or after. Each call sees what was committed when it began."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises ``OperatorError`` when the file is missing, damaged, another program's or of a newer version."""
        return cls(path, connect_reader(path))

    def read(self, kind: type | str | None = None, since: int = 0) -> Iterator[Entry]:
        """Entries with ``seq`` above ``since``, oldest first; of one kind, or all."""
        name = kind.__name__ if isinstance(kind, type) else kind
        where, values = ("seq > ?", [since]) if name is None else ("kind = ? AND seq > ?", [name, since])
        yield from self.select(f"WHERE {where} ORDER BY seq", values)

    def latest(self, kind: type | str) -> Entry | None:
        """The newest entry of a kind."""
        name = kind.__name__ if isinstance(kind, type) else kind
        return next(self.select("WHERE kind = ? ORDER BY seq DESC LIMIT 1", [name]), None)

    def linked(self, id_: str, kind: type | None = None) -> Iterator[Entry]:
        """Entries that name ``id_`` (an opportunity, bundle, plan or transaction), oldest first."""
        clause = "WHERE seq IN (SELECT seq FROM record_links WHERE id = ?)"
        if kind is None:
            yield from self.select(f"{clause} ORDER BY seq", [id_])
        else:
            yield from self.select(f"{clause} AND kind = ? ORDER BY seq", [id_, kind.__name__])

    def history(self, opportunity_id: str) -> list[Entry]:
        """An opportunity's whole way: found, decided, proved, bundled, submitted, and what became of it."""
        found = {entry.seq: entry for entry in self.linked(opportunity_id)}
        for bundle in [entry.record for entry in found.values() if entry.kind == "Bundle"]:
            for entry in self.linked(bundle.id):
                if getattr(entry.record, "opportunity_id", opportunity_id) == opportunity_id:
                    found.setdefault(entry.seq, entry)
        return [found[seq] for seq in sorted(found)]

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads inside see the journal at one moment. Does not write; keep it short."""
        if self.connection.in_transaction:
            yield
            return
        with translated(self.path):
            self.connection.execute("BEGIN")
        try:
            yield
        finally:
            with translated(self.path):
                self.connection.execute("COMMIT")

    def select(self, clause: str, values: Iterable[Any]) -> Iterator[Entry]:
        """Entries by an SQL clause over ``records``; for projections."""
        with translated(self.path):
            rows = self.connection.execute(
                f"SELECT seq, at_ns, kind, block_number, causation, body FROM records {clause}",  # noqa: S608
                tuple(values),
            )
            for seq, at_ns, kind, block, causation, body in rows:
                yield Entry(seq, at_ns, kind, block, causation, codec.decode(kind, body))

    def problems(self) -> list[str]:
        """What is wrong with the file; empty when it is sound."""
        return check(self.connection)

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


class Journal(JournalReader):
    """The one writer of a data folder. A call that returned is on the disk, except inside ``transaction``."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: WriterLock, clock: Clock) -> None:
        super().__init__(path, connection)
        self._lock = lock
        self._clock = clock
        self._depth = 0
        self._failed = False
        self._holder: object = None
        self._undo: list[Callable[[], None]] = []

    @classmethod
    def open(cls, path: Path, *, clock: Clock | None = None) -> Self:
        """Open for writing, creating file and folder.

        Raises ``OperatorError`` when another searcher has it, or the file is damaged, foreign or of a newer version.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = WriterLock(path.with_name(path.name + ".lock"))
        try:
            return cls(path, connect_writer(path), lock, clock or SystemClock())
        except BaseException:
            lock.release()
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Group commit: all that is appended or posted inside reaches the disk at once, at the end, or not at all.

        Nothing inside has happened until the outermost block ends, so no effect may start inside it, and no await:
        another task's records would wait for this one's commit.
        """
        if self._depth == 0:
            with translated(self.path):
                self.connection.execute("BEGIN IMMEDIATE")
            self._holder, self._failed = _holder(), False
        elif self._holder != _holder():
            raise BugError("two tasks are inside one journal transaction", todo="Do not await inside a transaction")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._failed = True
            self._depth -= 1
            if self._depth == 0:
                self._rollback()
            raise
        self._depth -= 1
        if self._depth == 0:
            self._commit()

    def undo_with(self, undo: Callable[[], None]) -> None:
        """Have ``undo`` called if the current transaction is rolled back, for memory that mirrors what it wrote."""
        if self._depth:
            self._undo.append(undo)

    def append(
        self, record: msgspec.Struct, *, block: BlockRef | int | None = None, causation: str | None = None
    ) -> int:
        """Journal one record and return its ``seq``.

        ``block`` is what the record is about (by default what it says itself); ``causation`` the id of what it follows
        from (by default the first id that it names).
        """
        with self.transaction():
            return self._insert(record, block, causation)

    def append_many(
        self, records: Iterable[msgspec.Struct], *, block: BlockRef | int | None = None, causation: str | None = None
    ) -> list[int]:
        """Journal records in one commit and return their ``seq``."""
        with self.transaction():
            return [self._insert(record, block, causation) for record in records]

    def _insert(self, record: msgspec.Struct, block: BlockRef | int | None, causation: str | None) -> int:
        kind, body = codec.encode(record)
        links = codec.links(record)
        number = codec.block_number(record) if block is None else block if isinstance(block, int) else block.number
        cause = causation or (links[0] if links else None)
        with translated(self.path):
            seq = self.connection.execute(
                "INSERT INTO records (at_ns, kind, block_number, causation, body) VALUES (?, ?, ?, ?, ?)",
                (self._clock.unix_ns(), kind, number, cause, body),
            ).lastrowid
            assert seq is not None  # noqa: S101 - an INSERT always has one
            names = links if cause is None or cause in links else (*links, cause)
            self.connection.executemany("INSERT INTO record_links VALUES (?, ?)", [(name, seq) for name in names])
        return seq

    def _commit(self) -> None:
        if self._failed:
            self._rollback()
            raise BugError("a part of a journal transaction failed and was passed over; nothing of it was kept")
        try:
            with translated(self.path):
                self.connection.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise
        self._holder = None
        self._undo.clear()

    def _rollback(self) -> None:
        self._holder = None
        if self.connection.in_transaction:
            with translated(self.path):
                self.connection.execute("ROLLBACK")
        while self._undo:
            self._undo.pop()()

    def close(self) -> None:
        """Close the file and let go of the data folder."""
        super().close()
        self._lock.release()


def _holder() -> object:
    try:
        return asyncio.current_task() or threading.get_ident()
    except RuntimeError:
        return threading.get_ident()
