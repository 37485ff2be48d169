"""What is read back from the journal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tallyio.core.chain import BlockRef
from tallyio.core.trade import Bundle, FlashLoan, Opportunity, Outcome, Proof, Route
from tallyio.core.units import Address, Hash32
from tallyio.journal import projections
from tallyio.journal.log import Journal
from tallyio.journal.records import BreakerState, NoncesReleased, NoncesReserved, NoncesRestored, PredictionError

A, B = Address("0x" + "aa" * 20), Address("0x" + "bb" * 20)
X, Y = Hash32("0x" + "11" * 32), Hash32("0x" + "22" * 32)
BLOCK = BlockRef(9, Hash32("0x9"), Hash32("0x8"), 9)
PLAN = Bundle("plan", 10, (b"x", b"y"), (X, Y), ("one", "two"), (70, 30), (0, 1))
ALONE = Bundle("alone", 10, (b"x",), (X,), ("one",), (70,), (0,))


def opportunity(id_: str, strategy: str) -> Opportunity:
    return Opportunity(id_, strategy, BLOCK, 10, Route(FlashLoan(A, B, 1, 0), ()), 5, 6, ())


def outcome(bundle: str, opp: str, tx: Hash32, status: str, gross: int = 0) -> Outcome:
    paid = status in ("landed", "reverted")
    return Outcome(bundle, opp, tx, status, BLOCK, 1, 10 if paid else 0, gross, gross // 10, 1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        journal.append_many([opportunity("one", "arbitrage"), opportunity("two", "backrun"), PLAN, ALONE])
        yield journal


def test_bundles_are_open_until_every_transaction_of_ours_is_settled(journal: Journal) -> None:
    assert projections.open_bundles(journal) == [PLAN, ALONE]
    assert projections.exposure(journal) == projections.Exposure(2, 2, 100)
    journal.append(outcome("plan", "one", X, "landed", 100))
    assert projections.open_bundles(journal) == [PLAN], "an alternative whose transaction landed elsewhere is settled"
    journal.append(outcome("plan", "two", Y, "dropped"))
    assert projections.open_bundles(journal) == []
    journal.append(outcome("plan", "one", X, "reorged"))
    assert projections.open_bundles(journal) == [PLAN, ALONE]
    assert projections.open_bundles(journal, since_target_block=11) == []


def test_profit_is_counted_by_the_latest_outcomes(journal: Journal) -> None:
    journal.append_many([outcome("plan", "one", X, "landed", 100), outcome("alone", "one", X, "dropped")])
    journal.append(outcome("plan", "two", Y, "reverted"))
    found = projections.realised_profit(journal)
    assert (found["arbitrage"].landed, found["arbitrage"].net_wei) == (1, 100 - 10 - 10)
    assert (found["backrun"].reverted, found["backrun"].net_wei) == (1, -10)
    journal.append(outcome("plan", "one", X, "reorged"))
    assert "arbitrage" not in projections.realised_profit(journal)


def test_prediction_errors_are_of_the_newest_landings_oldest_first(journal: Journal) -> None:
    for gas, gross in ((500, 1), (3, 90)):  # the later simulation counts
        journal.append(Proof("one", True, gas, gross, 0, "", BLOCK))
    journal.append_many([outcome("alone", "one", X, "dropped"), outcome("plan", "one", X, "landed", 100)])
    journal.append(outcome("plan", "two", Y, "landed", 7))
    assert projections.prediction_errors(journal, 5) == [PredictionError(-2, 10)], "what has no simulation has no error"
    journal.append(Proof("two", True, 0, 10, 10, "", BLOCK))
    assert projections.prediction_errors(journal, 5) == [PredictionError(-2, 10), PredictionError(1, -3)]
    assert projections.prediction_errors(journal, 1) == [PredictionError(1, -3)]
    assert projections.prediction_errors(journal, 0) == []


def test_the_strategy_of_a_transaction(journal: Journal) -> None:
    assert projections.strategy_of(journal, Y) == "backrun"
    assert projections.strategy_of(journal, Hash32("0x" + "33" * 32)) == ""


def test_breaker_and_nonces_are_the_latest(journal: Journal) -> None:
    assert projections.breaker_state(journal) == BreakerState()
    opened = BreakerState(open=True, reason="loss", consecutive_failures=2, session_loss_wei=2**80)
    journal.append_many([BreakerState(consecutive_failures=1), opened])
    assert projections.breaker_state(journal) == opened

    first, second, other = (NoncesReserved(o, p, n, 2, 9) for o, p, n in ((A, "p", 5), (A, "q", 7), (B, "r", 50)))
    journal.append_many([first, second, other])
    assert projections.open_reservations(journal, A)[-1].end - 1 == 8
    journal.append(NoncesReleased(A, "q", "dropped"))
    assert projections.open_reservations(journal, A) == [first]
    journal.append(NoncesRestored(A, 6, (first,)))
    journal.append(second)
    assert projections.open_reservations(journal, A) == [first, second]
    assert projections.open_reservations(journal, B) == [other]
