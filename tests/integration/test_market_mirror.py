"""The mirror against the devnet's contracts: after its set-up, after trades and position changes, after a reorg."""

import asyncio
from random import Random
from typing import Any

import pytest

from tallyio.chains.blocks import header, logs
from tallyio.chains.multicall import decode_aggregate3, encode_aggregate3
from tallyio.core.chain import NewBlock, Rollback
from tallyio.core.clock import seeded
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V2, V3, Pool, V2State, V3State
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.market.market import Market
from tallyio.market.reading import read_pools
from tallyio.market.verification import PoolDifference, verify_pools
from tallyio.market.view import MarketView
from tallyio.protocols.dex.deployments import Deployment, Router, RouterKind
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.flash_loans.uniswap_v3 import FAMILIES as LENDING
from tallyio.protocols.flash_loans.uniswap_v3 import offer
from tallyio.strategies.pending import states_after

GAS = 2_000_000
SINGLE = "((address,address,uint24,address,uint256,uint256,uint256,uint160))"
SINGLE_02 = "((address,address,uint24,address,uint256,uint256,uint160))"
PLACE = "((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


class Node:
    """The world's node: its blocks as events, its state through Multicall, and transactions of its accounts."""

    def __init__(self, chain: Any) -> None:
        self.world, self.rpc, self.anvil = chain.world, chain.anvil.rpc, chain.anvil

    @property
    def head(self) -> int:
        return int(self.rpc.call("eth_blockNumber"), 16)

    def block(self, number: int) -> NewBlock:
        raw = self.rpc.call("eth_getBlockByNumber", hex(number), False)
        return header(raw).block(logs(self.rpc.call("eth_getLogs", {"blockHash": raw["hash"]})))

    async def read(self, calls: Any, block: int) -> list[tuple[bool, bytes]]:
        data = "0x" + encode_aggregate3(calls).hex()
        answer = self.rpc.call("eth_call", {"to": self.world.multicall3, "data": data}, hex(block))
        return decode_aggregate3(bytes.fromhex(answer[2:]), len(calls))

    def send(self, sender: Address, to: Address, data: bytes, value: int = 0) -> str:
        self.rpc.call("anvil_impersonateAccount", sender)
        fields = {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(GAS)}
        return str(self.rpc.call("eth_sendTransaction", {**fields, "maxFeePerGas": hex(10**12)}))

    def view_call(self, to: Address, signature: str, *arguments: Any) -> bytes:
        data = "0x" + abi.call(signature, *arguments).hex()
        return bytes.fromhex(self.rpc.call("eth_call", {"to": to, "data": data}, "latest")[2:])

    def mine(self) -> NewBlock:
        return self.block(self.anvil.mine())

    def succeeded(self, tx: str) -> bool:
        return bool(int(self.rpc.call("eth_getTransactionReceipt", tx)["status"], 16))

    def registry(self) -> DexRegistry:
        world = self.world
        v2 = [(f.name, f.routers[0]) for f in world.factories if f.family == V2]
        routers = [Router(router, RouterKind.V2, v2=name) for name, router in v2]
        routers += [
            Router(world.v3.router, RouterKind.V3, v3="uniswap_v3"),
            Router(world.v3.router02, RouterKind.V3_02, v2="uniswap_v2", v3="uniswap_v3"),
        ]
        return DexRegistry([Deployment(f.name, f.family, f.address, f.fee_pips) for f in world.factories], routers)

    def mirror(self) -> Market:
        """The market from the world's first log to its head."""
        market = Market(self.registry(), self.world.weth)
        market.start(self.block(max(self.world.start_block - 1, 0)).block)
        for number in range(market.block.number + 1, self.head + 1):
            market.apply(self.block(number))
        return market

    def differences(self, market: Market) -> list[PoolDifference]:
        return asyncio.run(verify_pools(self.read, market.pools, market.states, market.block.number))


def view(market: Market) -> MarketView:
    return market.view(next_base_fee_wei=10**9, next_timestamp=market.block.timestamp + 12)


def test_a_mirror_made_from_logs_equals_the_chain(world_chain: Any) -> None:
    node = Node(world_chain)
    market = node.mirror()
    assert set(market.pools.values()) == set(node.world.pools)
    assert node.differences(market) == []
    assert market.counters.undecodable == 0
    assert market.untradable.keys() == node.world.odd_pools.keys()
    assert sum(isinstance(s, V3State) and len(s.tick_index) > 4 for s in market.states.values()) > 10


def test_a_mirror_read_from_the_contracts_equals_one_made_from_logs(world_chain: Any) -> None:
    node = Node(world_chain)
    from_logs = node.mirror()
    read = asyncio.run(read_pools(node.read, from_logs.pools.values(), from_logs.block.number)).states
    started = Market(node.registry(), node.world.weth)
    started.start(from_logs.block, from_logs.pools.values(), read)
    assert {a: s for a, s in started.states.items() if s != V2State(0, 0)} == dict(from_logs.states)
    assert (view(started).rates == view(from_logs).rates).all()


