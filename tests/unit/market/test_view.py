from typing import Any

import pytest

from tallyio.core.errors import ChainDataError
from tallyio.core.lending import LendingState
from tallyio.core.pools import V2, V2State
from tallyio.core.trade import FlashLoan, LiquidateStep, Route, SwapStep
from tallyio.core.units import Address
from tallyio.hot_path.amm import v2
from tallyio.market.market import Market
from tallyio.market.view import MarketView

NOBODY = Address("0x" + "12" * 20)


@pytest.fixture
def view(market: Market, chain: Any, logs: Any) -> MarketView:
    market.apply(
        chain.block(
            logs.pair_created(),
            logs.sync(3000 * 10**6, 10**18),
            logs.pair_created(logs.other),
            logs.sync(3100 * 10**6, 10**18, logs.other),
        )
    )
    return market.view(next_base_fee_wei=10**9, next_timestamp=market.block.timestamp + 12)


def route(logs: Any, amount: int, *, more: int = 0) -> Route:
    """WETH to USDC on the dear pair and back on the cheap one."""
    usdc = v2.amount_out(amount, 10**18, 3100 * 10**6, 3000)
    weth = v2.amount_out(usdc, 3000 * 10**6, 10**18, 3000) + more
    return Route(
        SwapStep(logs.other, V2, logs.weth, logs.usdc, amount, usdc, 3000),
        (SwapStep(logs.pair, V2, logs.usdc, logs.weth, usdc, weth, 3000),),
    )


def test_after_a_route_its_effects_are_there_and_the_old_view_stays(view: MarketView, logs: Any) -> None:
    steps = route(logs, 10**16).steps
    after = view.after(route(logs, 10**16))
    first, second = steps
    assert isinstance(first, SwapStep)
    assert isinstance(second, SwapStep)
    assert after.states[logs.other] == V2State(3100 * 10**6 - first.amount_out, 10**18 + 10**16)
    assert after.states[logs.pair] == V2State(3000 * 10**6 + second.amount_in, 10**18 - second.amount_out)
    assert view.states[logs.other] == V2State(3100 * 10**6, 10**18)
    other = view.graph.index[logs.other]
    assert after.rates[2 * other + 1] < view.rates[2 * other + 1]
    assert after.graph is view.graph


def test_a_step_that_claims_more_than_the_pool_pays_is_refused(view: MarketView, logs: Any) -> None:
    with pytest.raises(ChainDataError, match="the step says"):
        view.after(route(logs, 10**16, more=1))


def test_a_pool_that_is_not_in_the_view_is_refused(view: MarketView, logs: Any) -> None:
    stranger = Route(SwapStep(NOBODY, V2, logs.weth, logs.usdc, 1, 1, 3000), ())
    with pytest.raises(ChainDataError, match="not in the view"):
        view.after(stranger)


def test_the_same_pool_twice_takes_the_second_swap_on_what_the_first_left(view: MarketView, logs: Any) -> None:
    first = v2.amount_out(10**16, 10**18, 3100 * 10**6, 3000)
    second = v2.amount_out(10**16, 10**18 + 10**16, 3100 * 10**6 - first, 3000)
    steps = [SwapStep(logs.other, V2, logs.weth, logs.usdc, 10**16, out, 3000) for out in (first, second)]
    after = view.after(Route(steps[0], (steps[1],)))
    assert after.states[logs.other] == V2State(3100 * 10**6 - first - second, 10**18 + 2 * 10**16)


def test_a_liquidation_in_a_market_that_is_not_there_is_refused(view: MarketView, logs: Any) -> None:
    step = LiquidateStep(NOBODY, logs.weth, logs.usdc, NOBODY, 1, 1)
    with pytest.raises(ChainDataError, match="lending market"):
        view.after(Route(FlashLoan(NOBODY, logs.usdc, 1, 0), (step,)))


def test_a_liquidation_goes_to_the_lending_model(view: MarketView, logs: Any, market: Market) -> None:
    state = LendingState(NOBODY)
    with_market = market.view(next_base_fee_wei=1, next_timestamp=10**10, lending={NOBODY: state})
    step = LiquidateStep(NOBODY, logs.weth, logs.usdc, NOBODY, 1, 1)
    with pytest.raises(ChainDataError):  # an empty market liquidates nobody
        with_market.after(Route(FlashLoan(NOBODY, logs.usdc, 1, 0), (step,)))
