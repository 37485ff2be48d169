"""The ledger: balanced entries, once per transaction, compensated and regained across reorganisations."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tallyio.core.chain import BlockRef
from tallyio.core.errors import BugError, DivergenceError, OperatorError
from tallyio.core.units import Address, Hash32
from tallyio.journal.accounts import EXECUTOR, GAS, NATIVE, OWNER, external
from tallyio.journal.entries import LedgerEntry, LedgerTransaction, Scope
from tallyio.journal.ledger import Ledger
from tallyio.journal.log import Journal
from tallyio.journal.records import LedgerOpened, LedgerRolledBack

ME, MACHINE, WETH, COIN = (Address("0x" + f"{i:02x}" * 20) for i in (1, 2, 3, 4))
SCOPE = Scope(ME, None, WETH, frozenset())
BIG = 2**200


def block(number: int, branch: str = "a") -> BlockRef:
    parent = "a" if number <= 12 else branch  # branches part after block 11
    return BlockRef(number, Hash32(f"{branch}{number}"), Hash32(f"{parent}{number - 1}"), number)


def spend(at: BlockRef, wei: int, tx_hash: str = "") -> LedgerTransaction:
    entries = (LedgerEntry(OWNER, NATIVE, -wei), LedgerEntry(GAS, NATIVE, wei))
    return LedgerTransaction(at, tx_hash or f"tx{wei}", "sent", entries)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        opened = Ledger(journal)
        opened.open(block(10), SCOPE, {(OWNER, NATIVE): BIG, (OWNER, WETH): 0})
        yield opened


def test_opening_balances_are_equity_and_journaled(ledger: Ledger) -> None:
    assert ledger.balances() == {(OWNER, NATIVE): BIG, ("equity:opening", NATIVE): -BIG}
    assert [e.record.balance for e in ledger.journal.read(LedgerOpened)] == [BIG, 0]
    assert ledger.head() == ledger.first() == block(10)
    assert ledger.scope(WETH) == Scope(ME, None, WETH, frozenset({WETH}))


def test_entries_that_do_not_sum_to_zero_per_token_cannot_exist() -> None:
    crossed = (LedgerEntry(OWNER, NATIVE, 1), LedgerEntry(GAS, WETH, -1))
    with pytest.raises(BugError, match="do not sum to zero"):
        LedgerTransaction(block(11), "tx", "sent", crossed)


def test_a_transaction_is_posted_once(ledger: Ledger) -> None:
    assert ledger.post(spend(block(11), 5))
    assert not ledger.post(spend(block(11), 5))
    assert ledger.balance(GAS, NATIVE) == 5
    assert ledger.balance(OWNER, NATIVE) == BIG - 5


def test_a_block_follows_its_parent_only(ledger: Ledger) -> None:
    assert ledger.advance(block(11), [])
    assert not ledger.advance(block(11), [])
    for wrong in (block(13), BlockRef(12, Hash32("x"), Hash32("y"), 12)):
        with pytest.raises(DivergenceError, match="does not follow"):
            ledger.advance(wrong, [spend(wrong, 1)])
    assert ledger.balance(GAS, NATIVE) == 0


def test_a_reorganisation_adds_compensations_and_a_return_regains(ledger: Ledger) -> None:
    for b, wei in ((block(11), 1), (block(12), 2), (block(13), 4)):
        ledger.advance(b, [spend(b, wei)])
    assert ledger.rewind(block(11)) == (block(13), block(12))
    assert ledger.balance(GAS, NATIVE) == 1
    assert ledger.rewind(block(11)) == ()
    ledger.advance(block(12, "b"), [spend(block(12, "b"), 2), spend(block(12, "b"), 16)])
    assert ledger.balance(GAS, NATIVE) == 19
    ledger.rewind(block(11))
    ledger.advance(block(12), [spend(block(12), 2)])
    assert ledger.balance(GAS, NATIVE) == 3
    assert [t.tx_hash for t in ledger.transactions() if t.memo == "sent"] == ["tx1", "tx2"]
    assert ledger.summed() == ledger.balances()
    assert [e.record.to for e in ledger.journal.read(LedgerRolledBack)] == [block(11), block(11)]


def test_a_reorganisation_below_the_opening_is_a_divergence(ledger: Ledger) -> None:
    ledger.advance(block(11), [])
    for to in (block(9), BlockRef(10, Hash32("other"), Hash32("a9"), 10)):
        with pytest.raises(DivergenceError, match="does not have"):
            ledger.rewind(to)


def test_widening_adds_accounts_and_is_undone_with_its_block(ledger: Ledger) -> None:
    wide = Scope(ME, MACHINE, WETH, frozenset({COIN}))
    ledger.advance(block(11), [])
    ledger.open(block(11), wide, {(OWNER, NATIVE): 99, (EXECUTOR, COIN): 7, (EXECUTOR, NATIVE): 0})
    assert ledger.balance(OWNER, NATIVE) == BIG, "what is followed already keeps its balance"
    assert ledger.balance(EXECUTOR, COIN) == 7
    assert ledger.scope(WETH) == Scope(ME, MACHINE, WETH, frozenset({WETH, COIN}))
    ledger.rewind(block(10))
    assert ledger.balance(EXECUTOR, COIN) == 0
    assert ledger.scope(WETH) == Scope(ME, None, WETH, frozenset({WETH}))


def test_widening_happens_at_the_head_and_never_moves_an_account(ledger: Ledger) -> None:
    with pytest.raises(DivergenceError, match="widened"):
        ledger.open(block(12), Scope(ME, MACHINE, WETH, frozenset()), {(EXECUTOR, NATIVE): 0})
    with pytest.raises(OperatorError, match="another data folder") as e:
        ledger.open(block(10), Scope(COIN, None, WETH, frozenset()), {})
    assert ME in str(e.value)


def test_entries_can_be_neither_changed_nor_deleted(ledger: Ledger) -> None:
    for statement in (
        "UPDATE ledger_entries SET amount = '0'",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_transactions",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            ledger.journal.connection.execute(statement)


def _post_and_fail(ledger: Ledger) -> None:
    with ledger.journal.transaction():
        ledger.post(spend(block(11), 5))
        ledger.advance(block(13), [])


def test_a_failed_group_leaves_neither_records_nor_entries(ledger: Ledger) -> None:
    before = ledger.balances()
    with pytest.raises(DivergenceError):
        _post_and_fail(ledger)
    assert ledger.balances() == before == ledger.summed()


def test_accounts_of_others_carry_their_address() -> None:
    assert external(ME) == f"external:{ME}"
