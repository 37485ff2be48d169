"""A sandwich as it is told, carried out on the published pools' bytecode in a local EVM."""

from random import Random
from typing import Any

import pytest

from tallyio.core.chain import BlockRef
from tallyio.core.clock import seeded
from tallyio.core.pools import V2, Pool, V2State
from tallyio.core.units import Hash32
from tallyio.hot_path.amm.tick_math import sqrt_ratio_at_tick
from tallyio.market.market import Market
from tallyio.protocols.dex.intents import Hop, SwapIntent
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.reports.exposure import exposures


def _pool(chain: Any, random: Random, family: str) -> Pool:
    if family == V2:
        pair: Pool = chain.pair(0, 1, 3000, (random.randint(10**18, 10**24), random.randint(10**18, 10**24)))
        return pair
    tick = random.randint(-3000, 3000)
    pool: Pool = chain.concentrated(0, 1, 500, 10, sqrt_ratio_at_tick(tick))
    for _ in range(4):
        width = random.randint(1, 100)
        assert chain.mint(pool, (tick // 10 - width) * 10, (tick // 10 + width) * 10, random.randint(10**20, 10**24))
    return pool


@pytest.mark.parametrize("family", ["uniswap_v2", "uniswap_v3"])
def test_a_sandwich_takes_what_is_told(real_pools: Any, family: str) -> None:
    random = seeded(5, family)
    exposed = 0
    for _ in range(5):
        chain = real_pools(2)
        pool = _pool(chain, random, family)
        state = chain.state(pool)
        market = Market(DexRegistry([]), pool.token0)
        market.start(BlockRef(1, Hash32("0x1"), Hash32("0x0"), 100), [pool], {pool.address: state})
        view = market.view(next_base_fee_wei=0, next_timestamp=112)
        amount = state.reserve0 // 10 if isinstance(state, V2State) else state.liquidity // 100
        quoted = swap(pool, state, pool.token0, pool.token1, amount, 112).amount_out
        fee = pool.fee_pips if family != V2 else None
        hop = Hop(pool.protocol, pool.token0, pool.token1, fee)
        (told,) = exposures((SwapIntent((hop,), amount, quoted * random.randint(80, 99) // 100),), view)
        exposed += told.exposed
        if not told.front_in:
            continue
        opened = swap(pool, state, pool.token0, pool.token1, told.front_in, 112)
        after = swap(pool, opened.state, pool.token0, pool.token1, amount, 112)
        closed = swap(pool, after.state, pool.token1, pool.token0, opened.amount_out, 112)
        before = chain.snapshot()
        assert chain.sell(pool, True, told.front_in, opened.amount_out) == opened.amount_out
        assert chain.sell(pool, True, amount, after.amount_out) == after.amount_out == told.left >= told.limit
        assert chain.sell(pool, False, opened.amount_out, closed.amount_out) == told.front_in + told.taken
        chain.revert(before)
    assert exposed
