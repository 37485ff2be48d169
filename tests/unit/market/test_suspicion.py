"""Tokens whose simulated trades fail are left alone, for longer each time, and come back."""

from typing import Any

from tallyio.core.chain import Rollback
from tallyio.core.units import Address
from tallyio.market.market import Market
from tallyio.market.suspicion import FIRST, LONGEST, Aside, Suspicion

A, B, C = (Address(f"0x{i:040x}") for i in (1, 2, 3))


def test_each_failure_doubles_the_time_and_a_good_trade_ends_it() -> None:
    suspicion, block, waits = Suspicion(), 100, []
    for _ in range(14):
        (until,) = suspicion.failed([A], block, "reverts").values()
        waits.append(until - block)
        assert suspicion.due(until - 1) == []
        assert suspicion.due(until) == [A]
        assert suspicion.due(until) == []
        block = until
    assert waits == [min(FIRST << n, LONGEST) for n in range(14)]
    assert suspicion.asides[1] == Aside(A, 100 + FIRST + 2, 100 + 3 * FIRST, "reverts")
    suspicion.worked([A], block)
    assert suspicion.failed([A], block, "again") == {A: block + FIRST}


def test_the_token_that_went_longest_without_a_good_trade_is_suspected() -> None:
    suspicion = Suspicion()
    assert suspicion.failed([A, B], 9, "reverts").keys() == {A, B}
    suspicion.worked([A], 10)
    suspicion.worked([B], 11)
    assert suspicion.failed([A, B], 12, "reverts").keys() == {A}
    assert suspicion.failed([B, C], 12, "reverts").keys() == {C}
    assert suspicion.failed([B], 12, "reverts").keys() == {B}
    assert suspicion.failed([], 12, "reverts") == {}


def test_pools_of_a_token_set_aside_come_back_with_its_block(market: Market, chain: Any, logs: Any) -> None:
    market.apply(chain.block(logs.pair_created(), logs.sync(10**9, 10**18), logs.pair_created(logs.other, logs.dai)))
    market.apply(chain.block(logs.sync(10**9, 10**18, logs.other)))
    market.failed([logs.usdc, logs.weth], [logs.pair], "its trade failed in simulation: paused")
    assert market.untradable == {
        logs.pair: f"token {logs.usdc}: set aside until block {2 + FIRST}: its trade failed in simulation: paused"
    }
    reason = f"token {logs.usdc}: its trade failed in simulation: paused"
    assert market.asides() == [Aside(logs.pair, 4, 2 + FIRST, reason)]
    edges = market.graph.edges_of(market.pools[logs.pair])
    assert not market.view(next_base_fee_wei=1, next_timestamp=0).rates[edges].any()
    market.failed([logs.usdc, logs.dai], [logs.other], "its cause is known")
    assert logs.other not in market.untradable
    while chain.head.number < 2 + FIRST:
        assert logs.pair in market.untradable
        market.apply(chain.block())
    assert market.untradable == {}
    assert market.view(next_base_fee_wei=1, next_timestamp=0).rates[edges].all()


def test_a_condemned_token_does_not_come_back(market: Market, chain: Any, logs: Any) -> None:
    market.apply(chain.block(logs.pair_created(), logs.sync(10**9, 10**18)))
    market.failed([logs.usdc], [logs.pair], "its trade failed in simulation")
    market.condemn(logs.usdc, "takes a fee on transfer")
    market.failed([logs.usdc], [logs.pair], "its trade failed in simulation")
    for _ in range(3 * FIRST):
        market.apply(chain.block())
    assert market.untradable == {logs.pair: f"token {logs.usdc}: takes a fee on transfer"}


def test_a_rollback_sets_nothing_free(market: Market, chain: Any, logs: Any) -> None:
    market.apply(chain.block(logs.pair_created(), logs.sync(10**9, 10**18)))
    kept = chain.head
    market.apply(chain.block(logs.sync(10**9, 2 * 10**18)))
    market.failed([logs.usdc], [logs.pair], "its trade failed in simulation")
    market.rewind(Rollback(kept, ()))
    assert logs.pair in market.untradable


def test_where_its_tokens_work_a_pool_is_set_aside(market: Market, chain: Any, logs: Any) -> None:
    market.apply(chain.block(logs.pair_created(), logs.sync(10**9, 10**18), logs.pair_created(logs.other, logs.usdc)))
    market.apply(chain.block(logs.sync(10**9, 10**18, logs.other)))
    market.worked([logs.usdc, logs.weth], [logs.other])
    market.failed([logs.usdc, logs.weth], [logs.pair, logs.other], "its trade failed in simulation: K")
    reason = "its trade failed in simulation: K"
    assert market.untradable == {logs.pair: f"set aside until block {2 + FIRST}: {reason}"}
    assert market.asides() == [Aside(logs.pair, 4, 2 + FIRST, reason)]
    while chain.head.number < 2 + FIRST:
        assert logs.pair in market.untradable
        market.apply(chain.block())
    assert market.untradable == {}
