"""Exact inputs and outputs over the stop table against the published pool's own swaps, from the chain's own states."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tallyio.core.clock import seeded
from tallyio.core.pools import Pool, V3State
from tallyio.hot_path.amm.tick_math import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrt_ratio_at_tick
from tallyio.hot_path.check.stops import SPACINGS, Quotes

LARGE = 1 << 127


def real(chain: Any, pool: Pool, zero_for_one: bool, amount: int, asked: bool) -> int | None:
    """What the pool pays for an input, or takes for an output; ``None`` where it does not do so whole."""
    before = chain.snapshot()
    try:
        taken, paid = chain.swap(pool, zero_for_one, -amount if asked else amount)
    except RuntimeError:
        return None
    finally:
        chain.revert(before)
    whole = paid == amount if asked else taken == amount
    return (taken if asked else paid) or None if whole else None


def agrees(chain: Any, quotes: Quotes, pool: Pool, random: Random, count: int) -> int:
    """How many of ``count`` amounts of any size are answered, each as by the chain; the others it refuses too."""
    answered = 0
    for _ in range(count):
        zero_for_one, asked = random.random() < 0.5, random.random() < 0.5
        amount = max(1, int(2 ** random.uniform(0, 126)))
        [ours] = (quotes.asked if asked else quotes.paid)(zero_for_one, [amount])
        theirs = real(chain, pool, zero_for_one, amount, asked)
        assert ours == theirs or (ours is None and (theirs or 0) >= LARGE), (pool, amount, zero_for_one, asked)
        answered += ours is not None
    return answered


def at_the_ends(chain: Any, pool: Pool, quotes: Quotes, zero_for_one: bool) -> None:
    """Up to the last price that a swap may reach, and not a unit beyond what that takes."""
    state = chain.state(pool)
    limit = MIN_SQRT_RATIO + 1 if zero_for_one else MAX_SQRT_RATIO - 1
    before = chain.snapshot()
    taken, paid = chain.swap(pool, zero_for_one, 2**250, limit)
    chain.revert(before)
    assert state.liquidity
    for amount, asked in ((taken, False), (taken + 1, False), (taken - 1, False), (paid, True), (paid + 1, True)):
        if 0 < amount < LARGE:
            [ours] = (quotes.asked if asked else quotes.paid)(zero_for_one, [amount])
            theirs = real(chain, pool, zero_for_one, amount, asked)
            assert ours == theirs or (ours is None and (theirs or 0) >= LARGE), (amount, asked)


@pytest.mark.parametrize("start", [MIN_TICK, MIN_TICK + 1, -400_000, 0, 400_000, MAX_TICK - 2, MAX_TICK - 1])
def test_a_position_that_ends_with_the_range_is_traded_to_its_end(real_pools: Callable[..., Any], start: int) -> None:
    """Spacing 1: the only position touches both ends of the range, then one beside it as well."""
    chain, random = real_pools(2), seeded(start, "ends")
    for beyond in (0, 1):
        pool = chain.concentrated(0, 1, 100 + beyond, 1, sqrt_ratio_at_tick(start) + beyond)
        assert chain.mint(pool, MIN_TICK, MAX_TICK, random.choice((10**6, 10**18, 2**106)))
        quotes = Quotes(pool, chain.state(pool))
        agrees(chain, quotes, pool, random, 12)
        for narrow in (1, 700):
            assert chain.mint(pool, max(MIN_TICK, start - narrow), min(MAX_TICK, start + narrow), 10**15)
            quotes.write(chain.state(pool))
            agrees(chain, quotes, pool, random, 12)
            for zero_for_one in (True, False):
                if not (zero_for_one and start == MIN_TICK):
                    at_the_ends(chain, pool, quotes, zero_for_one)


def test_the_least_price_of_all_sells_no_token0(real_pools: Callable[..., Any]) -> None:
    chain = real_pools(2)
    pool = chain.concentrated(0, 1, 100, 1, MIN_SQRT_RATIO)
    assert chain.mint(pool, MIN_TICK, MAX_TICK, 2**100)
    quotes = Quotes(pool, chain.state(pool))
    amounts = [1, 17, 2**4, 2**5, 10**9, 2**100, 2**126]
    assert quotes.paid(True, amounts) == quotes.asked(True, amounts) == [None] * len(amounts)
    assert [real(chain, pool, True, amount, asked=False) for amount in amounts] == [None] * len(amounts)
    agrees(chain, quotes, pool, seeded(1, "least"), 20)


def judged(chain: Any, random: Random, pools: int, states: int, amounts: int) -> int:
    """``states`` states of each of ``pools``, reached by real swaps, mints and burns."""
    answered = 0
    tiers = list(SPACINGS.items())
    for number in range(pools):
        fee, spacing = tiers[number % len(tiers)]
        fee += number // len(tiers)  # a factory has one pool of a fee
        end = MAX_TICK // spacing
        start = random.choice((0, -end, end, random.randint(-end, end))) * spacing + random.randint(-900, 900)
        start = max(MIN_TICK, min(MAX_TICK - 1, start))
        pool = chain.concentrated(0, 1, fee, spacing, sqrt_ratio_at_tick(start))
        held: list[tuple[int, int, int]] = []
        quotes: Quotes | None = None
        for _ in range(states):
            state = chain.state(pool)
            change(chain, random, pool, state, held)
            state = chain.state(pool)
            if quotes is None:
                quotes = Quotes(pool, state)
            quotes.write(state)
            answered += agrees(chain, quotes, pool, random, amounts)
    return answered


def change(chain: Any, random: Random, pool: Pool, state: V3State, held: list[tuple[int, int, int]]) -> None:
    end, kind = MAX_TICK // pool.tick_spacing, random.randrange(4)
    if kind == 0 and len(held) > 2:
        position = held.pop(random.randrange(len(held)))
        assert chain.burn(pool, *position)
    elif kind == 1 and state.liquidity:
        aim = max(
            MIN_TICK + 1, min(MAX_TICK - 1, state.tick + int(random.choice((-1, 1)) * 10 ** random.uniform(0, 5)))
        )
        if aim != state.tick:
            chain.swap(pool, aim < state.tick, 2**250, sqrt_ratio_at_tick(aim) + random.randrange(2))
    else:
        width = random.choice((1, 1, 5, 300, 2 * end))
        middle = state.tick // pool.tick_spacing + random.randint(-width, width)
        low, high = max(middle - width, -end), min(middle + width, end)
        most = (2**128 - 1) // (2 * end + 1)
        liquidity = min(most, random.choice((1, most, random.getrandbits(random.randint(1, 121)) + 1)))
        position = low * pool.tick_spacing, high * pool.tick_spacing, liquidity
        if low < high and chain.mint(pool, *position):
            held.append(position)


def test_exact_inputs_and_outputs_are_the_contracts(real_pools: Callable[..., Any]) -> None:
    assert judged(real_pools(2), seeded(2, "stops"), pools=10, states=8, amounts=8) > 60


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(4))
def test_two_thousand_states(real_pools: Callable[..., Any], seed: int) -> None:
    assert judged(real_pools(2), seeded(seed, "many stops"), pools=50, states=12, amounts=8) > 500
