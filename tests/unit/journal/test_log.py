"""The append-only log: order, exactness, one writer, group commit, damaged and foreign files."""

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from tallyio.core.chain import BlockRef, PendingTransaction
from tallyio.core.clock import ManualClock
from tallyio.core.errors import BugError, OperatorError
from tallyio.core.trade import Bundle, Decision, FlashLoan, Opportunity, Outcome, Proof, Route, Submission, SwapStep
from tallyio.core.units import UINT256_MAX, Address, Hash32
from tallyio.journal.log import Journal, JournalReader

A = Address("0x" + "aa" * 20)
B = Address("0x" + "bb" * 20)


def block(number: int) -> BlockRef:
    return BlockRef(number, Hash32(f"0x{number:064x}"), Hash32(f"0x{number - 1:064x}"), 1_700_000_000 + number)


def opportunity(id_: str = "opp-1") -> Opportunity:
    swap = SwapStep(A, "uniswap_v2", A, B, UINT256_MAX, 2**112 - 1, 3000)
    victim = PendingTransaction(
        Hash32("0x" + "01" * 32), A, B, 7, UINT256_MAX, 21000, 2**70, 2**65, bytes(range(256)), b"\x02\xff\x00"
    )
    route = Route(FlashLoan(A, B, UINT256_MAX - 1, 2**64), (swap,), (swap,))
    return Opportunity(id_, "backrun", block(9), 10, route, 2**200 + 1, 250_000, (A, B), A, victim)


