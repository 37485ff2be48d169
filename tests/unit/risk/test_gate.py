"""The gate: each reason of the closed list, its boundary, and the numbers of an approval."""

from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.core.chain import BlockRef
from tallyio.core.pools import V2
from tallyio.core.trade import Decision, FlashLoan, LiquidateStep, Opportunity, Proof, Route, SwapStep
from tallyio.core.units import Address, Hash32
from tallyio.journal.records import BreakerState
from tallyio.risk.gate import bid_wei, decide
from tallyio.risk.limits import Exposure, Limits, Prices
from tallyio.risk.margin import Margin
from tallyio.risk.reasons import EXPLAINED, Reason

WETH, COIN, POOL, MARKET, BORROWER = (Address("0x" + f"{i:02x}" * 20) for i in range(1, 6))
BLOCK = BlockRef(10, Hash32("0x10"), Hash32("0x9"), 10)
SWAP = SwapStep(POOL, V2, WETH, COIN, 50_000, 70_000, 3000)
OPPORTUNITY = Opportunity("o", "arbitrage", BLOCK, 11, Route(SWAP, (SWAP,)), 10_000, 100, (POOL,), BORROWER)
PROOF = Proof("o", True, 110, 10_000, 10_000, "", BLOCK)
LIMITS = Limits(
    min_profit_wei=500, bid_share_bps=2_500, max_bid_share_bps=5_000, max_gas_per_trade=1_000,
    max_gas_cost_per_trade_wei=5_000, max_gas_cost_per_block_wei=8_000, max_position_wei=50_000,
)  # fmt: skip
PRICES = Prices(gas_price_wei=10, weth=WETH)
EXPOSURE = Exposure(head_block=10)


def judge(**given: Any) -> Decision:
    base: dict[str, Any] = {
        "opportunity": OPPORTUNITY, "proof": PROOF, "exposure": EXPOSURE, "limits": LIMITS,
        "breaker": BreakerState(), "prices": PRICES,
    }  # fmt: skip
    return decide(**{**base, **given})


