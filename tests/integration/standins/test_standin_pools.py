"""The stand-ins' pools on a devnet: announced, found and read by their families, and quoted as the contracts quote."""

import asyncio
from collections.abc import Sequence

import pytest

from tallyio.core.chain import Log
from tallyio.core.pools import CURVE_NG, CURVE_NG_META, LIQUIDITY_BOOK, TRICRYPTO, TWOCRYPTO, Pool
from tallyio.core.units import Address, Hash32
from tallyio.devnet import abi, accounts
from tallyio.devnet.anvil import Anvil
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.session import Session
from tallyio.devnet.deploy.tokens import deploy_tokens, give
from tallyio.devnet.node_rpc import RpcRefusedError
from tallyio.devnet.venues.crypto import deploy_crypto
from tallyio.devnet.venues.liquidity_book import deploy_liquidity_book
from tallyio.devnet.venues.solidly import deploy_solidly
from tallyio.devnet.venues.stableswap import deploy_stableswap
from tallyio.devnet.venues.venue import Builder
from tallyio.devnet.world import Venue, announcing
from tallyio.market.reading import PoolsRead, read_pools
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.registry import DexRegistry


def found_and_read(anvil: Anvil, venues: Sequence[Venue]) -> PoolsRead:
    registry = DexRegistry([Deployment(each.name, each.family, each.factory) for each in announcing(venues)])
    wanted = {"fromBlock": "0x0", "toBlock": "latest", "address": [each.factory for each in announcing(venues)]}
    logs = [
        Log(
            Address(raw["address"]),
            tuple(raw["topics"]),
            bytes.fromhex(raw["data"][2:]),
            int(raw["blockNumber"], 16),
            Hash32(raw["blockHash"]),
            Hash32(raw["transactionHash"]),
            int(raw["transactionIndex"], 16),
            int(raw["logIndex"], 16),
        )
        for raw in anvil.rpc.call("eth_getLogs", wanted)
    ]

    async def read(calls: Sequence[tuple[Address, bytes]], block: int) -> list[tuple[bool, bytes]]:
        answers = []
        for to, data in calls:
            try:
                answer = anvil.rpc.call("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")
                answers.append((True, bytes.fromhex(answer[2:])))
            except RpcRefusedError:
                answers.append((False, b""))
        return answers

    pools = [pool for log in logs if (pool := registry.discovered(log))]
    return asyncio.run(read_pools(read, pools, 0))


def quoted(session: Session, pool: Pool, amount: int) -> int:
    """By the contract: for the first token, in the second."""
    if pool.family in (CURVE_NG, CURVE_NG_META):
        data, returns, at = abi.call("get_dy(int128,int128,uint256)", 0, 1, amount), "(uint256)", 0
    elif pool.family in (TWOCRYPTO, TRICRYPTO):
        data, returns, at = abi.call("get_dy(uint256,uint256,uint256)", 0, 1, amount), "(uint256)", 0
    elif pool.family == LIQUIDITY_BOOK:
        data, returns, at = abi.call("getSwapOut(uint128,bool)", amount, True), "(uint128,uint128,uint128)", 1
    else:
        data, returns, at = abi.call("getAmountOut(uint256,address)", amount, pool.token0), "(uint256)", 0
    return int(abi.unpack(returns, session.call(pool.address, data))[at])


@pytest.mark.timeout(120)
def test_every_pool_is_found_and_quoted_as_it_quotes() -> None:
    with Anvil() as anvil:
        session = Session(anvil.rpc, anvil.chain_id, accounts.account(7, "deployer", 0))
        provider = accounts.account(7, "provider", 0)
        session.fund([provider.address])
        tokens = deploy_tokens(session)
        for token in tokens.values():
            give(session, token, provider, token.amount(500_000_000 * USD))
        session.settle()
        builder = Builder(session, tokens, provider, provider.address)
        deploys = deploy_solidly, deploy_stableswap, deploy_crypto, deploy_liquidity_book
        venues = [venue for deploy in deploys for venue in deploy(builder)]
        session.settle()
        read = found_and_read(anvil, venues)
        assert read.refused == {}
        assert set(read.states) == {pool.address for venue in venues for pool in venue.pools}
        decimals = {token.address: token.decimals for token in tokens.values()}
        now = int(anvil.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        for pool in read.learned.values():
            amount = 10 ** decimals[pool.token0] * 3
            ours = swap(pool, read.states[pool.address], pool.token0, pool.token1, amount, now)
            assert ours.amount_out == quoted(session, pool, amount) > 0
