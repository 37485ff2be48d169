"""Tokens of no decimals and of many, registries that lie or repeat themselves: over families of every kind, a pool is
quoted as its contract pays, or left out with a reason."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from tallyio.core.chain import Log, NewBlock
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import (
    AERODROME,
    BALANCER_V2,
    CAMELOT,
    CURVE_LEGACY,
    CURVE_NG,
    SLIPSTREAM,
    TWOCRYPTO,
    Pool,
)
from tallyio.core.units import Address
from tallyio.market.market import Market
from tallyio.market.reading import read_pools
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.dex.siblings import family_of

ANNOUNCED = ["uniswap_v3", "uniswap_v4", SLIPSTREAM, AERODROME, CURVE_NG, CURVE_LEGACY, TWOCRYPTO, BALANCER_V2,
             "liquidity_book_2_2"]  # fmt: skip
NOBODY = "77" * 20


class Ears:
    """A market that hears the blocks of a bench's chain, as they are or as a test makes them."""

    def __init__(self, bench: Any) -> None:
        self.bench, self.chain = bench, bench.chain
        self.market = Market(DexRegistry([bench.deployment]), Address("0x" + "ee" * 20), prove=True)
        self.market.start(self.chain.head)

    def hear(self, told: Callable[[Log], list[Log]] = lambda log: [log]) -> NewBlock:
        block = self.chain.block()
        self.market.apply(replace(block, logs=tuple(new for log in block.logs for new in told(log))))
        if unread := [self.market.pools[address] for address in self.market.unread]:
            known = self.market.refreshable
            self.market.settle(asyncio.run(read_pools(self.chain.read, unread, self.chain.head.number, known)))
        return block

    def quoted(self, random: Random) -> Pool | None:
        """A pool of which a few drawn swaps move what was said before; all others refuse theirs."""
        for pool in self.market.pools.values():
            traded = pool.address not in self.market.untradable
            if traded and any(self.is_quoted_right(random, pool) for _ in range(40)):
                return pool
        return None

    def is_quoted_right(self, random: Random, pool: Pool) -> bool:
        """Whether one drawn swap moves what was said before; ``False`` where both refuse it."""
        sold, bought = random.sample(range(len(pool.tokens)), 2)
        state, tokens = self.market.states[pool.address], pool.tokens
        held = max(family_of(pool).holdings(pool, state)[sold], 1)
        amount = max(1, int(held * 10 ** random.uniform(-9, -0.5)))
        try:
            ours = swap(pool, state, tokens[sold], tokens[bought], amount, self.chain.time)
        except ChainDataError:
            with pytest.raises(RuntimeError):
                self.bench.trade(pool, sold, bought, amount, False)
            self.hear()
            return False
        assert self.bench.trade(pool, sold, bought, amount, False) == (ours.amount_in, ours.amount_out)
        self.hear()
        return True


@pytest.mark.parametrize("family", [AERODROME, CAMELOT, CURVE_NG, CURVE_LEGACY, TWOCRYPTO,
                                    "liquidity_book_2_2"])  # fmt: skip
def test_tokens_of_no_decimals_and_of_thirty_six(
    family: str, make_bench: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = next(each for each in type(make_bench(family)).__mro__ if "decimals" in vars(each))
    monkeypatch.setattr(odd, "decimals", (0, 36, 18, 0, 36, 6))
    ears, random, right = Ears(make_bench(family)), Random(7), 0
    for _ in range(12):
        try:
            ears.bench.create(random)
        except RuntimeError:  # its contract takes no such tokens
            continue
        ears.hear()
    for pool in list(ears.market.pools.values()):
        for _ in range(6):
            if pool.address in ears.market.untradable:
                assert ears.market.untradable[pool.address]
                break
            right += ears.is_quoted_right(random, ears.market.pools[pool.address])
    assert right > 5


@pytest.mark.parametrize("family", [each for each in ANNOUNCED if each != CURVE_NG])  # whose factory is asked for it
def test_a_registry_that_announces_what_is_not_there(family: str, make_bench: Callable[[str], Any]) -> None:
    """An address without code, or an id that nobody knows, in the place of a real pool's."""
    ears, random = Ears(make_bench(family)), Random(3)
    real: list[Pool] = []

    def elsewhere(log: Log) -> list[Log]:
        found = ears.market.registry.discovered(log)
        if found is None:
            return []
        real.append(found)
        return [_changed(log, found.address[2:42], NOBODY)]

    while not real:
        ears.bench.create(random)
        ears.hear(elsewhere)
    for address in ears.market.pools:
        assert NOBODY in address
        assert ears.market.untradable[address]
        assert address not in ears.market.states
    assert ears.market.pools or ears.market.counters.undecodable


@pytest.mark.parametrize("family", ANNOUNCED)
def test_a_registry_that_lies_about_tokens(family: str, make_bench: Callable[[str], Any]) -> None:
    ears, random = Ears(make_bench(family)), Random(4)
    real: list[Pool] = []

    def other_token(log: Log) -> list[Log]:
        found = ears.market.registry.discovered(log)
        if found is None:
            return [log]
        real.append(found)
        return [_changed(log, token[2:], NOBODY) for token in found.tokens[-1:]]

    while not real:
        ears.bench.create(random)
        ears.hear(other_token)
    for address, pool in ears.market.pools.items():
        if address in ears.market.untradable:
            assert ears.market.untradable[address]
        else:  # its contract was asked for its tokens
            assert "0x" + NOBODY not in pool.tokens
            ears.is_quoted_right(random, pool)


@pytest.mark.parametrize("family", ANNOUNCED)
def test_a_pool_that_is_announced_again_and_again_is_one(family: str, make_bench: Callable[[str], Any]) -> None:
    bench = make_bench(family)
    ears, random, again = Ears(bench), Random(9), list[Log]()

    def twice(log: Log) -> list[Log]:
        found = ears.market.registry.discovered(log)
        again.extend([log] if found else [])
        return [log, log] if found else [log]

    pool = None
    while pool is None:
        bench.create(random)
        ears.hear(twice)
        pool = ears.quoted(random)
    known, edges = set(ears.market.pools), len(ears.market.graph.pools)
    block = bench.chain.block()
    ears.market.apply(replace(block, logs=(*again, *block.logs)))
    unread = [ears.market.pools[address] for address in ears.market.unread]
    ears.market.settle(asyncio.run(read_pools(bench.chain.read, unread, bench.chain.head.number)))
    assert (set(ears.market.pools), len(ears.market.graph.pools)) == (known, edges)
    assert pool.address not in ears.market.untradable
    assert ears.quoted(random)


def _changed(log: Log, old: str, new: str) -> Log:
    topics = tuple(topic.replace(old, new) for topic in log.topics)
    return replace(log, topics=topics, data=bytes.fromhex(log.data.hex().replace(old, new)))
