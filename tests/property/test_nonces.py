"""Nonces under every order of reserving, releasing, landing, expiring, reorganising and crashing."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tallyio.core.errors import BugError
from tallyio.core.units import Address
from tallyio.journal.log import Journal
from tallyio.journal.projections import open_reservations
from tallyio.wallet.nonces import NonceBook

OWNER, OTHER = Address("0x" + "aa" * 20), Address("0x" + "bb" * 20)


class Nonces(RuleBasedStateMachine):
    """The chain's nonce and head against a plain model: plan -> (nonces, target block)."""

    @initialize(nonce=st.integers(0, 5))
    def start(self, nonce: int) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.chain_nonce, self.head, self.plans = nonce, 100, {}
        self.count = 0
        self.open()

    def open(self) -> None:
        self.journal = Journal.open(self.folder / "journal.sqlite3")
        self.book = NonceBook.restore(self.journal, OWNER, chain_nonce=self.chain_nonce, head=self.head)

    def settle(self) -> None:
        for plan, (nonces, target) in list(self.plans.items()):
            if nonces[-1] < self.chain_nonce or (target is not None and target <= self.head):
                del self.plans[plan]

    @rule(count=st.integers(1, 4), ahead=st.sampled_from([1, 2, None]))
    def reserve(self, count: int, ahead: int | None) -> None:
        self.count += 1
        plan, target = f"plan-{self.count}", None if ahead is None else self.head + ahead
        expected = self.book.peek(plan, count)
        nonces = self.book.reserve(plan, count, target_block=target)
        assert nonces[0] == expected == self.book.peek(plan, count)
        assert nonces == tuple(range(nonces[0], nonces[0] + count))
        taken = {n for held, _ in self.plans.values() for n in held}
        assert not taken & set(nonces)
        assert nonces[0] >= self.chain_nonce
        free = next(n for n in range(self.chain_nonce, 10**6) if not taken & set(range(n, n + count)))
        assert nonces[0] == free, "the lowest that is free, so that no gap is left below"
        assert self.book.reserve(plan, count, target_block=target) == nonces
        self.plans[plan] = (nonces, target)

    @precondition(lambda self: self.plans)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        plan = data.draw(st.sampled_from(sorted(self.plans)))
        self.book.release(plan)
        self.book.release(plan)
        del self.plans[plan]

    @rule(used=st.integers(0, 3), back=st.integers(0, 2), blocks=st.integers(-1, 2))
    def block(self, used: int, back: int, blocks: int) -> None:
        """The chain moves: transactions land, or a reorganisation takes some away."""
        self.chain_nonce = max(0, self.chain_nonce + used - (back if blocks <= 0 else 0))
        self.head += blocks
        self.book.observe(self.chain_nonce, self.head)
        self.settle()

    @rule(used=st.integers(0, 3), blocks=st.integers(0, 2))
    def crash(self, used: int, blocks: int) -> None:
        """The process dies; the chain goes on; a new one starts on the same folder."""
        self.journal.connection.close()
        self.journal.close()
        self.chain_nonce += used
        self.head += blocks
        self.open()
        self.settle()

    @rule(count=st.integers(1, 4))
    def reserve_in_a_group_that_fails(self, count: int) -> None:
        before = self.book.open
        try:
            with self.journal.transaction():
                self.book.reserve("never", count, target_block=None)
                for plan in list(self.plans)[:1]:
                    self.book.release(plan)
                raise KeyError
        except KeyError:
            pass
        assert self.book.open == before

    @invariant()
    def journal_book_and_model_agree(self) -> None:
        held = {p.plan_id: (tuple(range(p.first, p.end)), p.target_block) for p in self.book.open}
        assert held == self.plans
        assert {p.plan_id for p in open_reservations(self.journal, OWNER)} == set(self.plans)
        if not self.plans:
            assert self.book.next == self.chain_nonce

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.journal.close()
            shutil.rmtree(self.folder)


Nonces.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestNonces = Nonces.TestCase


def test_a_plan_reserves_once(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        book = NonceBook.restore(journal, OWNER, chain_nonce=3, head=10)
        book.reserve("p", 2, target_block=11)
        for count, target in ((3, 11), (2, 12)):
            with pytest.raises(BugError, match="reserves once"):
                book.reserve("p", count, target_block=target)
        with pytest.raises(BugError, match="at least 1"):
            book.reserve("q", 0, target_block=11)
        stranger = NonceBook.restore(journal, OTHER, chain_nonce=0, head=10)
        assert stranger.reserve("r", 1, target_block=11) == (0,)
