from typing import Any

import msgspec
import pytest

from tallyio.core.chain import FeedStatus, Rollback
from tallyio.core.clock import seeded
from tallyio.core.trade import Opportunity, SwapStep
from tallyio.market.view import MarketView
from tallyio.strategies.arbitrage import Arbitrage, ArbitrageSettings
from tallyio.strategies.base import GasModel

MILLION = 10**6 * 10**6
GAS = GasModel()


def evaluate(made: Any, view: MarketView, **settings: Any) -> list[Opportunity]:
    return Arbitrage(ArbitrageSettings(**settings)).evaluate(made.event, view)


def check_route(opportunity: Opportunity, view: MarketView) -> int:
    """Runs the route as the executor would: what it owes, holds and gains; the gain in WETH is returned."""
    funding = opportunity.route.funding
    assert isinstance(funding, SwapStep)
    held = {funding.token_out: funding.amount_out}
    for step in opportunity.route.inner:
        assert isinstance(step, SwapStep)
        held[step.token_in] = held.get(step.token_in, 0) - step.amount_in
        held[step.token_out] = held.get(step.token_out, 0) + step.amount_out
    held[funding.token_in] = held.get(funding.token_in, 0) - funding.amount_in
    for step in opportunity.route.outer:
        assert isinstance(step, SwapStep)
        held[step.token_in] = held.get(step.token_in, 0) - step.amount_in
        held[step.token_out] = held.get(step.token_out, 0) + step.amount_out
    assert all(amount >= 0 for amount in held.values())
    assert {token for token, amount in held.items() if amount} == {view.weth}
    view.after(opportunity.route)
    return held[view.weth]


