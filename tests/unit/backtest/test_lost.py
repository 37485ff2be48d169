"""What others took in a replayed block: what it was worth, and why it was not ours."""

from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.backtest.known_pools import KnownPools
from tallyio.backtest.lost import chances, lost_of, verdicts_of
from tallyio.backtest.own_bundle import Paid
from tallyio.backtest.records import Proposal, Replayed, ReplaySettings, Taken
from tallyio.core.chain import BlockRef
from tallyio.core.pools import V2, Pool
from tallyio.core.trade import Decision, Opportunity, Route, SwapStep
from tallyio.core.units import Address, Hash32
from tallyio.reports.why_lost import Why

ETH = 10**18
BASE_FEE = 10**9
GAS = 200_000
WETH, COIN, P, Q, ELSE, BOB, TAKER = (Address("0x" + f"{i:02x}" * 20) for i in range(1, 8))
TAKEN = Taken(
    kind="arbitrage", transaction=Hash32("0x1"), position=5, taker=TAKER, tokens=(WETH, COIN), pools=(P, Q),
    protocols=("v2", "v2"), amounts_in=(1, 2), profit={WETH: ETH}, gross_wei=ETH, net_wei=ETH // 2, gas_wei=3 * GAS,
    to_proposer_wei=ETH // 4, reverted=False, burnt_wei=2 * GAS,
)  # fmt: skip
STEP = SwapStep(P, V2, WETH, COIN, 1, 2, 3000)
FOUND = Opportunity("o", "arbitrage", BlockRef(6, Hash32("0x6"), Hash32("0x5"), 1), 7, Route(STEP, (STEP,)), ETH, GAS,
                    (P, Q))  # fmt: skip
