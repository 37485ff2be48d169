"""The ledger under any order of blocks, reorganisations and restarts: always balanced, always the sum of its chain."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tallyio.core.chain import BlockRef
from tallyio.core.units import Address, Hash32
from tallyio.journal.accounts import EXECUTOR, GAS, NATIVE, OWNER
from tallyio.journal.entries import LedgerEntry, LedgerTransaction, Scope
from tallyio.journal.ledger import Ledger
from tallyio.journal.log import Journal

ME, WETH = Address("0x" + "01" * 20), Address("0x" + "02" * 20)
SCOPE = Scope(ME, None, WETH, frozenset())
amounts = st.integers(-(2**255), 2**255)
moves = st.lists(
    st.tuples(
        st.sampled_from([OWNER, EXECUTOR, GAS]),
        st.sampled_from([OWNER, EXECUTOR]),
        st.sampled_from([NATIVE, WETH]),
        amounts,
    ),
    max_size=4,
)


class Books(RuleBasedStateMachine):
    """``branch`` is the chain as it stands: blocks with their transactions."""

    @initialize(balance=st.integers(0, 2**256))
    def start(self, balance: int) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.opening = balance
        self.branch: list[tuple[BlockRef, list[LedgerTransaction]]] = [(self.child(None, 0), [])]
        self.journal = Journal.open(self.folder / "journal.sqlite3")
        self.ledger = Ledger(self.journal)
        self.ledger.open(self.branch[0][0], SCOPE, {(OWNER, NATIVE): balance})
        self.known: list[tuple[BlockRef, list[LedgerTransaction]]] = []

    def child(self, parent: BlockRef | None, salt: int) -> BlockRef:
        number = parent.number + 1 if parent else 0
        origin = parent.hash if parent else Hash32("")
        return BlockRef(number, Hash32(f"{origin}/{salt}"), origin, number)

    @rule(movements=st.lists(moves, max_size=3), salt=st.integers(0, 1))
    def advance(self, movements: list[list[tuple[str, str, Address, int]]], salt: int) -> None:
        block = self.child(self.branch[-1][0], salt)
        known = [posted for b, posted in self.known if b == block]
        posted = known[0] if known else [self.transaction(block, i, m) for i, m in enumerate(movements)]
        assert self.ledger.advance(block, posted)
        assert not self.ledger.advance(block, posted)
        self.branch.append((block, posted))
        self.known.append((block, posted))

    def transaction(self, block: BlockRef, i: int, movements: list[tuple[str, str, Address, int]]) -> LedgerTransaction:
        entries = [
            entry
            for source, target, token, amount in movements
            for entry in (LedgerEntry(source, token, -amount), LedgerEntry(target, token, amount))
        ]
        return LedgerTransaction(block, f"tx{i}", "moved", tuple(entries))

    @precondition(lambda self: len(self.branch) > 1)
    @rule(data=st.data())
    def reorganise(self, data: st.DataObject) -> None:
        keep = data.draw(st.integers(1, len(self.branch)))
        dropped = self.ledger.rewind(self.branch[keep - 1][0])
        assert list(dropped) == [block for block, _ in reversed(self.branch[keep:])]
        del self.branch[keep:]

    @rule()
    def restart(self) -> None:
        self.journal.close()
        self.journal = Journal.open(self.folder / "journal.sqlite3")
        self.ledger = Ledger(self.journal)

    @invariant()
    def the_ledger_is_the_sum_of_its_chain(self) -> None:
        expected = {(OWNER, NATIVE): self.opening, ("equity:opening", NATIVE): -self.opening}
        for _, posted in self.branch:
            for entry in (e for t in posted for e in t.entries):
                key = (entry.account, entry.token)
                expected[key] = expected.get(key, 0) + entry.amount
        expected = {key: total for key, total in expected.items() if total}
        assert self.ledger.balances() == self.ledger.summed() == expected
        for token in (NATIVE, WETH):
            assert sum(total for (_, t), total in self.ledger.balances().items() if t == token) == 0
        assert self.ledger.head() == self.branch[-1][0]
        live = [t.tx_hash for t in self.ledger.transactions() if t.memo == "moved"]
        assert len(live) == sum(len(posted) for _, posted in self.branch)

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.journal.close()
            shutil.rmtree(self.folder)


Books.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestBooks = Books.TestCase
