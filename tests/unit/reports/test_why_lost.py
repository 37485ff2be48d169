"""The closed list: each reason by a case of its own, and which one wins where several hold."""

import pytest
from msgspec.structs import replace

from tallyio.market.suspicion import Aside
from tallyio.reports.chances import Attempt, Chance, Rival, Sight, Stage
from tallyio.reports.lost_json import as_object
from tallyio.reports.matching import judge
from tallyio.reports.why_lost import GROUPS, RULES, Case, Loss, Why, losses, lost

ETH = 10**18
CHANCE = Chance(7, 3, "arbitrage", ("0xp", "0xq"), ETH, tokens=("0xa", "0xb", "0xa"), amounts=(1, 2, 3))
RIVAL = Rival("0xr", "0xt", 3, 2 * ETH, ETH // 4)
OURS = Attempt("o", Stage.FOUND, 7, 2, ("0xq", "0xp"), ETH)
SIGHT = Sight()
ASIDE = Sight(aside={"0xq": [Aside("0xq", 3, 4, "it was so"), Aside("0xq", 7, 8, "so it is")]})


def denied(reason: str) -> Attempt:
    return replace(OURS, stage=Stage.DENIED, reason=reason, detail="so it was")


CASES: list[tuple[Why, Case]] = [
    (Why.FOR_LESS, Case(CHANCE, replace(OURS, stage=Stage.LANDED, landed_block=7), SIGHT)),
    (Why.OTHER_ROUTE, Case(CHANCE, replace(OURS, stage=Stage.LANDED, landed_block=7, pools=("0xp",)), SIGHT)),
    (Why.REVERTED, Case(CHANCE, replace(OURS, stage=Stage.REVERTED), SIGHT)),
    (Why.TOO_LATE, Case(CHANCE, replace(OURS, position=4), SIGHT)),
    (Why.TOO_LATE, Case(CHANCE, replace(OURS, block=8, position=0), SIGHT)),
    (Why.TOO_LATE, Case(CHANCE, denied("too_late"), SIGHT)),
    (Why.TOO_LATE, Case(CHANCE, replace(OURS, stage=Stage.LANDED, landed_block=8), SIGHT)),
    (Why.TOO_LATE, Case(CHANCE, replace(OURS, stage=Stage.LANDED, landed_block=7, position=4), SIGHT)),
    (Why.REFUSED, Case(replace(CHANCE, rival=RIVAL), replace(OURS, stage=Stage.REFUSED), SIGHT)),
    (Why.OUTBID, Case(replace(CHANCE, rival=RIVAL), replace(OURS, stage=Stage.SENT), SIGHT)),
    (Why.OUTBID, Case(CHANCE, replace(OURS, stage=Stage.SENT), SIGHT, contested=True)),
    (Why.NOT_LANDED, Case(CHANCE, replace(OURS, stage=Stage.SENT), SIGHT)),
    (Why.SIMULATION_FAILED, Case(CHANCE, denied("simulation_failed"), SIGHT)),
    (Why.SIMULATION_FAILED, Case(CHANCE, denied("simulation_below_prediction"), SIGHT)),
    (Why.BELOW_MINIMUM, Case(CHANCE, denied("below_minimum"), SIGHT)),
    (Why.RISK, Case(CHANCE, denied("position_over_limit"), SIGHT)),
    (Why.NOT_SENT, Case(CHANCE, OURS, SIGHT)),
    (Why.PROTOCOL_UNKNOWN, Case(CHANCE, None, Sight(foreign={"0xq": "so"}))),
    (Why.POOL_UNKNOWN, Case(CHANCE, None, Sight(unknown={"0xq": "so"}))),
    (Why.PATH_TOO_LONG, Case(CHANCE, None, Sight(longest=1))),
    (Why.PATH_TOO_LONG, Case(replace(CHANCE, pools=("0xp", "0xq", "0xp")), None, SIGHT)),
    (Why.RISK, Case(CHANCE, None, Sight(untradable={"0xb": "so"}))),
    (Why.RISK, Case(CHANCE, None, ASIDE)),
    (Why.RISK, Case(CHANCE, replace(OURS, block=8), ASIDE)),
    (Why.NOT_SENT, Case(CHANCE, OURS, ASIDE)),
    (Why.NOT_FOUND, Case(replace(CHANCE, block=9), None, ASIDE)),
    (Why.BELOW_MINIMUM, Case(CHANCE, None, Sight(minimum_wei=ETH + 1))),
    (Why.NOT_FOUND, Case(CHANCE, None, SIGHT)),
]


@pytest.mark.parametrize(("why", "case"), CASES)
def test_each_reason_is_reached(why: Why, case: Case) -> None:
    found = lost(case)
    assert (found.why, found.missing_wei, found.group) == (why, ETH, GROUPS[why])


def test_every_reason_is_tried_has_a_group_and_a_rule() -> None:
    assert {why for why, _ in CASES} == set(Why) == set(GROUPS) == {why for why, _ in RULES}


EVERYTHING = Sight({"0xp": "so"}, {"0xq": "so"}, {"0xb": "so"}, 1, 2 * ETH)


def test_what_we_could_have_seen_is_asked_in_order() -> None:
    order = []
    sight = EVERYTHING
    for name, neutral in (
        *(("foreign", {}), ("unknown", {}), ("longest", 4)),
        *(("untradable", {}), ("minimum_wei", 0)),
    ):
        order.append(lost(Case(CHANCE, None, sight)).why)
        sight = replace(sight, **{name: neutral})
    order.append(lost(Case(CHANCE, None, sight)).why)
    blind = [Why.PROTOCOL_UNKNOWN, Why.POOL_UNKNOWN, Why.PATH_TOO_LONG, Why.RISK, Why.BELOW_MINIMUM, Why.NOT_FOUND]
    assert order == blind


@pytest.mark.parametrize(("why", "case"), [(w, c) for w, c in CASES if c.attempt and not c.sight.aside])
def test_what_became_of_ours_comes_before_what_we_could_have_seen(why: Why, case: Case) -> None:
    assert lost(replace(case, sight=EVERYTHING)).why is why


def test_a_value_without_price_is_counted_and_not_added() -> None:
    worthless = lost(Case(replace(CHANCE, value_wei=None), None, SIGHT))
    eaten = lost(Case(replace(CHANCE, value_wei=-5), None, SIGHT))
    assert (worthless.missing_wei, eaten.missing_wei) == (0, 0)
    found = losses([worthless, eaten, lost(CASES[-1][1])])
    assert found == {Why.NOT_FOUND: Loss(2, ETH, 1), Why.BELOW_MINIMUM: Loss(1, 0)}


def test_a_liquidation_has_no_path_that_could_be_too_long() -> None:
    there = Chance(7, 3, "liquidation", ("0xmarket", "0xp", "0xmarket"), ETH, borrower="0xbob")
    assert lost(Case(there, None, Sight(longest=0))).why is Why.NOT_FOUND
    assert lost(Case(there, None, Sight(foreign={"0xmarket": "so"}))).why is Why.PROTOCOL_UNKNOWN


def test_one_trade_takes_one_chance_and_the_next_over_the_same_pools_is_lost() -> None:
    landed = replace(OURS, stage=Stage.LANDED, landed_block=7)
    first, second = judge([CHANCE, replace(CHANCE, position=5)], [landed], SIGHT)
    assert (first.attempt, first.lost) == (landed, None)
    assert second.lost is not None
    assert second.lost.why is Why.NOT_FOUND


def test_a_bundle_is_outbid_as_a_whole() -> None:
    sent = replace(OURS, stage=Stage.SENT, bundles=frozenset({"whole", "alone"}))
    with_it = replace(sent, pools=("0xr", "0xs"), bundles=frozenset({"whole"}))
    without = replace(with_it, pools=("0xt",), bundles=frozenset({"other"}))
    there = [replace(CHANCE, rival=RIVAL), *(replace(CHANCE, pools=each.pools) for each in (with_it, without))]
    found = [verdict.lost for verdict in judge(there, [sent, with_it, without], SIGHT)]
    assert [each and each.why for each in found] == [Why.OUTBID, Why.OUTBID, Why.NOT_LANDED]
    assert found[1] is not None
    assert found[1].detail == "the bundle did not land: somebody else took another trade of it"


def test_of_several_attempts_the_timely_one_that_came_furthest_speaks() -> None:
    late = replace(OURS, opportunity_id="late", stage=Stage.SENT, block=8)
    refused = replace(OURS, opportunity_id="refused", stage=Stage.REFUSED)
    tried = [late, denied("halted"), refused]
    assert judge([CHANCE], tried, SIGHT)[0].attempt == refused
    assert judge([CHANCE], [late, replace(late, opportunity_id="later", block=9)], SIGHT)[0].attempt == late


def test_a_path_beside_the_coin_that_all_routes_begin_with_says_so() -> None:
    elsewhere = Sight(anchor="0xweth")
    assert lost(Case(CHANCE, None, elsewhere)).detail == "it does not pass through 0xweth, in which all routes begin"
    assert lost(Case(CHANCE, None, Sight(anchor="0xb"))).detail == ""
    assert lost(Case(CHANCE, OURS, elsewhere)).why is Why.NOT_SENT


def test_a_block_for_which_we_had_nothing_at_all_says_so() -> None:
    elsewhere = replace(OURS, pools=("0xr",))
    [busy] = judge([CHANCE], [elsewhere], SIGHT)
    [idle] = judge([CHANCE], [replace(elsewhere, block=8)], SIGHT)
    assert busy.lost is not None
    assert idle.lost is not None
    assert (busy.lost.why, idle.lost.why) == (Why.NOT_FOUND, Why.NOT_FOUND)
    assert (busy.lost.detail, idle.lost.detail) == ("", "nothing at all was found for this block")


def test_the_object_names_all_there_is_to_know() -> None:
    case = Case(replace(CHANCE, rival=RIVAL), replace(OURS, stage=Stage.SENT, bid_wei=3), SIGHT)
    shown = as_object(lost(case))
    assert (shown["block"], shown["position"], shown["pools"]) == (7, 3, ("0xp", "0xq"))
    assert (shown["reason"], shown["group"], shown["missing_wei"]) == ("outbid", "sent and lost", ETH)
    assert shown["rival"]["taker"] == "0xr"
    assert shown["ours"]["opportunity_id"] == "o"
    assert shown["detail"] == f"the taker paid {ETH // 4} wei to the proposer, our bid was 3 wei"