APPROVED = Decision("o", True, "", ETH // 4, 0)
PAID = Paid(ETH, GAS, GAS * BASE_FEE, bid_wei=ETH // 4)


def replayed(*taken: Taken, proposals: tuple[Proposal, ...] = (), **more: Any) -> Replayed:
    pools = {at: Pool(at, V2, "uniswap_v2", WETH, COIN, 3000) for at in (P, Q)}
    known = KnownPools(pools, {}, more.pop("left", {}))
    return Replayed(7, known, list(proposals), 0, Hash32("0x0"), list(taken), base_fee_wei=BASE_FEE, **more)


def proposed(position: int = 5, decision: Decision = APPROVED, paid: Paid = PAID) -> tuple[Proposal, ...]:
    return (Proposal(position, FOUND, paid, decision),)


def test_the_value_is_after_burnt_gas_and_before_payments() -> None:
    [chance] = chances(7, [TAKEN])
    assert chance.value_wei == ETH - 2 * GAS
    assert chance.rival is not None
    assert (chance.rival.taker, chance.rival.paid_wei, chance.rival.gross_wei) == (TAKER, ETH // 4, ETH)


def test_one_transactions_gas_and_one_liquidations_gross_are_counted_once() -> None:
    debt = replace(TAKEN, kind="liquidation", borrower=BOB, pools=(ELSE,))
    found = chances(7, [TAKEN, debt, replace(debt, borrower=TAKER)])
    each = 2 * GAS // 3
    assert [chance.value_wei for chance in found] == [ETH - each, ETH // 2 - each, ETH // 2 - each]


def test_what_was_undone_or_lost_money_is_no_opportunity_and_what_has_no_price_is() -> None:
    found = chances(7, [replace(TAKEN, reverted=True), replace(TAKEN, gross_wei=0), replace(TAKEN, gross_wei=None)])
    assert [chance.value_wei for chance in found] == [None]


def test_an_approved_proposal_with_a_bid_as_high_takes_it() -> None:
    better = replace(PAID, gross_wei=ETH + GAS * BASE_FEE)
    [verdict] = verdicts_of(replayed(TAKEN, proposals=proposed(paid=better)))
    assert verdict.lost is None
    assert verdict.attempt is not None
    assert verdict.attempt.value_wei == ETH


def test_taken_for_less_counts_the_difference() -> None:
    [found] = lost_of(replayed(TAKEN, proposals=proposed(paid=replace(PAID, gross_wei=ETH // 2))))
    assert (found.why, found.missing_wei) == (Why.FOR_LESS, ETH - 2 * GAS - (ETH // 2 - GAS * BASE_FEE))


@pytest.mark.parametrize(
    ("proposals", "why"),
    [
        (proposed(paid=replace(PAID, bid_wei=ETH // 4 - 1)), Why.OUTBID),
        (proposed(position=6), Why.TOO_LATE),
        (proposed(decision=replace(APPROVED, approved=False, reason="below_minimum")), Why.BELOW_MINIMUM),
        (proposed(decision=replace(APPROVED, approved=False, reason="position_over_limit")), Why.RISK),
        (proposed(decision=replace(APPROVED, approved=False, reason="simulation_failed")), Why.SIMULATION_FAILED),
        ((), Why.NOT_FOUND),
    ],
)
def test_what_became_of_our_proposal(proposals: tuple[Proposal, ...], why: Why) -> None:
    [found] = lost_of(replayed(TAKEN, proposals=proposals))
    assert (found.why, found.missing_wei) == (why, ETH - 2 * GAS)


def test_the_tip_is_part_of_what_the_proposer_gets() -> None:
    tipped = replace(PAID, bid_wei=ETH // 4 - GAS, gas_wei=GAS * (BASE_FEE + 1))
    [found] = lost_of(replayed(TAKEN, proposals=proposed(paid=tipped)))
    assert found.why is Why.FOR_LESS


@pytest.mark.parametrize(
    ("taken", "left", "why"),
    [
        (replace(TAKEN, pools=(P, ELSE)), {}, Why.PROTOCOL_UNKNOWN),
        (replace(TAKEN, pools=(P, ELSE)), {ELSE: "protocol unknown"}, Why.PROTOCOL_UNKNOWN),
        (replace(TAKEN, pools=(P, ELSE)), {ELSE: "state unknown"}, Why.POOL_UNKNOWN),
        (replace(TAKEN, pools=(P, Q, P)), {}, Why.PATH_TOO_LONG),
        (replace(TAKEN, gross_wei=10**13), {}, Why.BELOW_MINIMUM),
        (replace(TAKEN, kind="liquidation", pools=(ELSE,), borrower=BOB), {}, Why.PROTOCOL_UNKNOWN),
    ],
)
def test_what_we_could_not_see(taken: Taken, left: dict[Address, str], why: Why) -> None:
    [found] = lost_of(replayed(taken, left=left))
    assert found.why is why
    assert all(each in found.detail for each in left)


def test_a_route_over_one_of_the_same_pools_that_was_outbid_speaks_for_the_one_we_did_not_find() -> None:
    known = replace(TAKEN, pools=(Q, P, ELSE))
    found = replayed(known, proposals=proposed(paid=replace(PAID, bid_wei=1)))
    found.known.pools[ELSE] = found.known.pools[P]
    assert [each.why for each in lost_of(found)] == [Why.OUTBID]


def test_who_took_another_opportunity_over_the_same_pools_later_is_no_rival() -> None:
    later = replace(TAKEN, position=9, transaction=Hash32("0x2"), to_proposer_wei=ETH // 2)
    rich = replace(PAID, gross_wei=ETH + GAS * BASE_FEE)
    [first, second] = verdicts_of(replayed(TAKEN, later, proposals=proposed(paid=rich)))
    assert first.lost is None
    assert second.lost is not None
    assert second.lost.why is Why.NOT_FOUND


def test_what_the_archive_cannot_prove_was_seen() -> None:
    reason = "the archive lacks slot 7 of it"
    unproved = Proposal(
        4, FOUND, replace(PAID, reason=reason, unknown=True), Decision("o", False, "simulation_failed", 0, 0, reason)
    )
    [found] = lost_of(replayed(TAKEN, unproved=[unproved]))
    assert (found.why, found.detail) == (Why.SIMULATION_FAILED, reason)


def test_a_path_beside_the_coin_says_so() -> None:
    [found] = lost_of(replayed(TAKEN, weth=ELSE))
    assert (found.why, found.detail) == (Why.NOT_FOUND, f"it does not pass through {ELSE}, in which all routes begin")


def test_the_settings_of_the_replay_count() -> None:
    [found] = lost_of(replayed(TAKEN), ReplaySettings(max_hops=1))
    assert found.why is Why.PATH_TOO_LONG
