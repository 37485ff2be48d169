from msgspec.structs import replace

from tallyio.journal.log import Journal, JournalReader
from tallyio.journal.records import JointPlan
from tallyio.reports.records import read_run

ETH = 10**18


def test_a_run_is_read_back_from_its_journal(run, tmp_path):
    run.see("a", 10, "p q")
    run.land("a", 11, 100 * ETH)
    run.see("b", 12, "r", "liquidation", borrower="bob")
    run.decide("b", "block gas budget")
    expected = run.records()
    journal = Journal.open(tmp_path / "journal.sqlite3")
    for part in (expected.opportunities, expected.decisions, expected.proofs, expected.bundles):
        journal.append_many(part)
    journal.append_many(expected.submissions)
    expected = replace(expected, joint=(JointPlan(11, ("a",), 3, 2, 1, None),))
    journal.append_many(expected.joint)
    last = journal.append_many(expected.outcomes)[-1]
    assert read_run(journal) == expected
    journal.close()
    with JournalReader.open(tmp_path / "journal.sqlite3") as reader:
        assert read_run(reader) == expected
        assert read_run(reader, since=last).outcomes == ()


def test_the_last_word_on_a_transaction_counts(run):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH)
    run.settle("a", "bundle-a", "dropped", 11)
    assert [o.status for o in run.records().landed()] == ["landed"]
    run.settle("a", "bundle-a", "reorged", 11)
    assert run.records().landed() == []
    run.settle("a", "bundle-a", "landed", 12, ETH)
    assert [o.block.number for o in run.records().landed()] == [12]
    run.settle("a", "bundle-a", "reorged", 12)
    run.settle("a", "bundle-a", "dropped", 13)
    assert run.records().by_opportunity()["a"].status == "dropped"
