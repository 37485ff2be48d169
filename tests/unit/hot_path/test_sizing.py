"""Sizing against an independent search: golden section over integers on the same exact quotes."""

from collections.abc import Callable
from random import Random

import pytest

from tallyio.core.clock import seeded
from tallyio.core.pools import V2, V3, Pool, V2State, V3State
from tallyio.core.units import UINT112_MAX, Address
from tallyio.hot_path.amm.tick_math import tick_at_sqrt_ratio
from tallyio.hot_path.curve import Curve
from tallyio.hot_path.sizing import Leg, refine, run, seed

# units of each token that are worth one dollar
UNITS = {"weth": 1e18 / 3000, "dai": 1e18, "usdc": 1e6, "wbtc": 1e8 / 60000}


def golden_section(profit: Callable[[int], int], high: int) -> int:
    low = 1
    while high - low > 3:
        third = (high - low) * 381966 // 1_000_000
        a, b = low + third, high - third
        if profit(a) < profit(b):
            low = a
        else:
            high = b
    return max(profit(x) for x in range(low, high + 1))


def concentrated(random: Random, price: float, liquidity: float, spacing: int) -> V3State:
    sqrt_price = int(price**0.5 * 2**96)
    tick = tick_at_sqrt_ratio(sqrt_price)
    nets: dict[int, int] = {}
    end = 887272 // spacing * spacing
    spans = [(-end, end, int(liquidity / 10) + 1)]
    for _ in range(random.randint(1, 6)):
        width = random.choice([2, 5, 20, 100, 400])
        low = (tick // spacing - random.randint(0, width)) * spacing
        spans.append((low, low + random.randint(1, 2 * width) * spacing, int(liquidity * random.uniform(0.05, 2))))
    for low, high, amount in spans:
        nets[low] = nets.get(low, 0) + amount
        nets[high] = nets.get(high, 0) - amount
    ticks = tuple(sorted(t for t, n in nets.items() if n))
    here = sum(nets[t] for t in ticks if t <= tick)
    return V3State(sqrt_price, tick, here, ticks, tuple(nets[t] for t in ticks), ())


def random_cycle(random: Random, tokens: list[str]) -> list[Leg]:
    legs = []
    for sold, bought in zip(tokens, [*tokens[1:], tokens[0]], strict=True):
        zero_for_one = random.random() < 0.5
        token0, token1 = (sold, bought) if zero_for_one else (bought, sold)
        drift = (1 + random.uniform(-0.004, 0.02)) ** (1 if zero_for_one else -1)
        price = UNITS[token1] / UNITS[token0] * drift
        depth = 10 ** random.uniform(4, 7)
        amount0 = depth * UNITS[token0]
        ends = Address(token0), Address(token1)
        if random.random() < 0.5:
            pool = Pool(Address("0x"), V2, "a", ends, random.choice([3000, 2500]))
            legs.append(Leg(pool, V2State(int(amount0), int(amount0 * price)), zero_for_one))
        else:
            fee, spacing = random.choice([(500, 10), (3000, 60), (10000, 200), (100, 1)])
            state = concentrated(random, price, amount0 * price**0.5, spacing)
            legs.append(Leg(Pool(Address("0x"), V3, "b", ends, fee, spacing), state, zero_for_one))
    return legs


@pytest.mark.parametrize("case", range(60))
def test_the_best_input_is_found(case: int) -> None:
    """Tokens of 18 decimals: the loss against the search is below a billionth. With coarse tokens on the way, profit
    is a staircase, and what the best step gives is met within the worth of one unit of the coarsest token a hop."""
    random = seeded(case, "sizing")
    coarse = case % 2 == 1
    tokens = random.sample(["weth", "dai", "usdc", "wbtc"] if coarse else ["weth", "dai"], 2)
    if coarse and random.random() < 0.7:
        tokens.append(next(t for t in UNITS if t not in tokens))
    legs = random_cycle(random, tokens)
    start, expected = seed([Curve(leg.pool, leg.state, leg.zero_for_one) for leg in legs])
    best = golden_section(lambda x: run(legs, x).profit, int(start * 4) + 4096)
    sized = refine(legs, start) if expected > 0 and start >= 1 else None
    ours = sized.profit if sized else 0
    unit = max(UNITS[tokens[0]] / UNITS[t] for t in tokens)
    allowed = max(3.0, best * 1e-9, len(legs) * unit * 1.1 if coarse else 0)
    assert best - ours <= allowed
    if sized:
        assert run(legs, sized.amounts[0]) == sized
        assert sized.profit <= expected * (1 + 1e-9) + 1


def test_a_cycle_that_does_not_pay_has_no_size() -> None:
    pools = [Pool(Address(f"0x{i}"), V2, "a", (Address("a"), Address("b")), 3000) for i in range(2)]
    even = V2State(10**21, 10**21)
    curves = [Curve(pools[0], even, True), Curve(pools[1], even, False)]
    assert seed(curves) == (0.0, 0.0)
    assert refine([Leg(pools[0], even, True), Leg(pools[1], even, False)], 10**18) is None


def test_the_limit_of_a_reserve_bounds_the_trade() -> None:
    pools = [Pool(Address(f"0x{i}"), V2, "a", (Address("a"), Address("b")), 3000) for i in range(2)]
    full = V2State(UINT112_MAX - 10**18, UINT112_MAX - 10**18)
    legs = [Leg(pools[0], full, True), Leg(pools[1], V2State(2 * 10**24, 10**24), False)]
    start, profit = seed([Curve(leg.pool, leg.state, leg.zero_for_one) for leg in legs])
    sized = refine(legs, start)
    assert profit > 0
    assert sized is not None
    assert sized.amounts[0] <= 10**18
    assert sized.profit > 0


def test_an_empty_pool_has_no_curve() -> None:
    pool = Pool(Address("0x1"), V2, "a", (Address("a"), Address("b")), 3000)
    assert Curve(pool, V2State(0, 10), True).rate() == 0.0
    concentrated_pool = Pool(Address("0x2"), V3, "b", (Address("a"), Address("b")), 3000, 60)
    assert Curve(concentrated_pool, V3State(0, 0, 0), True).rate() == 0.0
    assert Curve(concentrated_pool, V3State(2**96, 0, 0), True).rate() == 0.0
