"""The plan against an independent exhaustive search that shares no code with the strategies."""

from typing import Any

import pytest

from tallyio.core.clock import seeded
from tallyio.core.pools import PoolState, V2State
from tallyio.core.units import Address
from tallyio.market.view import MarketView
from tallyio.reports.exhaustive.arbitrage import Graph
from tallyio.reports.exhaustive.concentrated import Curve
from tallyio.reports.exhaustive.greedy import takeable
from tallyio.reports.exhaustive.records import GasModel as ExhaustiveGas
from tallyio.reports.exhaustive.venues import Reserves, State
from tallyio.strategies.arbitrage import Arbitrage, ArbitrageSettings
from tallyio.strategies.base import GasModel
from tallyio.strategies.greedy import greedy, net_of

MIN_PROFIT_WEI = 10**14
GAS = ExhaustiveGas(wei_per_gas=10**9)
SETTINGS = ArbitrageSettings(
    min_profit_wei=MIN_PROFIT_WEI,
    gas=GasModel(base=GAS.base, swap={"uniswap_v2": GAS.per_v2_hop, "uniswap_v3": GAS.per_v3_hop}),
)


def as_theirs(view: MarketView, address: Address, state: PoolState) -> State:
    if isinstance(state, V2State):
        return Reserves(state.reserve0, state.reserve1)
    spacing = view.pools[address].tick_spacing
    words = dict.fromkeys(range((-887272 // spacing) >> 8, (887272 // spacing >> 8) + 1), 0)
    for tick in state.tick_index:
        words[tick // spacing >> 8] |= 1 << (tick // spacing & 255)
    nets = dict(zip(state.tick_index, state.liquidity_net, strict=True))
    return Curve(state.sqrt_price_x96, state.tick, state.liquidity, words, nets)


@pytest.mark.parametrize("seed", range(12))
def test_the_plan_takes_what_an_exhaustive_search_takes(seed: int, random_market: Any) -> None:
    made = random_market(seeded(seed, "greedy"), 16)
    view = made.view()
    plan, left = greedy(made.event, view, [Arbitrage(SETTINGS)], limit=100)
    ours = sum(map(net_of(view), plan))
    states = {address: as_theirs(view, address, state) for address, state in view.states.items()}
    theirs = takeable(Graph(view.pools.values(), view.weth), states, {}, GAS, MIN_PROFIT_WEI)
    assert ours >= sum(item.net_wei for item in theirs) * 0.999
    assert abs(len(plan) - len(theirs)) <= 1 + len(theirs) // 10
    assert all(net_of(view)(o) > MIN_PROFIT_WEI for o in plan)
    assert Arbitrage(SETTINGS).evaluate(made.event, left) == []


def test_each_trade_is_exact_on_what_those_before_it_leave(random_market: Any) -> None:
    made = random_market(seeded(1, "order"), 16)
    view = made.view()
    plan, left = greedy(made.event, view, [Arbitrage(SETTINGS)])
    assert len(plan) > 2
    for opportunity in plan:
        view = view.after(opportunity.route)
    assert view.states == left.states


def test_the_limit_is_kept(random_market: Any) -> None:
    made = random_market(seeded(1, "order"), 16)
    view = made.view()
    plan, _ = greedy(made.event, view, [Arbitrage(SETTINGS)], limit=2)
    whole, _ = greedy(made.event, view, [Arbitrage(SETTINGS)])
    assert plan == whole[:2]