def test_every_number_that_differs_is_named(world_chain: Any) -> None:
    node = Node(world_chain)
    market = node.mirror()
    states = dict(market.states)
    pair = next(p for p in market.pools.values() if isinstance(states.get(p.address), V2State))
    pool = next(p for p in market.pools.values() if p.family == V3 and p.address not in market.untradable)
    two, three = states[pair.address], states[pool.address]
    assert isinstance(two, V2State)
    assert isinstance(three, V3State)
    first = three.tick_index[0]
    states[pair.address] = V2State(two.reserve0 + 1, two.reserve1)
    states[pool.address] = V3State(
        three.sqrt_price_x96 - 1, three.tick, three.liquidity,
        three.tick_index[1:], three.liquidity_net[1:], three.liquidity_gross[1:],
    )  # fmt: skip
    only = {p.address: p for p in (pair, pool)}
    found = asyncio.run(verify_pools(node.read, only, states, market.block.number))
    assert {(d.pool, d.field) for d in found} == {
        (pair.address, "reserve0"), (pool.address, "sqrt_price_x96"),
        (pool.address, f"ticks[{first}].gross"), (pool.address, f"ticks[{first}].net"),
    }  # fmt: skip
    assert next(d for d in found if d.field == "reserve0").on_chain == two.reserve0


def test_the_mirror_follows_traders_and_providers(scratch_chain: Any, pending_call: Any) -> None:
    """Router calls of every kind, one a block. What the intents say of a pending call is what the block then shows, and
    a call whose effect is refused is one that reverts."""
    node, random = Node(scratch_chain), seeded(3, "traders")
    market = node.mirror()
    landed = reverted = 0
    for _ in range(90):
        trader = node.world.account("trader", random.randrange(node.world.sizes.traders)).address
        call = _random_call(node, market, random, trader)
        if call is None:
            continue
        to, data, value = call
        pending = pending_call(trader, to, data, value)
        intents = market.registry.intents(pending)
        assert intents
        try:
            predicted = states_after(view(market), intents)
        except ChainDataError:
            predicted = None
        tx = node.send(trader, to, data, value)
        market.apply(node.mine())
        if not node.succeeded(tx):
            assert predicted is None
            reverted += 1
            continue
        assert predicted is not None
        for pool, state in predicted.items():
            assert market.states[pool] == state
        landed += 1
        if random.random() < 0.2:
            _place_and_take(node, market, random)
    assert landed > 60
    assert reverted > 3
    assert node.differences(market) == []


def test_a_reorg_is_rolled_back_exactly(own_chain: Any) -> None:
    node, random = Node(own_chain), seeded(4, "reorg")
    market = node.mirror()
    for _ in range(3):
        kept, states = market.block, dict(market.states)
        snapshot = node.rpc.call("evm_snapshot")
        dropped = []
        for _ in range(3):
            _place_and_take(node, market, random)
            dropped.append(market.block)
        node.rpc.call("evm_revert", snapshot)
        market.rewind(Rollback(kept, tuple(reversed(dropped))))
        assert dict(market.states) == states
        assert node.differences(market) == []
        _place_and_take(node, market, random)
        assert node.differences(market) == []


def test_a_fee_token_is_found_out_by_its_first_sale(scratch_chain: Any, pending_call: Any) -> None:
    node = Node(scratch_chain)
    market, fee = node.mirror(), node.world.tokens["FEE"].address
    traded = {p.address for p in market.pools.values() if fee in (p.token0, p.token1)}
    assert traded - set(market.untradable)
    weth, trader = node.world.weth, node.world.account("trader").address
    router = node.world.factory("uniswap_v2").routers[0]
    signature = "swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)"
    tx = node.send(trader, router, abi.call(signature, 0, [weth, fee], trader, 2**40), 10**17)
    market.apply(node.mine())
    assert node.succeeded(tx)
    assert traded <= set(market.untradable)
    assert "takes a fee on transfer" in market.untradable[next(iter(traded))]
    data = abi.call(signature, 0, [weth, fee], trader, 2**40)
    pending = pending_call(trader, router, data, 10**17)
    with pytest.raises(ChainDataError, match="fee on transfer"):
        states_after(view(market), market.registry.intents(pending))


