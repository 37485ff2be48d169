"""The cycles of one block planned together, beside one best after another."""

from random import Random
from typing import Any

import pytest

from tallyio.market.view import MarketView
from tallyio.strategies.arbitrage import Arbitrage, ArbitrageSettings
from tallyio.strategies.detection import Detection
from tallyio.strategies.greedy import greedy, net_of
from tallyio.strategies.together import MOST, Plan, Together

SETTINGS = ArbitrageSettings(min_profit_wei=10**13)


def planned(view: MarketView) -> Plan | None:
    return Together(SETTINGS, Detection()).plan(view, lambda: False)


def one_by_one(made: Any, view: MarketView, trades: int) -> int:
    chosen, _ = greedy(made.event, view, [Arbitrage(SETTINGS)], limit=trades)
    return sum(map(net_of(view), chosen))


def judge(view: MarketView, plan: Plan) -> None:
    """Each trade exact behind those before it, worth more than the least, and all of them what the plan says."""
    net = net_of(view)
    assert plan.greedy_wei is not None
    assert sum(map(net, plan.opportunities)) == plan.net_wei > plan.greedy_wei
    assert len(plan.opportunities) <= MOST
    assert sum(trade.gross_wei for trade in plan.opportunities) == plan.gross_wei >= plan.single_wei
    assert min(map(net, plan.opportunities)) > SETTINGS.min_profit_wei
    assert len({trade.id for trade in plan.opportunities}) == len(plan.opportunities) > 1
    for trade in plan.opportunities:
        view = view.after(trade.route)


def test_what_two_cycles_share_is_split(made: Any) -> None:
    view = made.shared()
    plan = planned(view)
    assert plan
    judge(view, plan)
    assert plan.greedy_wei == one_by_one(made, view, len(plan.opportunities))


@pytest.mark.parametrize("seed", range(6))
def test_a_plan_brings_more_than_as_many_one_after_another(random_market: Any, seed: int) -> None:
    made = random_market(Random(seed), 14)
    view = made.view()
    plan = planned(view)
    if plan is None:
        pytest.skip("one best after another is as good in this market")
    judge(view, plan)
    least = one_by_one(made, view, len(plan.opportunities))
    assert plan.greedy_wei == pytest.approx(least, rel=0.02)  # it takes several at each look


def test_none_where_one_cycle_is_all_there_is(made: Any) -> None:
    made.pair(made.weth, made.usdc, 10**21, 33 * 10**11)
    made.pair(made.weth, made.usdc, 10**21, 3 * 10**12, fee_pips=2500)
    assert planned(made.view()) is None


def test_none_where_it_is_late(made: Any) -> None:
    assert Together(SETTINGS, Detection()).plan(made.shared(), lambda: True) is None
