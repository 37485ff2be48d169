"""Factories that lie, pools whose code answers wrongly, odd tokens: left out with a reason, never quoted wrongly."""

import asyncio
from random import Random
from typing import Any

import pytest
from msgspec.structs import astuple

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.devnet import abi, solidity
from tallyio.devnet.artifacts import from_source
from tallyio.market.market import Market
from tallyio.market.reading import read_pools
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.registry import DexRegistry

ODD = """
pragma solidity ^0.8.30;
contract Token {
    mapping(address => uint256) public balanceOf;
    uint8 public decimals;
    bool public paused;
    mapping(address => bool) public barred;
    uint256 scale = 1;
    constructor(uint8 decimals_) { decimals = decimals_; }
    function mint(address to, uint256 amount) external { balanceOf[to] += amount; }
    function transfer(address to, uint256 amount) public virtual returns (bool) {
        require(!paused && !barred[msg.sender] && !barred[to], "no");
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }
    function pause(bool on) external { paused = on; }
    function bar(address who) external { barred[who] = true; }
    function rebase(address who, uint256 amount) external { balanceOf[who] = amount; }
}
/* Says what it likes, as a pool and as a factory. */
contract Liar {
    event PairCreated(address indexed token0, address indexed token1, address pair, uint256);
    event Sync(uint112 reserve0, uint112 reserve1);
    address public token0;
    address public token1;
    uint112 a;
    uint112 b;
    constructor(address token0_, address token1_, uint112 a_, uint112 b_) {
        (token0, token1, a, b) = (token0_, token1_, a_, b_);
    }
    function announce(address t0, address t1, address pair) external { emit PairCreated(t0, t1, pair, 1); }
    function tell(uint112 r0, uint112 r1) external { emit Sync(r0, r1); }
    function getReserves() external view returns (uint112, uint112, uint32) { return (a, b, 0); }
}
"""


class Scene:
    def __init__(self, bench: Any) -> None:
        self.bench, self.chain = bench, bench.chain
        made = from_source("0.8.30", solidity.standard_input({"Odd.sol": ODD}, runs=200))
        self._liar, self._token = made["Liar"], made["Token"]
        self.factory = self.liar(self.chain.tokens[0], self.chain.tokens[1])
        deployments = [bench.deployment, Deployment("liar", "uniswap_v2", self.factory, 3000)]
        self.market = Market(DexRegistry(deployments), Address(self.chain.tokens[0]), prove=True)
        self.market.start(self.chain.head)

    def liar(self, token0: str, token1: str, a: int = 10**20, b: int = 10**20) -> Address:
        arguments = abi.pack("(address,address,uint112,uint112)", token0, token1, a, b)
        return Address(self.chain.deploy(self._liar, arguments))

    def token(self, decimals: int) -> Address:
        return Address(self.chain.deploy(self._token, abi.pack("(uint8)", decimals)))

    def announce(self, token0: str, token1: str, pair: str) -> None:
        self.chain.call(self.factory, "announce(address,address,address)", token0, token1, pair)

    def mine(self) -> None:
        self.market.apply(self.chain.block())
        if unread := [self.market.pools[address] for address in self.market.unread]:
            read = asyncio.run(read_pools(self.chain.read, unread, self.chain.head.number))
            self.market.settle(read)

    def honest_pair(self, a: str, b: str) -> Address:
        (pair,) = self.chain.call(self.bench.factory, "createPair(address,address)", a, b, returns="(address)")
        return Address(pair)


@pytest.fixture
def scene(make_bench: Any) -> Scene:
    return Scene(make_bench("uniswap_v2"))


def test_a_pool_that_trades_other_tokens_than_its_factory_says(scene: Scene) -> None:
    a, b, c = scene.chain.tokens[:3]
    pool = scene.liar(a, c)
    scene.announce(a, b, pool)
    scene.chain.call(pool, "tell(uint112,uint112)", 10**20, 10**20)
    scene.mine()
    assert f"its contract trades {a} and {c}" in scene.market.untradable[pool]
    scene.chain.call(pool, "tell(uint112,uint112)", 10**20, 10**20)
    scene.mine()
    assert pool in scene.market.untradable


def test_a_pool_whose_events_tell_another_state_than_its_code(scene: Scene) -> None:
    a, b = scene.chain.tokens[:2]
    pool = scene.liar(a, b, 10**20, 10**20)
    scene.announce(a, b, pool)
    scene.chain.call(pool, "tell(uint112,uint112)", 10**20, 9 * 10**20)
    scene.mine()
    assert scene.market.untradable[pool] == "its events tell another reserve1 than its contract"


def test_an_address_without_code_is_no_pool(scene: Scene) -> None:
    nobody = Address("0x" + "77" * 20)
    scene.announce(*scene.chain.tokens[:2], nobody)
    scene.mine()
    assert "its contract trades nothing and nothing" in scene.market.untradable[nobody]


