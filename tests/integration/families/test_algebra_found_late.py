"""An Algebra pool that was traded before the mirror knew it: no view tells what its next fee hangs on, storage does.

A node that does not tell storage leaves the pool aside until its first trade.
"""

import asyncio
from typing import Any

import pytest

from tallyio.core.clock import seeded
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool
from tallyio.core.units import Address
from tallyio.market.market import Market
from tallyio.market.reading import read_pools
from tallyio.market.state_numbers import numbers
from tallyio.protocols.dex.model import curve, swap
from tallyio.protocols.dex.registry import DexRegistry

AMOUNT, MUCH = 10**12, 10**18


def heard(market: Market, chain: Any, seconds: int) -> None:
    market.apply(chain.block(seconds))
    if unread := [market.pools[address] for address in market.unread]:
        known = market.refreshable
        market.settle(asyncio.run(read_pools(chain.read, unread, chain.head.number, known)))


@pytest.mark.parametrize("told", [True, False], ids=["storage", "no-storage"])
def test_it_is_used_as_soon_as_its_fee_can_be_told(make_bench: Any, told: bool) -> None:
    bench, random = make_bench("algebra"), seeded(5, "late")
    chain = bench.chain
    chain.tells_storage = told
    a, b = chain.tokens[:2]
    pool = bench._make(a, b, 0)
    chain.call(pool, "initialize(uint160)", 2**96)
    spec = Pool(pool, bench.family, "ticks", (Address(a), Address(b)), 0, 60)
    for low, high in ((-60_000, 60_000), (-600, 660)):
        bench._position(spec, low, high, 10**20)
    made, chain.logs = chain.logs, []
    for seconds in (12, 3, 0, 500):  # nobody listens
        bench.trade(spec, 0, 1, AMOUNT, False)
        chain.block(seconds)
    market = Market(DexRegistry([bench.deployment]), Address("0x" + "ee" * 20), prove=True)
    market.start(chain.head)
    chain.logs = [log for log in made if log.address == bench.factory]
    heard(market, chain, 12)
    known = market.pools[pool]
    if not told:
        for asked in (swap, curve):
            with pytest.raises(ChainDataError, match="first trade"):
                asked(known, market.states[pool], a, b, *([AMOUNT] if asked is swap else []), chain.time)
        bench.trade(spec, 1, 0, AMOUNT // 3, False)
        bench.trade(spec, 0, 1, AMOUNT // 7, False)
        heard(market, chain, 12)
    for seconds in (12, 1, 3600, 40_000, 90_000, 12):
        sold = random.randrange(2)
        tokens = known.tokens[sold], known.tokens[1 - sold]
        ours = swap(known, market.states[pool], *tokens, MUCH, chain.time)
        assert bench.trade(spec, sold, 1 - sold, MUCH, False) == (ours.amount_in, ours.amount_out)
        heard(market, chain, seconds)
        assert numbers(market.states[pool]) == numbers(ours.state)
    assert min(market.states[pool].fees) > 100  # type: ignore[union-attr]