def test_two_pairs_at_different_prices(made: Any) -> None:
    cheap = made.pair(made.weth, made.usdc, 1000 * 10**18, 3 * MILLION)
    dear = made.pair(made.weth, made.usdc, 1000 * 10**18, 31 * MILLION // 10)
    view = made.view()
    (best,) = evaluate(made, view)
    funding = best.route.funding
    assert isinstance(funding, SwapStep)
    assert (funding.pool, funding.token_in) == (dear, made.weth)
    assert [step.pool for step in best.route.inner if isinstance(step, SwapStep)] == [cheap]
    assert best.route.outer == ()
    assert best.pools == (dear, cheap)
    assert best.gross_wei == check_route(best, view) > 8 * 10**16
    assert best.gas_estimate == GAS.base + 2 * GAS.swap["uniswap_v2"] == GAS.route(best.route)
    assert (best.target_block, best.state_block, best.victim) == (101, made.block, None)


def test_a_cycle_without_ether_sells_its_profit_where_that_pays_most(made: Any) -> None:
    made.pair(made.dai, made.usdc, 10**6 * 10**18, MILLION)
    made.pair(made.dai, made.usdc, 10**6 * 10**18, 105 * MILLION // 100)
    poor = made.pair(made.weth, made.usdc, 3 * 10**18, 9000 * 10**6)
    rich = made.pair(made.weth, made.dai, 1000 * 10**18, 3 * 10**24)
    view = made.view()
    best = evaluate(made, view)[0]
    (sale,) = best.route.outer
    assert isinstance(sale, SwapStep)
    assert (sale.pool, sale.token_in, sale.token_out) == (rich, made.dai, made.weth)
    assert poor not in best.pools
    assert best.gross_wei == sale.amount_out == check_route(best, view)
    assert best.gas_estimate == GAS.base + 3 * GAS.swap["uniswap_v2"]


def test_a_cycle_of_four_swaps_is_found_where_four_are_allowed(made: Any) -> None:
    route = [
        made.pair(made.weth, made.usdc, 1000 * 10**18, 3 * MILLION),
        made.pair(made.usdc, made.dai, 3 * MILLION, 3 * 10**24),
        made.pair(made.dai, made.link, 3 * 10**24, 200_000 * 10**18),
        made.pair(made.link, made.weth, 200_000 * 10**18, 1050 * 10**18),
    ]
    assert evaluate(made, made.view(max_hops=3)) == []
    view = made.view(max_hops=4)
    (best,) = evaluate(made, view)
    assert list(best.pools) == route
    assert best.gross_wei == check_route(best, view) > 8 * 10**16
    assert best.gas_estimate == GAS.base + 4 * GAS.swap["uniswap_v2"] == GAS.route(best.route)


def test_a_cycle_of_four_without_ether_sells_its_profit(made: Any) -> None:
    made.pair(made.wbtc, made.usdc, 50 * 10**8, 3 * MILLION)
    made.pair(made.usdc, made.dai, 3 * MILLION, 3 * 10**24)
    made.pair(made.dai, made.link, 3 * 10**24, 200_000 * 10**18)
    made.pair(made.link, made.wbtc, 200_000 * 10**18, 53 * 10**8)
    sale = made.pair(made.weth, made.dai, 1000 * 10**18, 3 * 10**24)
    view = made.view(max_hops=4)
    best = evaluate(made, view)[0]
    (last,) = best.route.outer
    assert isinstance(last, SwapStep)
    assert (last.pool, last.token_out) == (sale, made.weth)
    assert best.gross_wei == check_route(best, view) > 0
    assert len(best.pools) == 5


def test_a_cycle_whose_profit_cannot_be_sold_is_left(made: Any) -> None:
    made.pair(made.dai, made.usdc, 10**6 * 10**18, MILLION)
    made.pair(made.dai, made.usdc, 10**6 * 10**18, 105 * MILLION // 100)
    assert evaluate(made, made.view()) == []


def test_gas_decides_what_is_worth_taking(made: Any) -> None:
    made.pair(made.weth, made.usdc, 1000 * 10**18, 3 * MILLION)
    made.pair(made.weth, made.usdc, 1000 * 10**18, 31 * MILLION // 10)
    (best,) = evaluate(made, made.view())
    net = best.gross_wei - best.gas_estimate * 10**9
    assert evaluate(made, made.view(), min_profit_wei=net - 1)
    assert evaluate(made, made.view(), min_profit_wei=net) == []
    dear_gas = best.gross_wei // best.gas_estimate + 1
    assert evaluate(made, made.view(base_fee_wei=dear_gas), min_profit_wei=0) == []


def test_pools_that_cannot_be_traded_are_left(made: Any) -> None:
    made.pair(made.weth, made.usdc, 1000 * 10**18, 3 * MILLION)
    made.pair(made.weth, made.usdc, 1000 * 10**18, 31 * MILLION // 10)
    market = made.market()
    market.condemn(made.usdc, "takes a fee on transfer")
    view = market.view(next_base_fee_wei=1, next_timestamp=0)
    assert evaluate(made, view, min_profit_wei=0) == []


def test_an_opportunity_stays_one_though_a_block_does_not_touch_it(made: Any) -> None:
    made.pair(made.weth, made.usdc, 1000 * 10**18, 3 * MILLION)
    made.pair(made.weth, made.usdc, 1000 * 10**18, 31 * MILLION // 10)
    strategy, view = Arbitrage(ArbitrageSettings()), made.view()
    first = strategy.evaluate(made.event, view)
    later = msgspec.structs.replace(view, block=msgspec.structs.replace(made.block, number=101, hash="0x65"))
    second = strategy.evaluate(made.event, later)
    assert [o.route for o in first] == [o.route for o in second]
    assert first[0].id != second[0].id
    assert second[0].target_block == 102


@pytest.mark.parametrize("event", [FeedStatus(True, ""), Rollback(None, ())])  # type: ignore[arg-type]
def test_other_events_give_nothing(made: Any, event: Any) -> None:
    assert Arbitrage(ArbitrageSettings()).evaluate(event, made.view()) == []


@pytest.mark.parametrize("seed", range(6))
def test_every_route_is_exact_and_what_was_kept_changes_no_answer(seed: int, random_market: Any) -> None:
    random = seeded(seed, "arbitrage")
    made = random_market(random, 14)
    view, used = made.view(), Arbitrage(ArbitrageSettings(min_profit_wei=0))
    for _ in range(5):
        found = used.evaluate(made.event, view)
        nets = [o.gross_wei - o.gas_estimate * 10**9 for o in found]
        assert nets == sorted(nets, reverse=True)
        assert found == evaluate(made, view, min_profit_wei=0)
        assert found == used.evaluate(made.event, view)
        assert len({o.id for o in found}) == len(found)
        for opportunity in found:
            assert opportunity.gross_wei == check_route(opportunity, view)
        if found:
            view = view.after(found[0].route)


def test_an_empty_market(made: Any) -> None:
    assert evaluate(made, made.view()) == []