def test_a_pair_announced_twice_is_one_pool(scene: Scene) -> None:
    a, b = scene.chain.tokens[:2]
    pair = scene.honest_pair(a, b)
    for token in (a, b):
        scene.chain.call(token, "transfer(address,uint256)", pair, 10**20)
    scene.chain.call(pair, "mint(address)", scene.factory)
    scene.announce(a, b, pair)
    scene.announce(a, b, pair)
    scene.mine()
    assert list(scene.market.pools) == [pair]
    assert len(scene.market.graph.pools) == 1
    assert pair not in scene.market.untradable


@pytest.mark.parametrize("decimals", [0, 36])
def test_a_tokens_decimals_do_not_matter(scene: Scene, decimals: int) -> None:
    odd, other = scene.token(decimals), scene.chain.tokens[0]
    a, b = sorted((odd, Address(other)), key=lambda each: int(each, 16))
    pair = scene.honest_pair(a, b)
    scene.chain.call(odd, "mint(address,uint256)", pair, 12 if decimals == 0 else 10**31)
    scene.chain.call(other, "transfer(address,uint256)", pair, 10**20)
    scene.chain.call(pair, "sync()")
    scene.mine()
    assert pair not in scene.market.untradable
    random, pool = Random(3), scene.market.pools[pair]
    for _ in range(8):
        state, sold = scene.market.states[pair], random.randrange(2)
        amount = random.choice([1, 2, 5, 10**6, 10**18])
        scene.chain.call(odd, "mint(address,uint256)", scene.chain.trader, 10**20)
        try:
            done = swap(pool, state, pool.tokens[sold], pool.tokens[1 - sold], amount, scene.chain.time)
        except ChainDataError:
            with pytest.raises(RuntimeError):
                scene.bench.trade(pool, sold, 1 - sold, amount, False)
            continue
        assert scene.bench.trade(pool, sold, 1 - sold, amount, False) == (done.amount_in, done.amount_out)
        scene.mine()


def test_a_rebase_shows_in_no_reserve_until_the_pair_syncs(scene: Scene) -> None:
    odd, other = scene.token(18), scene.chain.tokens[0]
    a, b = sorted((odd, Address(other)), key=lambda each: int(each, 16))
    pair = scene.honest_pair(a, b)
    scene.chain.call(odd, "mint(address,uint256)", pair, 10**20)
    scene.chain.call(other, "transfer(address,uint256)", pair, 10**20)
    scene.chain.call(pair, "sync()")
    scene.mine()
    scene.chain.call(odd, "rebase(address,uint256)", pair, 5 * 10**19)
    scene.mine()
    read = asyncio.run(read_pools(scene.chain.read, [scene.market.pools[pair]], 0))
    assert read.states[pair] == scene.market.states[pair]
    scene.chain.call(pair, "sync()")
    scene.mine()
    assert sorted(astuple(scene.market.states[pair])) == [5 * 10**19, 10**20]


def test_events_out_of_order_make_a_pool_wait_for_a_reading(make_bench: Any) -> None:
    bench = make_bench("uniswap_v3")
    market = Market(DexRegistry([bench.deployment]), Address("0x" + "ee" * 20), prove=True)
    market.start(bench.chain.head)
    random = Random(5)
    while not any(len(getattr(state, "tick_index", ())) for state in market.states.values()):
        bench.create(random)
        market.apply(bench.chain.block())
        read = [market.pools[address] for address in market.unread]
        market.settle(asyncio.run(read_pools(bench.chain.read, read, 0)))
    pool = next(p for p in market.pools.values() if len(getattr(market.states.get(p.address), "tick_index", ())))
    low, high, amount = bench._positions[pool.address][0]
    bench._burn(pool, low, high, amount)
    block = bench.chain.block()
    twice: tuple[Log, ...] = (*block.logs, *block.logs, *block.logs)
    market.apply(type(block)(block.block, block.base_fee_wei, 0, 0, block.coinbase, twice))
    assert pool.address in market.unread
    assert "more liquidity is taken" in market.untradable[pool.address]
    assert market.counters.undecodable == len(twice)
    market.settle(asyncio.run(read_pools(bench.chain.read, [pool], 0)))
    assert pool.address not in market.unread
    told = asyncio.run(read_pools(bench.chain.read, [pool], 0))
    assert market.states.get(pool.address) == told.states.get(pool.address)


def test_a_factory_cannot_bring_a_pair_of_unsorted_tokens(scene: Scene) -> None:
    a, b = scene.chain.tokens[:2]
    scene.announce(b, a, scene.liar(b, a))
    scene.mine()
    assert scene.market.counters.undecodable == 1
    assert not scene.market.pools
