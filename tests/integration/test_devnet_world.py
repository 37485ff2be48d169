"""The world that the devnet sets up is whole and consistent, judged by its own contracts."""

from collections import Counter
from itertools import combinations

import pytest

from tallyio.core.pools import V2, V3, Pool
from tallyio.core.units import UINT112_MAX, ZERO_ADDRESS
from tallyio.devnet import abi
from tallyio.devnet.anvil import Anvil
from tallyio.devnet.cache import start_world
from tallyio.devnet.deploy.catalog import ETHER_LIKE
from tallyio.devnet.world import Sizes

WAD = 10**18


def ask(anvil: Anvil, to: str, signature: str, returns: str, *arguments: object) -> tuple:
    data = abi.call(signature, *arguments)
    answer = anvil.rpc.call("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")
    return abi.unpack(returns, bytes.fromhex(answer[2:]))


def test_world_has_the_promised_sizes(world_chain):
    world = world_chain.world
    assert len(world.pools) >= 40
    assert len(world.borrowers) >= 60
    assert {t.decimals for t in world.tokens.values()} == {6, 8, 18}
    assert {p.fee_pips for p in world.pools if p.family == V3} == {100, 500, 3000, 10000}
    assert {p.protocol for p in world.pools if p.family == V2} == {"uniswap_v2", "pancakeswap_v2"}
    assert len(world.aave.reserves) >= 4
    assert len(world.odd_pools) == 3


def test_pools_are_where_their_factories_say(world_chain):
    world = world_chain.world
    for pool in world.pools:
        factory = world.factory(pool.protocol).address
        if pool.family == V2:
            (found,) = ask(
                world_chain.anvil, factory, "getPair(address,address)", "(address)", pool.token0, pool.token1
            )
        else:
            signature = "getPool(address,address,uint24)"
            key = (pool.token0, pool.token1, pool.fee_pips)
            (found,) = ask(world_chain.anvil, factory, signature, "(address)", *key)
            (spacing,) = ask(world_chain.anvil, pool.address, "tickSpacing()", "(int24)")
            assert spacing == pool.tick_spacing
        assert found.lower() == pool.address != ZERO_ADDRESS
        assert ask(world_chain.anvil, pool.address, "token0()", "(address)")[0].lower() == pool.token0


def price_of_token0_e18(anvil: Anvil, pool: Pool) -> int:
    """Smallest units of token1 for 10^18 smallest units of token0."""
    if pool.family == V2:
        reserve0, reserve1, _ = ask(anvil, pool.address, "getReserves()", "(uint112,uint112,uint32)")
        return reserve1 * WAD // reserve0
    (sqrt_price, *_) = ask(anvil, pool.address, "slot0()", "(uint160,int24,uint16,uint16,uint16,uint8,bool)")
    return sqrt_price * sqrt_price * WAD >> 192


def test_prices_of_pools_agree_with_the_feeds(world_chain):
    world = world_chain.world
    for pool in world.pools:
        if pool.address in world.odd_pools:
            continue
        token0, token1 = world.tokens[world.symbol(pool.token0)], world.tokens[world.symbol(pool.token1)]
        expected = token0.price_e8 * 10**token1.decimals * WAD // (token1.price_e8 * 10**token0.decimals)
        assert price_of_token0_e18(world_chain.anvil, pool) == pytest.approx(expected, rel=1e-6)


def test_no_cycle_of_two_pools_pays_at_the_start(world_chain):
    """Two pools of one pair differ by less than their fees together."""
    pools = [p for p in world_chain.world.pools if p.address not in world_chain.world.odd_pools]
    for a, b in combinations(pools, 2):
        if (a.token0, a.token1) == (b.token0, b.token1):
            ratio = price_of_token0_e18(world_chain.anvil, a) / price_of_token0_e18(world_chain.anvil, b)
            assert abs(ratio - 1) * 1_000_000 < a.fee_pips + b.fee_pips


def test_liquidity_of_v3_pools_overlaps(world_chain):
    """The active liquidity is of several positions, and there are initialised ticks on both sides."""
    world = world_chain.world
    mints = Counter(
        log["address"]
        for log in world_chain.anvil.rpc.call(
            "eth_getLogs",
            {"fromBlock": hex(world.start_block), "toBlock": "latest",
             "topics": [abi.topic("Mint(address,address,int24,int24,uint128,uint256,uint256)")]},
        )
    )  # fmt: skip
    for pool in world.pools:
        if pool.family == V3 and pool.address not in world.odd_pools:
            assert mints[pool.address] >= 5
            assert ask(world_chain.anvil, pool.address, "liquidity()", "(uint128)")[0] > 0


def test_odd_pools_are_as_odd_as_they_say(world_chain):
    world = world_chain.world
    for address, odd in world.odd_pools.items():
        if odd == "initialised without liquidity":
            sqrt_price, *_ = ask(
                world_chain.anvil, address, "slot0()", "(uint160,int24,uint16,uint16,uint16,uint8,bool)"
            )
            assert sqrt_price > 0
            assert ask(world_chain.anvil, address, "liquidity()", "(uint128)") == (0,)
            continue
        reserve0, reserve1, _ = ask(world_chain.anvil, address, "getReserves()", "(uint112,uint112,uint32)")
        if odd == "no liquidity":
            assert (reserve0, reserve1) == (0, 0)
        else:
            assert UINT112_MAX - 10**25 < min(reserve0, reserve1) <= UINT112_MAX


