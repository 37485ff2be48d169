"""The gate's margin follows what landed: from a journal of before, and block by block."""

from pathlib import Path

from tallyio.core.chain import BlockRef
from tallyio.core.trade import Outcome, Proof
from tallyio.core.units import Hash32
from tallyio.engine.accuracy import Accuracy
from tallyio.journal.log import Journal
from tallyio.risk.limits import MarginLimits
from tallyio.risk.margin import Margin

BLOCK = BlockRef(9, Hash32("0x9"), Hash32("0x8"), 9)
LIMITS = MarginLimits(samples=3, percentile=100)


def landed(journal: Journal, number: int, *, gas: int, short: int, status: str = "landed") -> Outcome:
    """A trade that used ``gas`` more than 100 and made ``short`` less than 1000."""
    journal.append(Proof(f"o{number}", True, 100, 1000, 1000, "", BLOCK))
    tx_hash = Hash32("0x" + f"{number:064x}")
    return Outcome("b", f"o{number}", tx_hash, status, BLOCK, 100 + gas, 1, 1000 - short, 0, 0)


def test_nothing_is_demanded_before_there_are_enough_and_then_what_the_newest_tell(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        accuracy = Accuracy(journal, LIMITS)
        first = [landed(journal, 1, gas=50, short=-7), landed(journal, 2, gas=-3, short=4)]
        accuracy.learn([*first, landed(journal, 3, gas=900, short=900, status="reverted")])
        assert accuracy.margin == Margin()
        third = landed(journal, 4, gas=2, short=-1)
        accuracy.learn([third])
        assert accuracy.margin == Margin(gas=50, gross_wei=4)
        fourth = landed(journal, 5, gas=1, short=0)
        accuracy.learn([fourth])
        assert accuracy.margin == Margin(gas=2, gross_wei=4), "the oldest is forgotten"
        journal.append_many([*first, third, fourth])
        assert Accuracy(journal, LIMITS).margin == accuracy.margin, "a restart knows the same"


def test_what_turns_out_better_earns_no_discount(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        accuracy = Accuracy(journal, LIMITS)
        accuracy.learn([landed(journal, number, gas=-5, short=-5) for number in range(3)])
        assert accuracy.margin == Margin()
