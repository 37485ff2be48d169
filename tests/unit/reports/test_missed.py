"""Every takeable opportunity gets one reason, and the captured share counts what it says."""

import pytest

from tallyio.reports.exhaustive import BlockTakeable
from tallyio.reports.missed import FOR_LESS, NOT_SEEN, OTHER_ROUTE, TAKEN, TOO_LATE, compare

ETH = 10**18
GAS = 10**14


def verdict(run, item, *, block=10):
    (found,) = compare([BlockTakeable(block, (item,))], run.records()).verdicts
    return found


def test_landed_with_the_same_pools_is_taken(run, item):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH + GAS)
    found = compare([BlockTakeable(10, (item("q p", ETH),))], run.records())
    assert [v.reason for v in found.verdicts] == [TAKEN]
    assert (found.captured_wei, found.captured_ratio, found.beyond_wei) == (ETH, 1.0, 0)
    assert found.reasons() == {}


def test_the_bid_is_value_taken_and_gas_is_not(run, item):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH + GAS, bid=ETH // 2)
    assert compare([BlockTakeable(10, (item("p q", ETH),))], run.records()).captured_wei == ETH


def test_half_of_the_value_is_taken_for_less(run, item):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH // 2 + GAS)
    found = verdict(run, item("p q", ETH))
    assert (found.reason, found.missing_wei) == (FOR_LESS, ETH // 2)


def test_a_trade_over_a_shared_pool_is_another_route_once(run, item):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH + GAS)
    found = compare([BlockTakeable(10, (item("p r", ETH), item("q r", ETH)))], run.records())
    assert [v.reason for v in found.verdicts] == [OTHER_ROUTE, NOT_SEEN]
    assert found.captured_ratio == 0.5


def test_liquidations_match_by_borrower_alone(run, item):
    run.see("a", 10, "p", "liquidation", borrower="bob")
    run.land("a", 11, ETH + GAS)
    assert verdict(run, item("q r", ETH, borrower="bob")).reason == TAKEN
    assert verdict(run, item("q r", ETH, borrower="eve")).reason == NOT_SEEN


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([], "seen, not decided"),
        ([("decide", "profit below minimum")], "denied: profit below minimum"),
        ([("decide",), ("prove", False)], "simulation failed"),
        ([("decide",), ("prove",)], "approved, not bundled"),
        ([("decide",), ("prove",), ("send", "b", "rejected")], "bundle rejected"),
        ([("decide",), ("prove",), ("send", "b", "unknown")], "no answer from the relay"),
        ([("decide",), ("prove",), ("send", "b")], "bundle without outcome"),
        ([("decide",), ("prove",), ("send", "b"), ("settle", "b", "dropped", 11)], "bundle dropped"),
        ([("decide",), ("prove",), ("send", "b"), ("settle", "b", "reverted", 11)], "bundle reverted"),
        ([("decide",), ("send", "b"), ("settle", "b", "landed", 13, ETH)], "landed in another block"),
    ],
)
def test_the_last_thing_that_happened_is_the_reason(run, item, steps, reason):
    run.see("a", 10, "p q")
    for method, *arguments in steps:
        getattr(run, method)("a", *arguments)
    found = verdict(run, item("p q", ETH))
    assert (found.reason, found.missing_wei, found.opportunity_id) == (reason, ETH, "a")


def test_seen_only_later_is_too_late_and_long_after_is_not_seen(run, item):
    run.see("a", 12, "p q")
    assert verdict(run, item("p q", ETH)).reason == TOO_LATE
    assert verdict(run, item("p q", ETH), block=8).reason == NOT_SEEN


def test_a_surplus_in_one_block_does_not_hide_a_loss_in_another(run, item):
    run.see("a", 10, "p q")
    run.land("a", 11, 3 * ETH + GAS)
    blocks = [BlockTakeable(10, (item("p q", ETH),)), BlockTakeable(11, (item("r s", ETH),))]
    found = compare(blocks, run.records())
    assert (found.takeable_wei, found.captured_wei, found.beyond_wei) == (2 * ETH, ETH, 2 * ETH)
    assert found.captured_ratio == 0.5


def test_nothing_takeable_counts_as_all_taken(run):
    assert compare([BlockTakeable(10, ())], run.records()).captured_ratio == 1.0


def test_a_landing_that_a_reorganisation_took_back_is_not_taken(run, item):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH + GAS)
    run.settle("a", "bundle-a", "reorged", 11)
    assert verdict(run, item("p q", ETH)).reason == "bundle reorged"