def test_borrowers_span_every_health_and_both_sides_of_the_thresholds(world_chain):
    aave = world_chain.world.aave
    health, values = [], []
    for who in world_chain.world.borrowers:
        data = ask(world_chain.anvil, aave.pool, "getUserAccountData(address)", "(uint256[6])", who)[0]
        values.append(data[0] // 10**8)
        health.append(data[5] / WAD)
    assert min(health) > 1
    assert min(health) < 1.05
    assert max(health) > 2.5
    assert sum(1.02 <= h < 1.1 for h in health) >= 10
    assert sum(v < 2000 for v in values) >= 5
    assert sum(v > 10_000 for v in values) >= 20
    emodes = [
        ask(world_chain.anvil, aave.pool, "getUserEMode(address)", "(uint256)", w)[0]
        for w in world_chain.world.borrowers
    ]
    assert emodes.count(aave.emode_category) >= 4


def test_oracle_reads_the_feeds_and_feeds_emit(scratch_chain):
    world, anvil = scratch_chain.world, scratch_chain.anvil
    feed, weth = world.feeds["WETH"], world.tokens["WETH"]
    assert ask(anvil, world.aave.oracle, "getAssetPrice(address)", "(uint256)", weth.address) == (weth.price_e8,)
    send(scratch_chain, "oracle", 0, feed.aggregator, abi.call("setAnswer(int256)", 2400 * 10**8))
    assert ask(anvil, world.aave.oracle, "getAssetPrice(address)", "(uint256)", weth.address) == (2400 * 10**8,)
    assert ask(anvil, feed.proxy, "latestAnswer()", "(int256)") == (2400 * 10**8,)
    answered = anvil.rpc.call(
        "eth_getLogs",
        {
            "fromBlock": "latest",
            "address": feed.aggregator,
            "topics": [abi.topic("AnswerUpdated(int256,uint256,uint256)")],
        },
    )
    assert len(answered) == 1


def send(chain, role: str, index: int, to: str, data: bytes) -> dict:
    from tallyio.devnet.accounts import sign

    who = chain.world.account(role, index)
    nonce = int(chain.anvil.rpc.call("eth_getTransactionCount", who.address, "latest"), 16)
    raw, tx_hash = sign(who, chain.world.chain_id, nonce, to, data, gas=3_000_000)
    chain.anvil.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    chain.anvil.mine()
    receipt = chain.anvil.rpc.call("eth_getTransactionReceipt", tx_hash)
    assert receipt["status"] == "0x1"
    return receipt


def test_each_v2_router_swaps_in_its_own_factory(scratch_chain):
    """PancakeSwap's router is built with its factory's pair code and fee: its quote equals what arrives."""
    world, anvil = scratch_chain.world, scratch_chain.anvil
    trader = world.account("trader", 0).address
    weth, usdc = world.tokens["WETH"].address, world.tokens["USDC"].address
    for name in ("uniswap_v2", "pancakeswap_v2"):
        router = world.factory(name).routers[0]
        path = [weth, usdc]
        (quoted,) = ask(anvil, router, "getAmountsOut(uint256,address[])", "(uint256[])", WAD, path)
        before = ask(anvil, usdc, "balanceOf(address)", "(uint256)", trader)[0]
        data = abi.call(
            "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)", WAD, quoted[1], path, trader, 2**40
        )
        send(scratch_chain, "trader", 0, router, data)
        assert ask(anvil, usdc, "balanceOf(address)", "(uint256)", trader)[0] - before == quoted[1]


def test_fee_token_loses_on_the_way_and_silent_token_returns_nothing(scratch_chain):
    world, anvil = scratch_chain.world, scratch_chain.anvil
    someone = "0x" + "5a" * 20
    send(scratch_chain, "trader", 1, world.tokens["FEE"].address, abi.call("transfer(address,uint256)", someone, 1000))
    assert ask(anvil, world.tokens["FEE"].address, "balanceOf(address)", "(uint256)", someone) == (990,)
    trader = world.account("trader", 1).address
    call = {"from": trader, "to": world.tokens["USDT"].address}
    answer = anvil.rpc.call(
        "eth_call", {**call, "data": "0x" + abi.call("transfer(address,uint256)", someone, 1).hex()}, "latest"
    )
    assert answer == "0x"


def test_singletons_answer_at_their_addresses(world_chain):
    world, anvil = world_chain.world, world_chain.anvil
    calls = [(world.multicall3, False, abi.call("getChainId()"))]
    (answers,) = ask(anvil, world.multicall3, "aggregate3((address,bool,bytes)[])", "((bool,bytes)[])", calls)
    assert int.from_bytes(answers[0][1]) == world.chain_id
    assert ask(anvil, world.permit2, "DOMAIN_SEPARATOR()", "(bytes32)")[0] != bytes(32)


def test_second_start_has_the_same_blocks_and_logs(world_chain, own_chain):
    assert own_chain.world == world_chain.world
    heads = []
    for chain in (world_chain, own_chain):
        block = chain.anvil.rpc.call("eth_getBlockByNumber", hex(chain.world.end_block), False)
        logs = chain.anvil.rpc.call(
            "eth_getLogs", {"fromBlock": hex(chain.world.start_block), "toBlock": hex(chain.world.end_block)}
        )
        heads.append((block["hash"], len(logs)))
    assert heads[0] == heads[1]
    assert heads[0][1] > 1000


def test_other_seed_other_sizes():
    anvil, world = start_world(seed=8, sizes=Sizes(pools=12, borrowers=5, traders=2, newcomers=2))
    try:
        assert (len(world.pools), len(world.borrowers)) == (12, 5)
        assert int(anvil.rpc.call("eth_blockNumber"), 16) == world.end_block
    finally:
        anvil.stop()


def test_emode_tokens_are_the_ether_like_ones(world_chain):
    assert world_chain.world.aave.emode_tokens == ETHER_LIKE
