from collections.abc import Callable
from typing import Any

import pytest

from tallyio.core.chain import Rollback
from tallyio.core.errors import BugError, DivergenceError
from tallyio.core.pools import V2State, V3State
from tallyio.core.units import UINT112_MAX
from tallyio.market.market import Market


def view(market: Market) -> Any:
    return market.view(next_base_fee_wei=10**9, next_timestamp=market.block.timestamp + 12)


def test_pools_are_discovered_and_followed(market: Market, chain: Any, logs: Any) -> None:
    touched = market.apply(chain.block(logs.pair_created(), logs.sync(10**9, 10**18)))
    assert touched == {logs.pair}
    assert market.states[logs.pair] == V2State(10**9, 10**18)
    market.apply(chain.block(logs.sync(2 * 10**9, 10**18)))
    assert market.states[logs.pair] == V2State(2 * 10**9, 10**18)
    assert market.counters.applied == 3


def test_a_v3_pool_with_its_ticks(market: Market, chain: Any, logs: Any) -> None:
    market.apply(chain.block(logs.pool_created(), logs.initialize(), logs.mint(-120, 120, 500), logs.mint(60, 120, 7)))
    assert market.states[logs.pool] == V3State(2**96, 0, 500, (-120, 60, 120), (500, 7, -507), (500, 7, 507))
    market.apply(chain.block(logs.swapped3(2**96 * 2, 13863, 0), logs.burn(-120, 120, 500), logs.burn(60, 120, 0)))
    assert market.states[logs.pool] == V3State(2**97, 13863, 0, (60, 120), (7, -7), (7, 7))
    market.apply(chain.block(logs.burn(60, 120, 7)))
    assert market.states[logs.pool] == V3State(2**97, 13863, 0)


def test_a_rollback_restores_every_state(market: Market, chain: Any, logs: Any) -> None:
    market.apply(chain.block(logs.pair_created(), logs.sync(1000, 1000), logs.pool_created()))
    kept, states, before = chain.head, dict(market.states), view(market)
    lost = (
        chain.block(logs.sync(5, 7), logs.initialize(), logs.mint(-60, 60, 9)),
        chain.block(logs.sync(50, 70), logs.pair_created(logs.other, logs.dai), logs.swapped3(2**95, -13864, 9)),
    )
    for event in lost:
        market.apply(event)
    touched = market.rewind(Rollback(kept, tuple(event.block for event in reversed(lost))))
    assert touched == {logs.pair, logs.pool, logs.other}
    assert dict(market.states) == states
    assert market.block == kept
    assert (view(market).rates[: len(before.rates)] == before.rates).all()
    chain.head = kept
    market.apply(chain.block(logs.sync(8, 9), branch="b"))
    assert market.states[logs.pair] == V2State(8, 9)


def test_a_pool_of_a_dropped_block_is_discovered_again(market: Market, chain: Any, logs: Any) -> None:
    kept = chain.head
    market.apply(chain.block(logs.pair_created(), logs.sync(1000, 1000)))
    market.rewind(Rollback(kept, ()))
    assert view(market).untradable == {logs.pair: "no state yet"}
    chain.head = kept
    market.apply(chain.block(logs.pair_created(), logs.sync(3000, 1000), branch="b"))
    assert market.states == {logs.pair: V2State(3000, 1000)}
    assert len(market.pools) == 1
    assert not market.untradable


def test_a_rollback_beyond_the_history_is_a_divergence(
    make_market: Callable[..., Market], chain: Any, logs: Any
) -> None:
    market, first = make_market(history=2), chain.head
    for _ in range(3):
        market.apply(chain.block())
    with pytest.raises(DivergenceError, match="last 2 blocks"):
        market.rewind(Rollback(first, ()))
    assert market.block == chain.head


def test_a_rollback_to_the_present_block_changes_nothing(market: Market, chain: Any) -> None:
    assert market.rewind(Rollback(chain.head, ())) == frozenset()


def test_a_block_that_does_not_follow_is_a_bug_of_the_feed(market: Market, chain: Any) -> None:
    chain.block()
    with pytest.raises(BugError, match="does not follow"):
        market.apply(chain.block())


def test_logs_that_cannot_be_used_are_counted_and_skipped(market: Market, chain: Any, logs: Any) -> None:
    broken = logs.log(logs.pair, logs.sync(1, 1).topics[0], data=(1,))
    market.apply(
        chain.block(
            logs.pair_created(), broken, logs.sync(1000, 1000), logs.sync(1, 1, logs.other),
            logs.pool_created(), logs.swapped3(2**96, 0, 1), logs.burn(0, 60, 1), logs.log(logs.dai, "0x" + "77" * 32),
        )
    )  # fmt: skip
    foreign = logs.log(logs.other, broken.topics[0], data=(1, 2, 3))
    market.apply(chain.block(foreign))
    counters = market.counters
    assert (counters.applied, counters.unknown_pool, counters.undecodable, counters.other) == (4, 2, 2, 1)
    assert market.states == {logs.pair: V2State(1000, 1000)}
    assert "not initialised" in market.last_undecodable
    assert market.unread.keys() == market.untradable.keys() == {logs.pool}


def test_pools_that_cannot_be_traded_say_why(make_market: Callable[..., Market], chain: Any, logs: Any) -> None:
    market = make_market(untradable_tokens={logs.dai: "the operator's list"})
    market.apply(chain.block(logs.pair_created(), logs.sync(0, 0)))
    assert market.untradable[logs.pair] == "no liquidity"
    market.apply(chain.block(logs.sync(UINT112_MAX, 10**18)))
    assert "uint112" in market.untradable[logs.pair]
    market.apply(chain.block(logs.sync(10**18, 10**18), logs.pool_created(), logs.initialize()))
    assert market.untradable == {logs.pool: "no liquidity"}
    market.apply(
        chain.block(
            logs.mint(-60, 60, 10**12), logs.pair_created(logs.other, logs.dai), logs.sync(10**6, 10**6, logs.other)
        )
    )
    assert market.untradable == {logs.other: f"token {logs.dai}: the operator's list"}
    number = market.graph.index[logs.other]
    assert (view(market).rates[2 * number : 2 * number + 2] == 0).all()


def test_views_do_not_change(market: Market, chain: Any, logs: Any) -> None:
    market.apply(chain.block(logs.pair_created(), logs.sync(10**9, 10**18)))
    old = view(market)
    rates = old.rates.copy()
    market.apply(chain.block(logs.sync(3 * 10**9, 10**18), logs.pair_created(logs.other, logs.dai)))
    assert old.states == {logs.pair: V2State(10**9, 10**18)}
    assert (old.rates == rates).all()
    assert len(old.graph.pools) == 1
    with pytest.raises(ValueError, match="read-only"):
        old.rates[0] = 1.0


def test_many_pools_grow_the_rates(market: Market, chain: Any, logs: Any) -> None:
    made = [f"0x{i:040x}" for i in range(100, 200)]
    entries = [e for pair in made for e in (logs.pair_created(pair), logs.sync(10**6, 2 * 10**6, pair))]
    market.apply(chain.block(*entries))
    rates = view(market).rates
    assert len(rates) == 200
    assert (rates[::2] == rates[0]).all()
    assert rates[0] == pytest.approx(2 * 0.997)
    assert rates[1] == pytest.approx(0.5 * 0.997)
