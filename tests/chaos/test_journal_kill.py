"""``kill -9`` at random moments: what was acknowledged is there, nothing is there twice, no group is torn."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tallyio.journal.accounts import GAS, NATIVE, OWNER
from tallyio.journal.ledger_reader import LedgerReader
from tallyio.journal.log import Journal, JournalReader
from tallyio.journal.projections import open_reservations
from tallyio.wallet.nonces import NonceBook

SEED = 20
KILLS = 20

WRITER = '''
"""A searcher in small: recovers, then block after block reserves, journals and posts, and prints what is committed."""
import sys
from pathlib import Path

from tallyio.core.chain import BlockRef
from tallyio.core.trade import Bundle, Decision, Outcome
from tallyio.journal.accounts import GAS, NATIVE, OWNER
from tallyio.journal.entries import LedgerEntry, LedgerTransaction, Scope
from tallyio.journal.ledger import Ledger
from tallyio.journal.log import Journal
from tallyio.wallet.nonces import NonceBook

ME = "0x" + "01" * 20
WETH = "0x" + "02" * 20


def block(n):
    return BlockRef(n, f"0x{n:064x}", f"0x{n - 1:064x}", n)


def posted(n):
    entries = (LedgerEntry(OWNER, NATIVE, -(2**70 + n)), LedgerEntry(GAS, NATIVE, 2**70 + n))
    return LedgerTransaction(block(n), f"tx{n}", "sent", entries)


with Journal.open(Path(sys.argv[1])) as journal:
    ledger = Ledger(journal)
    if ledger.head() is None:
        ledger.open(block(0), Scope(ME, None, WETH, frozenset()), {(OWNER, NATIVE): 2**100})
    start = ledger.head().number
    nonces = NonceBook.restore(journal, ME, chain_nonce=start, head=start)
    print("ready", flush=True)
    ledger.advance(block(start), [])  # what is there already is not posted again
    for n in range(start + 1, start + 10**6):
        reserved = nonces.reserve(f"plan{n}", 1, target_block=n)
        print("reserved", n, *reserved, flush=True)
        seqs = journal.append_many([Decision(f"o{n}", True, "", n, n) for _ in range(3)])
        print("records", n, *seqs, flush=True)
        with journal.transaction():
            journal.append(Outcome(f"b{n}", f"o{n}", f"tx{n}", "landed", block(n), 1, 2**70 + n, 2**80, 0, 0))
            ledger.advance(block(n), [posted(n)])
        print("block", n, flush=True)
        nonces.observe(n, n)
'''


def test_twenty_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    moments = random.Random(SEED)
    acknowledged: list[list[str]] = []
    for _ in range(KILLS):
        acknowledged += _run_and_kill(path, moments.uniform(0.0, 0.12))
        _check(path, acknowledged)
    blocks = [line for line in acknowledged if line[0] == "block"]
    assert len(blocks) > KILLS, "the kills came while it was at work"
    with Journal.open(path) as journal:  # and it goes on
        assert journal.problems() == []
        head = LedgerReader(journal).head()
        assert head is not None
        nonces = NonceBook.restore(journal, _owner(), chain_nonce=head.number, head=head.number)
        plan = f"plan{head.number + 1}"  # may have been reserved, even sent, before the last kill: it keeps its nonce
        assert nonces.peek(plan) == nonces.reserve(plan, 1, target_block=head.number + 1)[0] == head.number


def _run_and_kill(path: Path, after_s: float) -> list[list[str]]:
    """The lines that the writer printed before it was killed ``after_s`` into its work."""
    output = path.with_name("output")
    with output.open("wb") as file:
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=file, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 30
        while b"ready" not in output.read_bytes():
            assert child.poll() is None, child.stderr.read().decode() if child.stderr else ""
            assert time.monotonic() < deadline
            time.sleep(0.002)
        time.sleep(after_s)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        if child.stderr:
            assert child.stderr.read() == b""
            child.stderr.close()
    whole = output.read_bytes().rpartition(b"\n")[0]
    return [line.split() for line in whole.decode().splitlines() if line != "ready"]


def _check(path: Path, acknowledged: list[list[str]]) -> None:
    with JournalReader.open(path) as journal:
        ledger = LedgerReader(journal)
        head = ledger.head()
        assert head is not None
        seqs = [entry.seq for entry in journal.read()]
        assert seqs == list(range(1, len(seqs) + 1))
        assert {int(s) for line in acknowledged if line[0] == "records" for s in line[2:]} <= set(seqs)

        done = [int(line[1]) for line in acknowledged if line[0] == "block"]
        assert done == sorted(set(done)), "no block was done twice"
        assert head.number >= max(done, default=0)
        posted = [t.tx_hash for t in ledger.transactions()][1:]
        assert posted == [f"tx{n}" for n in range(1, head.number + 1)], "each block once, in order, none missing"
        outcomes = [e.record.tx_hash for e in journal.read("Outcome")]
        assert outcomes == posted, "records and entries of a block are there together or not at all"
        spent = sum(2**70 + n for n in range(1, head.number + 1))
        expected = {(OWNER, NATIVE): 2**100 - spent, (GAS, NATIVE): spent, ("equity:opening", NATIVE): -(2**100)}
        assert ledger.balances() == ledger.summed() == {h: total for h, total in expected.items() if total}

        reserved = {int(line[1]): int(line[2]) for line in acknowledged if line[0] == "reserved"}
        assert all(nonce == n - 1 for n, nonce in reserved.items()), "a nonce belongs to one block's plan"
        known = {e.record.plan_id for e in journal.read("NoncesReserved")}
        assert {f"plan{n}" for n in reserved} <= known
        assert all(plan.first >= head.number - 1 for plan in open_reservations(journal, _owner()))


def _owner() -> str:
    return "0x" + "01" * 20
