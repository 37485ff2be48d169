"""The devnet's actors keep its markets moving, judged by receipts and by the contracts' own quotes."""

import logging
from collections.abc import Iterator
from itertools import permutations

import pytest
import structlog

from tallyio.core.pools import V2
from tallyio.devnet import abi
from tallyio.devnet.traffic import Traffic
from tallyio.devnet.traffic.outbox import Sent

WAD = 10**18
BLOCKS = 60


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of lines at debug level would bury a failure."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield
    structlog.configure(**before)


async def run(chain, traffic: Traffic, blocks: int) -> list[tuple[Sent, bool]]:
    """Move the actors for some blocks; each transaction and whether it succeeded."""
    results = []
    for _ in range(blocks):
        sent = await traffic.on_block(int(chain.anvil.rpc.call("eth_blockNumber"), 16))
        chain.anvil.mine()
        receipts = chain.anvil.rpc.batch([("eth_getTransactionReceipt", (s.hash,)) for s in sent])
        results += [(s, r is not None and r["status"] == "0x1") for s, r in zip(sent, receipts, strict=True)]
    return results


def ask(chain, to: str, signature: str, returns: str, *arguments: object) -> tuple:
    data = "0x" + abi.call(signature, *arguments).hex()
    return abi.unpack(returns, bytes.fromhex(chain.anvil.rpc.call("eth_call", {"to": to, "data": data}, "latest")[2:]))


def quote(chain, pool, token_in: str, amount: int) -> int:
    """What a pool gives for ``amount``, in the words of the published quoter or router."""
    world = chain.world
    if pool.family == V2:
        router = world.factory(pool.protocol).routers[0]
        path = [token_in, pool.other(token_in)]
        return ask(chain, router, "getAmountsOut(uint256,address[])", "(uint256[])", amount, path)[0][-1]
    single = (token_in, pool.other(token_in), amount, pool.fee_pips, 0)
    signature = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
    return ask(chain, world.v3.quoter, signature, "(uint256,uint160,uint32,uint256)", single)[0]


def paying_cycles(chain) -> int:
    """Pairs of pools through which one ether comes back as more."""
    world = chain.world
    pools = [p for p in world.pools if p.address not in world.odd_pools and world.weth in (p.token0, p.token1)]
    pools = [p for p in pools if not world.tokens[world.symbol(p.other(world.weth))].transfer_fee_bps]
    return sum(
        quote(chain, second, first.other(world.weth), quote(chain, first, world.weth, WAD)) > WAD
        for first, second in permutations(pools, 2)
        if first.other(world.weth) == second.other(world.weth)
    )


def unhealthy(chain) -> int:
    world = chain.world
    accounts = [*world.borrowers, *(world.account("newcomer", i).address for i in range(BLOCKS + 1))]
    data = [ask(chain, world.aave.pool, "getUserAccountData(address)", "(uint256[6])", who)[0] for who in accounts]
    return sum(health < WAD for *_, health in data)


async def test_sixty_blocks_of_traffic(own_chain):
    """Most orders succeed, every kind of actor acts, pools drift apart, loans become liquidatable."""
    assert paying_cycles(own_chain) == 0
    assert unhealthy(own_chain) == 0
    traffic = Traffic(own_chain.rpc_url, own_chain.world)
    results = await run(own_chain, traffic, BLOCKS)
    await traffic.close()

    swaps = [ok for sent, ok in results if sent.label.startswith("swap")]
    assert len(swaps) > 4 * BLOCKS
    assert sum(swaps) > 0.7 * len(swaps)
    done = {sent.label for sent, ok in results if ok}
    assert {
        "mint a position",
        "pull a position",
        "add v2 liquidity",
        "answer WETH",
        "supply WETH",
        "borrow USDC",
    } <= done
    for venue in ("uniswap_v2", "pancakeswap_v2", "uniswap_v3"):
        assert any(label.endswith(venue) for label in done)
    for odd in ("FEE", "USDT", "VAST"):
        assert any(label.startswith("swap") and odd in label for label in done)
    assert paying_cycles(own_chain) > 3
    crashes = sum(traffic.walk.crash_at(step) is not None for step in range(1, BLOCKS))
    assert crashes >= 1
    assert unhealthy(own_chain) > 0


async def test_same_seed_and_chain_give_the_same_transactions(own_chain, scratch_chain):
    hashes = []
    for chain in (own_chain, scratch_chain):
        traffic = Traffic(chain.rpc_url, chain.world)
        hashes.append([sent.hash for sent, _ in await run(chain, traffic, 6)])
        await traffic.close()
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) > 30


async def test_goes_on_after_a_reorg_and_after_a_drop(scratch_chain):
    """A block that is taken back gets the same orders again; orders that vanish leave no gap in the nonces."""
    anvil = scratch_chain.anvil
    traffic = Traffic(scratch_chain.rpc_url, scratch_chain.world)
    await run(scratch_chain, traffic, 3)
    snapshot = anvil.rpc.call("evm_snapshot")
    first = [sent.hash for sent, _ in await run(scratch_chain, traffic, 1)]
    anvil.revert(snapshot)
    assert [sent.hash for sent, _ in await run(scratch_chain, traffic, 1)] == first
    await traffic.on_block(int(anvil.rpc.call("eth_blockNumber"), 16))
    anvil.rpc.call("anvil_dropAllTransactions")
    anvil.mine()
    results = await run(scratch_chain, traffic, 3)
    assert sum(ok for _, ok in results) > 0.7 * len(results)
    await traffic.close()


async def test_another_seed_gives_other_orders(scratch_chain):
    traffic = Traffic(scratch_chain.rpc_url, scratch_chain.world, seed=99)
    other = Traffic(scratch_chain.rpc_url, scratch_chain.world, seed=100)
    head = int(scratch_chain.anvil.rpc.call("eth_blockNumber"), 16)
    labels = [[sent.label for sent in await t.on_block(head)] for t in (traffic, other)]
    assert labels[0] != labels[1]
    await traffic.close()
    await other.close()


async def test_actions_are_logged_at_debug_level(scratch_chain):
    traffic = Traffic(scratch_chain.rpc_url, scratch_chain.world)
    structlog.reset_defaults()
    with structlog.testing.capture_logs() as logs:
        sent = await traffic.on_block(int(scratch_chain.anvil.rpc.call("eth_blockNumber"), 16))
    await traffic.close()
    assert [line["hash"] for line in logs if line["event"] == "devnet traffic sent"] == [s.hash for s in sent]
    assert {line["log_level"] for line in logs} == {"debug"}