def _random_call(node: Node, market: Market, random: Random, trader: Address) -> tuple[Address, bytes, int] | None:
    """A swap that a trader can pay for, through a router and a function drawn at random, one in ten out of reach."""
    pools = [p for p in market.pools.values() if p.address not in market.untradable and not _odd(node, p)]
    pool = random.choice(pools)
    token_in = random.choice((pool.token0, pool.token1))
    token_out = pool.other(token_in)
    (balance,) = abi.unpack("(uint256)", node.view_call(token_in, "balanceOf(address)", trader))
    amount = min(balance // 20, _depth(market, pool, token_in) // 100)
    if amount < 1000:
        return None
    late = 1 if random.random() < 0.1 else 2**40
    least = 2**200 if random.random() < 0.05 else 0
    exact_out = random.random() < 0.3
    wanted = _depth(market, pool, token_out) // 500 + 1
    if pool.family == V2:
        router = node.world.factory(pool.protocol).routers[0]
        path = [token_in, token_out]
        second = [p for p in pools if p.protocol == pool.protocol and token_out in (p.token0, p.token1) and p != pool]
        if second and not exact_out:
            path.append(random.choice(second).other(token_out))
        if exact_out:
            name = "swapTokensForExactTokens(uint256,uint256,address[],address,uint256)"
            return router, abi.call(name, wanted, balance, path, trader, late), 0
        name = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
        return router, abi.call(name, amount, least, path, trader, late), 0
    state = market.states[pool.address]
    assert isinstance(state, V3State)
    step = random.uniform(1.0001, 1.001)
    down = token_in == pool.token0
    limit = int(state.sqrt_price_x96 / step if down else state.sqrt_price_x96 * step) if random.random() < 0.3 else 0
    head, tail = (token_in, token_out, pool.fee_pips, trader), (limit,)
    if random.random() < 0.5:
        name, order = ("exactOutputSingle", (wanted, balance)) if exact_out else ("exactInputSingle", (amount, least))
        return node.world.v3.router, abi.call(name + SINGLE, (*head, late, *order, *tail)), 0
    name, order = ("exactOutputSingle", (wanted, balance)) if exact_out else ("exactInputSingle", (amount, least))
    inner = abi.call(name + SINGLE_02, (*head, *order, *tail))
    return node.world.v3.router02, abi.call("multicall(uint256,bytes[])", late, [inner]), 0


def _place_and_take(node: Node, market: Market, random: Random) -> None:
    """A provider opens a position somewhere around the price and closes it again, in two blocks or in none."""
    pool = random.choice([p for p in market.pools.values() if p.family == V3 and p.address not in market.untradable])
    state, owner = market.states[pool.address], node.world.account("provider").address
    assert isinstance(state, V3State)
    low = (state.tick // pool.tick_spacing + random.randint(-40, 20)) * pool.tick_spacing
    high = low + random.randint(1, 60) * pool.tick_spacing
    amounts = (_depth(market, pool, pool.token0) // 10**4, _depth(market, pool, pool.token1) // 10**4)
    order = (pool.token0, pool.token1, pool.fee_pips, low, high, *amounts, 0, 0, owner, 2**40)
    manager = node.world.v3.manager
    tx = node.send(owner, manager, abi.call(f"mint{PLACE}", order))
    market.apply(node.mine())
    if not node.succeeded(tx) or random.random() < 0.5:
        return
    receipt = node.rpc.call("eth_getTransactionReceipt", tx)
    mark = abi.topic("IncreaseLiquidity(uint256,uint128,uint256,uint256)")
    entry = next(e for e in receipt["logs"] if e["topics"][0] == mark)
    liquidity = int(entry["data"][2:66], 16)
    part = liquidity if random.random() < 0.5 else liquidity // 3
    signature = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
    tx = node.send(owner, manager, abi.call(signature, (int(entry["topics"][1], 16), part, 0, 0, 2**40)))
    market.apply(node.mine())
    assert node.succeeded(tx)


def _depth(market: Market, pool: Pool, token: Address) -> int:
    """Reserve of a token, on v3 the virtual one."""
    state = market.states[pool.address]
    if isinstance(state, V2State):
        return state.reserve0 if token == pool.token0 else state.reserve1
    price = state.sqrt_price_x96
    return (state.liquidity << 96) // price if token == pool.token0 else state.liquidity * price >> 96


def _odd(node: Node, pool: Pool) -> bool:
    odd = {t.address for t in node.world.tokens.values() if t.transfer_fee_bps}
    return bool(odd & {pool.token0, pool.token1})


def test_a_pool_holds_what_it_is_said_to_lend(scratch_chain: Any) -> None:
    node = Node(scratch_chain)
    market, offered = node.mirror(), 0
    for pool in market.pools.values():
        state = market.states.get(pool.address)
        for token in pool.tokens if isinstance(state, V3State) and pool.family in LENDING else ():
            held = int.from_bytes(node.view_call(token, "balanceOf(address)", pool.address))
            told = offer(pool, state, token)
            assert told is None or 0 < told.available <= held
            offered += told is not None
    assert offered > 20
