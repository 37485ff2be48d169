"""The graph's pictures, and which pools take part in cycles."""

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from tallyio.config.settings import CycleSettings
from tallyio.core.pools import V2, V3, Pool, V2State, V3State
from tallyio.core.units import Address
from tallyio.market.graph import GraphBuilder
from tallyio.market.liquidity import liquidity_wei
from tallyio.market.market import Market

WETH, USDC, DAI, LINK = (Address("0x" + f"{i:02x}" * 20) for i in (3, 1, 2, 4))


def a_pool(number: int, a: Address, b: Address, family: str = V2, fee: int = 3000) -> Pool:
    token0, token1 = sorted((a, b))
    return Pool(Address(f"0x{number:040x}"), family, "uni", (token0, token1), fee)


def test_a_picture_shares_what_grows_and_does_not_see_it_grow() -> None:
    builder = GraphBuilder(WETH, max_hops=4)
    first, second, third = a_pool(1, WETH, USDC), a_pool(2, USDC, DAI), a_pool(3, DAI, WETH)
    for pool in (first, second, third):
        builder.add(pool)
    assert builder.add(second) == 1
    old = builder.graph
    assert builder.graph is old
    late, again = a_pool(4, USDC, LINK), a_pool(5, USDC, WETH, V3)
    builder.add(late)
    builder.add(again)
    new = builder.graph
    assert list(old.pools) == [first, second, third] == list(new.pools[:3])
    assert new.pools[:3] == old.pools != new.pools
    assert (len(old.pools), old.pools[-1], old.pools[1:]) == (3, third, [second, third])
    with pytest.raises(IndexError):
        old.pools[3]
    assert dict(old.index) == {first.address: 0, second.address: 1, third.address: 2}
    assert late.address not in old.index
    assert new.index[late.address] == 3
    assert (old.find("uni", LINK, USDC, None), new.find("uni", LINK, USDC, None)) == (None, late)
    assert (old.find("uni", WETH, USDC, 3000), new.find("uni", WETH, USDC, 3000)) == (None, again)
    assert old.find("uni", WETH, USDC, None) == new.find("uni", USDC, WETH, None) == first
    assert dict(old.into_weth) == {USDC: (0,), DAI: (4,)}
    assert dict(new.into_weth) == {USDC: (0, 8), DAI: (4,)}
    assert (len(old.cycles), len(new.cycles)) == (1, 3)
    assert old.token_sold(old.cycles.rows[0][0]) == old.token_sold(old.cycles.rows[1][0]) == WETH


def test_only_cycles_of_base_tokens() -> None:
    builder = GraphBuilder(WETH, limits=CycleSettings(base_tokens=(DAI,)))
    for number, pair in enumerate(((USDC, WETH), (USDC, WETH), (WETH, DAI), (DAI, USDC))):
        builder.add(a_pool(number, *pair))
    assert len(builder.graph.cycles) == 2
    assert builder.graph.cycles.left_out.base_tokens == builder.graph.cycles.left_out.cycles == 1


def test_what_a_pool_holds_in_wrapped_ether() -> None:
    rate = {USDC: 2.0, DAI: 0.0}.__getitem__
    assert liquidity_wei(a_pool(1, USDC, WETH), V2State(7, 50), WETH, rate) == 50
    assert liquidity_wei(a_pool(1, LINK, WETH), V2State(7, 50), WETH, rate) == 7
    assert liquidity_wei(a_pool(1, USDC, DAI), V2State(7, 50), WETH, rate) == 14
    assert liquidity_wei(a_pool(1, USDC, WETH, V3), V3State(2 << 96, 13863, 1000), WETH, rate) == 2000
    assert liquidity_wei(a_pool(1, USDC, DAI, V3), V3State(2 << 96, 13863, 1000), WETH, rate) == 1000
    assert liquidity_wei(a_pool(1, USDC, WETH, V3), V3State(0, 0, 0), WETH, rate) == 0
    assert liquidity_wei(a_pool(1, USDC, WETH), None, WETH, rate) == 0


def test_pools_take_part_once_they_hold_enough(make_market: Callable[..., Market], chain: Any, logs: Any) -> None:
    market = make_market(cycles=CycleSettings(min_liquidity_wei=10**18))
    third, dust = "0x" + "a8" * 20, "0x" + "a9" * 20
    market.apply(chain.block(logs.pair_created(), logs.sync(10**9, 10**18)))
    market.apply(chain.block(logs.pair_created(logs.other), logs.sync(10**9, 10**18 - 1, logs.other)))
    assert len(market.graph.cycles) == 0
    assert market.graph.cycles.left_out.pools_below_liquidity == 1
    before = market.graph
    market.apply(chain.block(logs.sync(10**9, 10**18, logs.other)))
    assert (len(before.cycles), len(market.graph.cycles)) == (0, 1)
    market.apply(chain.block(logs.sync(10**9, 6 * 10**17, logs.other)))
    assert len(market.graph.cycles) == 1
    # dust that names a price of its token does not make the other pools of that token large
    market.apply(chain.block(logs.pair_created(dust, logs.dai), logs.sync(1, 10**17, dust)))
    market.apply(chain.block(logs.pair_created(third, logs.usdc, logs.dai), logs.sync(1, 10**6, third)))
    assert not market.graph.cycles.through([market.graph.index[third]]).size
    assert market.graph.cycles.left_out.pools_below_liquidity == 2
    market.apply(chain.block(logs.sync(10**6, 10**18, dust), logs.sync(10**10, 10**6, third)))
    assert market.graph.cycles.left_out.pools_below_liquidity == 0
    assert len(market.graph.cycles) == 3
    market.apply(chain.block(logs.sync(10**9, 4 * 10**17, logs.other)))
    assert len(market.graph.cycles) == 1


def test_pools_read_at_the_start_are_measured_in_any_order(make_market: Callable[..., Market], chain: Any) -> None:
    pools = [a_pool(1, USDC, DAI), a_pool(2, USDC, WETH), a_pool(3, DAI, WETH)]
    market = make_market(cycles=CycleSettings(min_liquidity_wei=10**18))
    market.start(chain.head, pools, {pool.address: V2State(2 * 10**18, 2 * 10**18) for pool in pools})
    assert len(market.graph.cycles) == 1


def test_a_way_that_opens_later_brings_in_pools_that_do_not_move_again(
    make_market: Callable[..., Market], chain: Any, logs: Any
) -> None:
    market = make_market(cycles=CycleSettings(min_liquidity_wei=10**18))
    stable, way = "0x" + "a7" * 20, "0x" + "a6" * 20
    market.apply(chain.block(logs.pair_created(), logs.sync(10**18, 10**18)))
    market.apply(chain.block(logs.pair_created(stable, logs.usdc, logs.dai), logs.sync(10**17, 2 * 10**18, stable)))
    assert market.graph.cycles.left_out.pools_below_liquidity == 1
    market.apply(chain.block(logs.pair_created(way, logs.dai), logs.sync(2 * 10**18, 2 * 10**18, way)))
    assert market.graph.cycles.left_out.pools_below_liquidity == 0
    assert len(market.graph.cycles) == 1


def test_that_cycles_are_left_out_is_logged_when_their_number_doubles() -> None:
    builder = GraphBuilder(WETH, limits=CycleSettings(max_cycles=1))
    with capture_logs() as told:
        for number in range(6):
            builder.add(a_pool(number, WETH, USDC))
            assert len(builder.graph.cycles) == min(number, 1)
    assert [entry["max_cycles"] for entry in told] == [2, 5, 14]
    assert {entry["log_level"] for entry in told} == {"warning"}
