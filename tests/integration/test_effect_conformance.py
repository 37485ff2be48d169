"""What the decoder says a swap leaves of a pool, against what the published pools' bytecode leaves in a local EVM."""

from random import Random
from typing import Any

import pytest

from tallyio.core.clock import seeded
from tallyio.core.pools import Pool, PoolState, V3State
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.hot_path.amm.tick_math import MAX_TICK, sqrt_ratio_at_tick
from tallyio.hot_path.transactions.codes import Code

ME = Address("0x" + "11" * 20)
SINGLE = "((address,address,uint24,address,uint256,uint256,uint160))"
TIERS = ((100, 1), (500, 10), (3000, 60), (10_000, 200))


def _filled(chain: Any, random: Random, fee: int, spacing: int) -> Pool:
    """A pool with positions of all widths, from 1 wei of liquidity to almost what a tick may hold."""
    end = MAX_TICK // spacing
    tick = random.choice((random.randint(-MAX_TICK, MAX_TICK - 1), random.randint(-3000, 3000)))
    pool: Pool = chain.concentrated(0, 1, fee, spacing, sqrt_ratio_at_tick(tick) + random.randrange(2))
    for _ in range(random.randint(1, 8)):
        width = random.choice((1, 1, 3, 20, 300, 5_000, 2 * end))
        middle = tick // spacing + random.randint(-width, width)
        low, high = max(middle - width, -end), min(middle + width, end)
        amount = random.choice((1, int(2 ** random.uniform(0, 80)), int(2 ** random.uniform(0, 108))))
        if low < high:
            chain.mint(pool, low * spacing, high * spacing, amount)
    return pool


def _limit(random: Random, state: V3State, spacing: int) -> int:
    """None, anywhere, or on a tick where steps end."""
    kind = random.randrange(6)
    if kind < 3:
        return 0
    if kind == 3:
        return int(state.sqrt_price_x96 * 10 ** random.uniform(-1, 1)) % 2**160
    word = 256 * spacing
    places = [*state.tick_index, *(state.tick // word * word + k * word for k in (-2, -1, 0, 1, 2))]
    return sqrt_ratio_at_tick(min(max(random.choice(places), -MAX_TICK), MAX_TICK))


@pytest.mark.parametrize("rounds", [5, pytest.param(60, marks=[pytest.mark.nightly, pytest.mark.timeout(3600)])])
@pytest.mark.parametrize("tier", TIERS)
def test_a_v3_pool_is_left_as_told(
    real_pools: Any, mirrored_pools: Any, pending_call: Any, tier: tuple[int, int], rounds: int
) -> None:
    """Exact inputs and outputs, with and without limits, across ticks, words and emptiness: state after every swap."""
    random = seeded(31, f"{tier} {rounds}")
    landed = crossed = refused = 0
    for _ in range(rounds):
        chain = real_pools(2)
        pool = _filled(chain, random, *tier)
        mirror, state = mirrored_pools([pool]), chain.state(pool)
        for _ in range(60):
            mirror.write(0, state)
            zero_for_one, exact_in = random.random() < 0.5, random.random() < 0.6
            amount, limit = int(2 ** random.uniform(0, 110)), _limit(random, state, tier[1])
            ends = (pool.token0, pool.token1) if zero_for_one else (pool.token1, pool.token0)
            name, bound = ("exactInputSingle", 0) if exact_in else ("exactOutputSingle", 2**255)
            data = abi.call(f"{name}{SINGLE}", (*ends, tier[0], ME, amount, bound, limit))
            told = mirror.effects.of(pending_call(ME, ME, data).raw, "pair", "concentrated")
            before, expected = chain.snapshot(), None
            try:
                taken, paid = chain.swap(pool, zero_for_one, amount if exact_in else -amount, limit)
                if taken and (exact_in or limit or paid == amount):  # else the router reverts
                    expected = chain.state(pool)
            except RuntimeError:
                pass
            if expected is None:
                chain.revert(before)
                assert told is Code.WOULD_REVERT
                refused += 1
                continue
            assert told == {0: _bare(expected)}
            landed, crossed = landed + 1, crossed + (expected.liquidity != state.liquidity)
            state = expected
    assert landed > rounds * 15
    assert crossed > rounds
    assert refused > rounds


def _bare(state: PoolState) -> PoolState:
    return V3State(state.sqrt_price_x96, state.tick, state.liquidity) if isinstance(state, V3State) else state