def decision(id_: str) -> Decision:
    return Decision(id_, True, "", 5, 6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.sqlite3"


def test_records_come_back_exactly_with_integers_beyond_64_bits_and_bytes(path: Path) -> None:
    with Journal.open(path) as journal:
        seq = journal.append(opportunity())
        entry = next(journal.read())
    assert entry.record == opportunity()
    assert (entry.seq, entry.kind, entry.block, entry.causation) == (seq, "Opportunity", 10, "opp-1")


def test_reading_by_kind_and_since_keeps_the_order_of_seq(path: Path) -> None:
    clock = ManualClock(5)
    with Journal.open(path, clock=clock) as journal:
        first = journal.append(decision("a"))
        clock.advance(3)
        journal.append(Submission("bundle", "relay", "accepted"), block=block(3))
        last = journal.append_many([decision("b"), decision("c")])
        assert [e.record.opportunity_id for e in journal.read(Decision, since=first)] == ["b", "c"]
        assert [e.seq for e in journal.read()] == [first, first + 1, *last]
        assert [e.at_ns for e in journal.read()] == [5, 8, 8, 8]
        assert [e.block for e in journal.read("Submission")] == [3]
        latest = journal.latest(Decision)
        assert latest is not None
        assert latest.record.opportunity_id == "c"


def test_history_links_an_opportunity_to_its_outcome_and_to_no_other(path: Path) -> None:
    tx1, tx2 = Hash32("0x" + "11" * 32), Hash32("0x" + "22" * 32)
    with Journal.open(path) as journal:
        records: list[msgspec.Struct] = [
            opportunity("one"),
            opportunity("two"),
            decision("one"),
            decision("two"),
            Proof("one", True, 1, 2, 2, "", block(9)),
            Bundle("bundle", 10, (b"a", b"b"), (tx1, tx2), ("one", "two"), (1, 1), (0, 1)),
            Submission("bundle", "relay", "unknown"),
            Outcome("bundle", "one", tx1, "landed", block(10), 1, 1, 4, 1, 2),
            Outcome("bundle", "two", tx2, "dropped", None, 0, 0, 0, 0, 2),
        ]
        journal.append_many(records)
        assert [e.record for e in journal.history("one")] == [records[i] for i in (0, 2, 4, 5, 6, 7)]


def test_a_second_searcher_on_the_folder_gets_one_clear_error(path: Path) -> None:
    with Journal.open(path):
        with pytest.raises(OperatorError, match="in use by another searcher") as e:
            Journal.open(path)
        assert "\n" not in str(e.value)
    Journal.open(path).close()


def test_readers_see_commits_while_the_writer_works_and_cannot_write(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append(decision("a"))
        with JournalReader.open(path) as reader:
            assert len(list(reader.read())) == 1
            with journal.transaction():
                journal.append(decision("b"))
                assert len(list(reader.read())) == 1
            assert len(list(reader.read())) == 2
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.connection.execute("DELETE FROM records")
    with JournalReader.open(path) as reader:
        assert len(list(reader.read())) == 2
        assert reader.problems() == []


def _append_and_fail(journal: Journal) -> None:
    with journal.transaction():
        journal.append(decision("a"))
        raise RuntimeError


def _pass_over_a_failure(journal: Journal) -> None:
    with journal.transaction(), suppress(RuntimeError):
        journal.append(decision("b"))
        _append_and_fail(journal)


def test_a_group_is_kept_whole_or_not_at_all(path: Path) -> None:
    with Journal.open(path) as journal:
        with pytest.raises(RuntimeError):
            _append_and_fail(journal)
        assert list(journal.read()) == []
        with journal.transaction():
            journal.append(decision("b"))
            with journal.transaction():
                journal.append(decision("c"))
        assert [e.record.opportunity_id for e in journal.read()] == ["b", "c"]


def test_a_part_that_failed_and_was_passed_over_spoils_the_group(path: Path) -> None:
    with Journal.open(path) as journal:
        with pytest.raises(BugError, match="nothing of it was kept"):
            _pass_over_a_failure(journal)
        assert list(journal.read()) == []


async def test_another_task_cannot_slip_into_a_group(path: Path) -> None:
    with Journal.open(path) as journal:
        with journal.transaction():
            task = asyncio.create_task(_append(journal))
            with pytest.raises(BugError, match="Do not await"):
                await task
        assert list(journal.read()) == []


async def _append(journal: Journal) -> None:
    journal.append(decision("other"))


def test_rows_can_be_neither_changed_nor_deleted(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append(decision("a"))
        for statement in ("UPDATE records SET body = '{}'", "DELETE FROM records", "DELETE FROM record_links"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                journal.connection.execute(statement)


def test_an_unknown_record_type_is_refused(path: Path) -> None:
    class Stranger(msgspec.Struct, frozen=True):
        x: int

    with Journal.open(path) as journal:
        with pytest.raises(BugError, match="Stranger"):
            journal.append(Stranger(1))
        assert list(journal.read()) == []


@pytest.mark.parametrize(
    "content", [b"not a database at all, but some text" * 100, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_damaged_file_gives_one_clear_error(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    for opener in (Journal.open, JournalReader.open):
        with pytest.raises(OperatorError, match="not a sound TallyIO journal") as e:
            opener(path)
        assert "\n" not in str(e.value)


def test_a_damaged_page_is_found(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append_many([decision(str(i)) for i in range(500)])
        journal.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    for at in range(8192, len(data), 4096):
        data[at : at + 200] = b"\xee" * 200
    path.write_bytes(data)
    with JournalReader.open(path) as reader:
        assert reader.problems()
        with pytest.raises(OperatorError, match="not a sound TallyIO journal"):
            list(reader.read())


def test_files_of_others_and_of_newer_versions_are_refused(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(OperatorError, match="another program's database"):
        Journal.open(path)
    path.unlink()
    with Journal.open(path) as journal:
        journal.connection.execute("PRAGMA user_version = 99")
    with pytest.raises(OperatorError, match="version 99"):
        Journal.open(path)
    with pytest.raises(OperatorError, match="version 99"):
        JournalReader.open(path)


def test_a_missing_file_is_the_readers_error(path: Path) -> None:
    with pytest.raises(OperatorError, match="no such journal"):
        JournalReader.open(path)


HOLD = """
import sys
from pathlib import Path
from tallyio.core.trade import Decision
from tallyio.journal.log import Journal

journal = Journal.open(Path(sys.argv[1]))
journal.append(Decision("a", True, "", 5, 6))
print("ready", flush=True)
sys.stdin.read()
"""


def test_the_lock_of_a_killed_process_is_gone(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            with pytest.raises(OperatorError, match=f"process {child.pid}"):
                Journal.open(path)
        finally:
            child.kill()
    with Journal.open(path) as journal:
        assert len(list(journal.read())) == 1
