"""The fair prices: repeatable, bounded, and crashing now and then."""

import pytest

from tallyio.core.units import Address
from tallyio.devnet.deploy.catalog import TOKENS
from tallyio.devnet.traffic.walk import CRASH_EVERY, PriceWalk
from tallyio.devnet.world import Token

WORLD_TOKENS = {
    plan.symbol: Token(plan.symbol, Address("0x" + f"{i:040x}"), plan.decimals, plan.price_e8)
    for i, plan in enumerate(TOKENS)
}


@pytest.fixture
def walk() -> PriceWalk:
    return PriceWalk(5, WORLD_TOKENS)


def test_starts_at_the_first_prices(walk):
    assert walk.prices_e8(0) == {plan.symbol: plan.price_e8 for plan in TOKENS}


def test_asking_in_another_order_changes_nothing(walk):
    later = walk.prices_e8(50)
    other = PriceWalk(5, WORLD_TOKENS)
    assert [other.prices_e8(step) for step in range(51)][50] == later
    assert walk.prices_e8(20) == other.prices_e8(20)
    assert PriceWalk(6, WORLD_TOKENS).prices_e8(50) != later


def test_one_crash_in_each_stretch_of_5_to_25_percent(walk):
    crashes = {step: walk.crash_at(step) for step in range(20 * CRASH_EVERY)}
    struck = {step: crash for step, crash in crashes.items() if crash}
    assert len(struck) == 20
    for step, (symbol, share) in struck.items():
        assert 0.05 <= share <= 0.25
        before, after = walk.prices_e8(step - 1)[symbol], walk.prices_e8(step)[symbol]
        assert after / before == pytest.approx(1 - share, abs=0.03)


def test_prices_stay_near_home(walk):
    for step in range(0, 3000, 10):
        prices = walk.prices_e8(step)
        for plan in TOKENS:
            assert 0.4 < prices[plan.symbol] / plan.price_e8 < 1.8
        for stable in ("USDC", "USDT", "DAI"):
            assert prices[stable] == pytest.approx(10**8, rel=0.01)


def test_staked_ether_follows_ether(walk):
    first = WORLD_TOKENS["STETH"].price_e8 / WORLD_TOKENS["WETH"].price_e8
    for step in range(0, 1000, 25):
        prices = walk.prices_e8(step)
        assert 0.85 < prices["STETH"] / prices["WETH"] / first < 1.05
