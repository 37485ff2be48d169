"""Every takeable opportunity gets one reason, and the captured share counts what it says."""

import pytest

from tallyio.reports.chances import Chance, Rival, Sight
from tallyio.reports.exhaustive import BlockTakeable
from tallyio.reports.missed import compare
from tallyio.reports.why_lost import Loss, Why

ETH = 10**18
GAS = 10**14


def verdict(run, item, *, block=10, **more):
    (found,) = compare([BlockTakeable(block, (item,))], run.records(), **more).verdicts
    return found


def rival(pools, *, block=11, position=2, value_wei=ETH, borrower=None):
    taker = Rival("0xda", "0x77", position, value_wei, ETH // 2)
    return Chance(block, position, "arbitrage", pools, value_wei, borrower=borrower, rival=taker)


def test_landed_with_the_same_pools_is_taken(run, item):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH + GAS)
    found = compare([BlockTakeable(10, (item("q p", ETH),))], run.records())
    assert (found.captured_wei, found.captured_ratio, found.beyond_wei) == (ETH, 1.0, 0)
    assert found.takeable_in == {11: ETH}
    assert found.lost == []


def test_the_bid_is_value_taken_and_gas_is_not(run, item):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH + GAS, bid=ETH // 2)
    assert compare([BlockTakeable(10, (item("p q", ETH),))], run.records()).captured_wei == ETH


def test_half_of_the_value_is_taken_for_less(run, item):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH // 2 + GAS)
    found = verdict(run, item("p q", ETH)).lost
    assert (found.why, found.missing_wei) == (Why.FOR_LESS, ETH // 2)


def test_a_trade_over_a_shared_pool_takes_another_route_once(run, item):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH + GAS)
    first, second = compare([BlockTakeable(10, (item("p r", 2 * ETH), item("q r", ETH)))], run.records()).verdicts
    assert (first.lost.why, first.lost.missing_wei) == (Why.OTHER_ROUTE, ETH)
    assert (second.lost.why, second.lost.missing_wei) == (Why.NOT_FOUND, ETH)


def test_another_route_that_covers_all_leaves_nothing_lost(run, item):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH + GAS)
    assert verdict(run, item("p r", ETH)).lost is None


def test_liquidations_match_by_borrower_alone(run, item):
    run.see("a", 10, "p", "liquidation", borrower="bob")
    run.land("a", 11, ETH + GAS)
    assert verdict(run, item("q r", ETH, borrower="bob")).lost is None
    assert verdict(run, item("q r", ETH, borrower="eve")).lost.why is Why.NOT_FOUND


@pytest.mark.parametrize(
    ("steps", "why", "detail"),
    [
        ([], Why.NOT_SENT, "not decided"),
        ([("decide", "below_minimum")], Why.BELOW_MINIMUM, "below_minimum"),
        ([("decide", "breaker_open")], Why.RISK, "breaker_open"),
        ([("decide", "too_late")], Why.TOO_LATE, ""),
        ([("decide",), ("prove", False)], Why.SIMULATION_FAILED, "K"),
        ([("prove", False), ("decide", "simulation_failed")], Why.SIMULATION_FAILED, ""),
        ([("decide",), ("prove",)], Why.NOT_SENT, "approved, not bundled"),
        ([("decide",), ("prove",), ("send", "b", "rejected")], Why.REFUSED, ""),
        ([("decide",), ("prove",), ("send", "b", "unknown")], Why.NOT_LANDED, "no answer from the relay"),
        ([("decide",), ("prove",), ("send", "b")], Why.NOT_LANDED, "bundle without outcome"),
        ([("decide",), ("send", "b"), ("settle", "b", "dropped", 11)], Why.NOT_LANDED, "bundle dropped"),
        ([("decide",), ("send", "b"), ("settle", "b", "landed", 13, ETH)], Why.TOO_LATE, "ours landed in block 13"),
    ],
)
def test_the_last_thing_that_happened_is_the_reason(run, item, steps, why, detail):
    run.see("a", 10, "p q")
    for method, *arguments in steps:
        getattr(run, method)("a", *arguments)
    found = verdict(run, item("p q", ETH)).lost
    assert (found.why, found.missing_wei, found.attempt.opportunity_id, found.detail) == (why, ETH, "a", detail)


def test_a_reverted_trade_names_its_transaction(run, item):
    run.see("a", 10, "p q")
    run.send("a", "b")
    run.settle("a", "b", "reverted", 11)
    found = verdict(run, item("p q", ETH)).lost
    assert found.why is Why.REVERTED
    assert found.detail.startswith("in 0x")


def test_seen_only_later_is_too_late_and_long_after_is_not_found(run, item):
    run.see("a", 12, "p q")
    assert verdict(run, item("p q", ETH)).lost.why is Why.TOO_LATE
    assert verdict(run, item("p q", ETH), block=8).lost.why is Why.NOT_FOUND


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
    found = verdict(run, item("p q", ETH)).lost
    assert (found.why, found.detail) == (Why.NOT_LANDED, "bundle reorged")


def test_what_a_rival_took_while_our_bundle_was_out_was_outbid(run, item):
    run.see("a", 10, "p q")
    run.send("a", "b")
    run.settle("a", "b", "dropped", 11)
    thing = item("p q", ETH)
    found = verdict(run, thing, taken=[rival(thing.pools)]).lost
    assert (found.why, found.chance.rival.taker) == (Why.OUTBID, "0xda")
    assert found.detail == f"the taker paid {ETH // 2} wei to the proposer, our bid was 0 wei"


def test_what_others_took_besides_is_lost_too_and_changes_no_share(run, item):
    thing = item("p q", ETH)
    others = [rival(("0xf0", "0xf1")), rival(thing.pools, block=12, value_wei=None)]
    sight = Sight(foreign={"0xf1": "so"})
    found = compare([BlockTakeable(10, (thing,))], run.records(), others, sight)
    assert found.takeable_wei == ETH
    assert [(lost.why, lost.chance.block) for lost in found.lost] == [
        (Why.NOT_FOUND, 11),
        (Why.PROTOCOL_UNKNOWN, 11),
        (Why.NOT_FOUND, 12),
    ]
    assert found.reasons() == {Why.NOT_FOUND: Loss(2, ETH, 1), Why.PROTOCOL_UNKNOWN: Loss(1, ETH)}
