"""A crypto pool's averages: followed they are the contract's at every second; where they are not known nothing that
depends on them is quoted."""

import asyncio
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.core.clock import seeded
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import TRICRYPTO, TWOCRYPTO, Pool
from tallyio.core.units import Address
from tallyio.market.market import Market
from tallyio.market.reading import read_pools
from tallyio.protocols.dex.families.crypto_pool import CryptoPool, oracle_prices
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.registry import DexRegistry

AFTER = 500
"""Seconds between a trade and what is asked."""


class Watched:
    """One filled pool, and a mirror that heard of everything."""

    def __init__(self, bench: Any, random: Random) -> None:
        self.bench, self.chain = bench, bench.chain
        self.market = Market(DexRegistry([bench.deployment]), Address("0x" + "ee" * 20))
        self.market.start(self.chain.head)
        self.random = random
        while True:
            bench.create(random)
            self.mine()
            self.pool: Pool = list(self.market.pools.values())[-1]
            if self.state.d and not self.state.allowed_extra_profit and self.state.price_window < 1000:
                return

    def mine(self, seconds: int = 12) -> None:
        self.market.apply(self.chain.block(seconds))
        if unread := [self.market.pools[address] for address in self.market.unread]:
            self.market.settle(asyncio.run(read_pools(self.chain.read, unread, self.chain.head.number)))

    @property
    def state(self) -> CryptoPool:
        state = self.market.states[self.pool.address]
        assert isinstance(state, CryptoPool)
        return state

    def trade(self, part: float) -> None:
        sold, bought = self.random.sample(range(len(self.pool.tokens)), 2)
        self.bench.trade(self.pool, sold, bought, int(self.state.balances[sold] * part), False)

    def read(self) -> CryptoPool:
        state = asyncio.run(read_pools(self.chain.read, [self.pool], self.chain.head.number)).states[self.pool.address]
        assert isinstance(state, CryptoPool)
        return state


@pytest.fixture(params=[TWOCRYPTO, TRICRYPTO])
def watched(request: pytest.FixtureRequest, make_bench: Any) -> Watched:
    return Watched(make_bench(request.param), seeded(31, request.param))


def test_followed_averages_are_the_contracts_at_every_second(watched: Watched) -> None:
    n = len(watched.pool.tokens)
    view = "price_oracle()" if n == 2 else "price_oracle(uint256)"
    moved = 0
    for _ in range(40):
        scale = watched.state.price_scale
        watched.trade(watched.random.uniform(0.001, 0.1))
        watched.mine(watched.random.choice([0, 1, 12, 300, AFTER * 1000]))
        moved += watched.state.price_scale != scale
        ours = oracle_prices(watched.state, watched.chain.time)
        theirs = [watched.bench.view(watched.pool.address, view, *([k] if n == 3 else [])) for k in range(n - 1)]
        assert list(ours) == theirs
    assert moved > 3


def test_what_averages_decide_is_not_told_where_they_are_not_known(watched: Watched) -> None:
    for _ in range(6):
        watched.trade(0.05)
        watched.mine()
    watched.mine(AFTER)
    watched.mine()
    known, late = watched.state, watched.read()
    assert late == replace(known, price_oracle=())
    pool, now, undecided = watched.pool, watched.chain.time, 0
    for k in range(30):
        amount = known.balances[0] // (k + 5)
        ours, theirs = (swap(pool, state, *pool.tokens[:2], amount, now) for state in (late, known))
        assert ours.amount_out == theirs.amount_out
        left, right = ours.state, theirs.state
        assert isinstance(left, CryptoPool)
        assert isinstance(right, CryptoPool)
        if left.price_scale:
            assert left == replace(right, price_oracle=())
            continue
        undecided += 1
        with pytest.raises(ChainDataError, match="averages that are not known"):
            swap(pool, left, *pool.tokens[:2], amount, now)
    assert undecided


def test_they_are_read_at_the_next_trade(watched: Watched) -> None:
    watched.trade(0.01)
    watched.mine(AFTER)
    watched.mine()
    watched.market.forget([watched.pool.address])
    watched.market.start(watched.chain.head, [], {watched.pool.address: watched.read()})
    assert not watched.state.price_oracle
    watched.trade(0.01)
    watched.mine()
    assert watched.state == watched.read()
    assert watched.state.price_oracle