def test_an_approval_carries_bid_and_least_profit_by_the_proofs_gas() -> None:
    assert judge() == Decision("o", True, "", bid_wei=(10_000 - 1_100) // 4, min_profit_wei=1_100 + 500)
    estimated = judge(proof=None)
    assert (estimated.bid_wei, estimated.min_profit_wei) == ((10_000 - 1_000) // 4, 1_500)


def test_a_margin_for_gas_is_demanded_on_the_chain_and_one_for_profit_of_the_prediction() -> None:
    decision = judge(exposure=replace(EXPOSURE, margin=Margin(gas=10, gross_wei=1_000)))
    assert (decision.approved, decision.min_profit_wei) == (True, 1_100 + 100 + 500)
    most = Margin(gas=617, gross_wei=5)
    assert judge(exposure=replace(EXPOSURE, margin=most)).approved
    denied = judge(exposure=replace(EXPOSURE, margin=Margin(gas=618)))
    assert denied.detail == "6675 wei remain, at least 500 and 6180 for errors of prediction"


def _route(funding: SwapStep | FlashLoan) -> Opportunity:
    return replace(OPPORTUNITY, route=Route(funding, (LiquidateStep(MARKET, COIN, WETH, BORROWER, 1, 1),)))


DENIALS: list[tuple[Reason, dict[str, Any]]] = [
    (Reason.HALTED, {"exposure": replace(EXPOSURE, halted=True)}),
    (Reason.BREAKER_OPEN, {"breaker": BreakerState(open=True, reason="loss")}),
    (Reason.TOO_LATE, {"exposure": Exposure(head_block=11)}),
    (Reason.UNTRADABLE, {"exposure": replace(EXPOSURE, untradable=frozenset({COIN}))}),
    (Reason.UNTRADABLE, {"exposure": replace(EXPOSURE, untradable=frozenset({POOL}))}),
    (Reason.UNTRADABLE, {
        "opportunity": _route(FlashLoan(MARKET, WETH, 1, 0)),
        "exposure": replace(EXPOSURE, untradable=frozenset({COIN})),
    }),
    (Reason.CONFLICTING, {"exposure": replace(EXPOSURE, touched=frozenset({POOL}))}),
    (Reason.CONFLICTING, {"exposure": replace(EXPOSURE, touched=frozenset({BORROWER}))}),
    (Reason.SIMULATION_FAILED, {"proof": replace(PROOF, success=False, revert_reason="K")}),
    (Reason.SIMULATION_BELOW_PREDICTION, {"proof": replace(PROOF, gross_wei=9_999)}),
    (Reason.GAS_OVER_TRADE_BUDGET, {"proof": replace(PROOF, gas_used=1_001), "prices": Prices(1, WETH)}),
    (Reason.GAS_OVER_TRADE_BUDGET, {"prices": Prices(46, WETH)}),
    (Reason.GAS_OVER_BLOCK_BUDGET, {"exposure": replace(EXPOSURE, committed_gas_cost_wei=6_901)}),
    (Reason.UNPRICED, {"opportunity": _route(FlashLoan(MARKET, COIN, 1, 0))}),
    (Reason.POSITION_OVER_LIMIT, {"opportunity": _route(FlashLoan(MARKET, WETH, 50_000, 1))}),
    (Reason.BID_OVER_SHARE, {"limits": replace(LIMITS, bid_share_bps=5_002)}),
    (Reason.BELOW_MINIMUM, {"limits": replace(LIMITS, min_profit_wei=6_676)}),
    (Reason.BELOW_MINIMUM, {"exposure": replace(EXPOSURE, margin=Margin(gross_wei=6_176))}),
    (Reason.BELOW_MINIMUM, {"exposure": replace(EXPOSURE, margin=Margin(gas=617, gross_wei=6))}),
    (Reason.BELOW_MINIMUM, {"proof": replace(PROOF, gross_wei=1_599, predicted_gross_wei=1_599)}),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "given"), DENIALS)
def test_each_reason_denies(reason: Reason, given: dict[str, Any]) -> None:
    decision = judge(**given)
    assert (decision.approved, decision.reason) == (False, reason)


def test_every_reason_is_tried_and_explained() -> None:
    assert {reason for reason, _ in DENIALS} == set(Reason) == set(EXPLAINED)


@pytest.mark.parametrize(
    "given",
    [
        {"exposure": replace(EXPOSURE, committed_gas_cost_wei=6_900)},
        {"prices": Prices(45, WETH), "proof": replace(PROOF, gas_used=111)},
        {"opportunity": _route(FlashLoan(MARKET, WETH, 50_000, 0))},
        {"limits": replace(LIMITS, bid_share_bps=5_000)},
        {"limits": replace(LIMITS, min_profit_wei=6_675)},
        {"proof": replace(PROOF, gross_wei=9_900), "limits": replace(LIMITS, simulation_tolerance_bps=100)},
        {"exposure": replace(EXPOSURE, touched=frozenset({COIN}), untradable=frozenset({MARKET}))},
    ],
)
def test_at_its_limit_a_trade_is_still_approved(given: dict[str, Any]) -> None:
    assert judge(**given).approved, judge(**given)


def test_a_loan_in_another_token_is_judged_by_its_price_rounded_up() -> None:
    loan = _route(FlashLoan(MARKET, COIN, 99_999, 1))
    assert judge(opportunity=loan, prices=Prices(10, WETH, {COIN: (1, 2)})).approved
    dear = judge(opportunity=_route(FlashLoan(MARKET, COIN, 100_000, 1)), prices=Prices(10, WETH, {COIN: (1, 2)}))
    assert dear.reason == Reason.POSITION_OVER_LIMIT
    assert dear.detail.startswith("50001 wei")


def test_without_profit_there_is_no_bid() -> None:
    assert bid_wei(100, 101, 9_999) == 0
    assert bid_wei(103, 100, 5_000) == 1
