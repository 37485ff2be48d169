"""Whatever there was and whatever we tried: each chance is either taken or lost once, and the sums add up."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallyio.core.units import Address
from tallyio.reports.chances import Attempt, Chance, Rival, Sight, Stage
from tallyio.reports.matching import all_lost, judge
from tallyio.reports.why_lost import losses

names = st.sampled_from([Address(f"0x{i}") for i in range(5)])
pools = st.lists(names, min_size=1, max_size=5).map(tuple)
borrower = st.none() | names
wei = st.integers(-3, 3) | st.integers(-(2**70), 2**70)
rival = st.none() | st.builds(Rival, names, st.just("0xt"), st.integers(0, 4), st.none() | wei, st.none() | wei)
chances = st.builds(
    Chance, st.integers(1, 6), st.integers(0, 4), st.just("arbitrage"), pools, st.none() | wei,
    tokens=pools, borrower=borrower, rival=rival,
)  # fmt: skip
reasons = st.sampled_from(["", "halted", "too_late", "below_minimum", "simulation_failed"])
attempts = st.builds(
    Attempt, st.just("o"), st.sampled_from(Stage), st.integers(1, 6), st.integers(0, 4), pools, wei,
    borrower=borrower, landed_block=st.none() | st.integers(1, 8), reason=reasons,
)  # fmt: skip
some = st.dictionaries(names, st.just("so"), max_size=2)
sights = st.builds(Sight, some, some, some, st.integers(0, 5), wei)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(chances, max_size=5), st.lists(attempts, max_size=5), sights, st.integers(1, 100))
def test_counts_and_values_add_up_to_all_that_was_lost(
    there: list[Chance], ours: list[Attempt], sight: Sight, full_percent: int
) -> None:
    verdicts = judge(there, ours, sight, full_percent=full_percent)
    assert [verdict.chance for verdict in verdicts] == there
    every = all_lost(verdicts)
    table = losses(every)
    assert sum(row.count for row in table.values()) == len(every)
    assert sum(row.count for row in table.values()) + sum(v.lost is None for v in verdicts) == len(there)
    assert sum(row.wei for row in table.values()) == sum(each.missing_wei for each in every)
    assert sum(row.unpriced for row in table.values()) == sum(each.chance.value_wei is None for each in every)
    for each in every:
        assert 0 <= each.missing_wei <= max(0, each.chance.value_wei or 0)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(chances, max_size=5), st.lists(attempts, max_size=5), sights)
def test_what_is_taken_was_landed_in_its_block(there: list[Chance], ours: list[Attempt], sight: Sight) -> None:
    for verdict in judge(there, ours, sight):
        if verdict.lost is None:
            assert verdict.attempt is not None
            assert verdict.attempt.landed_block == verdict.chance.block
