"""Errors worked out by hand: of a few proposals, and of the journal of a run."""

from tallyio.reports.predictions import validations
from tallyio.reports.validation import Distribution, Errors, Prediction, validate
from tallyio.reports.validation_table import rows

ETH = 10**18


def predicted(gross: int, gas: int, *, outcome: str = "landed", strategy: str = "arbitrage", hops: int = 2):
    return Prediction("o", strategy, hops, 1000, 500, outcome, gross, gas)


def test_errors_are_what_happened_less_what_was_said() -> None:
    found = validate("step", [predicted(1000 + n, 500 - n) for n in range(-50, 51)])
    assert found.all.outcomes == {"landed": 101}
    assert found.all.profit_wei == Distribution(101, 0, -45, 0, 45, 49, -50)
    assert found.all.gas == Distribution(101, 0, -45, 0, 45, 49, 50)


def test_the_mean_is_rounded_down_and_the_worst_is_what_hurts() -> None:
    found = validate("step", [predicted(999, 501), predicted(1000, 500)]).all
    assert found.profit_wei is not None
    assert found.gas is not None
    assert (found.profit_wei.mean, found.profit_wei.worst) == (-1, -1)
    assert (found.gas.mean, found.gas.worst) == (0, 1)


def test_what_did_not_go_through_is_counted_and_has_no_error() -> None:
    found = validate("step", [predicted(0, 0, outcome="dropped"), predicted(0, 90, outcome="reverted")])
    assert found.all == Errors({"dropped": 1, "reverted": 1}, None, None)


def test_parts_count_all_proposals_again() -> None:
    found = validate(
        "step",
        [predicted(1, 2), predicted(3, 4, hops=3), predicted(0, 0, strategy="backrun", hops=3, outcome="dropped")],
    )
    for part in (found.by_strategy, found.by_hops):
        assert sum(sum(errors.outcomes.values()) for errors in part.values()) == 3
    assert list(found.by_hops) == ["2", "3"]
    assert found.by_hops["3"].outcomes == {"landed": 1, "dropped": 1}
    assert found.by_strategy["backrun"].gas is None


def test_nothing_proposed_is_no_error() -> None:
    found = validate("step", [])
    assert found.all == Errors({}, None, None)
    assert rows(found) == [("all", "0/0", *("",) * 7)]


def test_a_journal_tells_both_steps(run) -> None:
    run.see("a", 10, "p q")
    run.land("a", 11, ETH - 5)  # its proof says ETH and 300,000 gas, as does the opportunity
    run.see("b", 10, "p r", "backrun")
    run.prove("b", success=False)
    run.see("c", 10, "p s")
    run.prove("c")
    run.send("c", "bundle")
    run.settle("c", "bundle", "dropped", 11)
    run.see("d", 10, "p t")
    simulated, executed = validations(run.records())
    assert simulated.all.outcomes == {"succeeded": 2, "failed": 1}
    assert simulated.all.profit_wei == Distribution(2, 0, 0, 0, 0, 0, 0)
    assert executed.all.outcomes == {"landed": 1, "dropped": 1}
    assert executed.all.profit_wei == Distribution(1, -5, -5, -5, -5, -5, -5)
    assert executed.by_hops["2"].gas == Distribution(1, 0, 0, 0, 0, 0, 0)
    assert simulated.by_strategy["backrun"].outcomes == {"failed": 1}


def test_the_table_shows_parts_where_there_is_more_than_one(run) -> None:
    found = validate("step", [predicted(1000, 600), predicted(1000, 400, hops=3)])
    assert [(row[0], row[1], row[2]) for row in rows(found)] == [
        *(("all", "2/2", "ETH"), ("", "", "gas")),
        *(("2 hops", "1/1", "ETH"), ("", "", "gas")),
        *(("3 hops", "1/1", "ETH"), ("", "", "gas")),
    ]
    assert rows(found)[1][3:] == ("0", "-100", "-100", "100", "100", "100")
