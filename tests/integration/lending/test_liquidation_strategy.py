"""What the liquidation strategy promises, the executor contract earns on the real contracts, to the wei."""

import time
from random import Random
from typing import Any

import pytest

from tallyio.core.chain import NewBlock
from tallyio.core.units import PIPS, ZERO_ADDRESS
from tallyio.devnet import abi
from tallyio.devnet.accounts import sign
from tallyio.execution.deploy import creation_data, predicted_address
from tallyio.execution.plan import execute_calldata
from tallyio.market.lending import LendingMirror
from tallyio.market.market import Market as Pools
from tallyio.market.view import MarketView
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.lending.aave_v3.health import unhealthy
from tallyio.strategies.greedy import greedy
from tallyio.strategies.liquidation import Liquidation, LiquidationSettings

Market = Any
EXECUTED = abi.topic("Executed(uint256,uint256)")


async def view_of(market: Market) -> tuple[NewBlock, MarketView]:
    """The whole market at the head, from its logs and one read of the lending market."""
    head = market.head
    registry = DexRegistry(Deployment(f.name, f.family, f.address, f.fee_pips) for f in market.world.factories)
    pools = Pools(registry, market.world.weth, untradable_tokens={market.world.tokens["FEE"].address: "takes a fee"})
    pools.start(market.block(0))
    event = None
    for number in range(1, head.number + 1):
        event = NewBlock(market.block(number), 10**9, 0, 30_000_000, ZERO_ADDRESS, tuple(market.logs(number, number)))
        pools.apply(event)
    accounts = [a.address for a in (*market.borrowers, market.supplier)]
    lending = await LendingMirror.start(market.read, market.aave.addresses_provider, accounts, head)
    assert event is not None
    return event, pools.view(
        next_base_fee_wei=10**9, next_timestamp=head.timestamp + 12, lending={market.pool: lending.state}
    )


def deploy(market: Market, owner: Any) -> Any:
    nonce = int(market.rpc.call("eth_getTransactionCount", owner.address, "pending"), 16)
    raw, _ = sign(owner, market.chain_id, nonce, None, creation_data(market.world.weth), gas=5_000_000)
    market.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    market.mine()
    return predicted_address(owner.address, nonce)


def shock(market: Market, random: Random, low: float, high: float) -> None:
    for symbol in ("WETH", "WBTC", "LINK", "STETH"):
        market.set_price(symbol, int(market.world.tokens[symbol].price_e8 * random.uniform(low, high)))
    market.mine()


@pytest.mark.parametrize(("seed", "low", "high"), [(1, 0.9, 0.98), (2, 0.75, 0.9), (3, 1.05, 1.2), (4, 0.5, 0.7)])
async def test_the_executor_earns_what_was_promised(market: Market, seed: int, low: float, high: float) -> None:
    owner = market.world.account("searcher")
    executor = deploy(market, owner)
    shock(market, Random(seed), low, high)
    event, view = await view_of(market)
    started = time.perf_counter()
    strategy = Liquidation(LiquidationSettings())
    first = strategy.evaluate(event, view)
    once = time.perf_counter() - started
    chosen, after = greedy(event, view, [strategy], limit=100)
    whole = time.perf_counter() - started
    weak = list(unhealthy(view.lending[market.pool], view.next_timestamp))
    print(
        f"unhealthy {len(weak)}, first {len(first)} in {once * 1e3:.1f} ms, all {len(chosen)} in {whole * 1e3:.1f} ms"
    )
    print({k: sum(1 for o in chosen if type(o.route.funding).__name__ == k) for k in ("SwapStep", "FlashLoan")})
    assert first
    assert chosen[0].gross_wei == max(o.gross_wei for o in first)
    nonce = int(market.rpc.call("eth_getTransactionCount", owner.address, "pending"), 16)
    market.rpc.call("evm_setBlockGasLimit", hex(500_000_000))
    hashes = []
    for i, opportunity in enumerate(chosen):
        data = execute_calldata(opportunity.route, opportunity.gross_wei, 0)
        raw, tx_hash = sign(owner, market.chain_id, nonce + i, executor, data, gas=4_000_000)
        market.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        hashes.append(tx_hash)
    block = market.mine()
    assert block.timestamp == view.next_timestamp
    for opportunity, tx_hash in zip(chosen, hashes, strict=True):
        receipt = market.receipt(tx_hash)
        assert int(receipt["status"], 16) == 1, opportunity
        (gained,) = [log["data"] for log in receipt["logs"] if log["topics"][0] == EXECUTED]
        assert int(gained[2:66], 16) == opportunity.gross_wei
        used = int(receipt["gasUsed"], 16)
        assert used < opportunity.gas_estimate * 1.25, (used, opportunity.gas_estimate, opportunity.route)
        print(used, opportunity.gas_estimate, len(opportunity.route.steps))
    landed = [e for e in market.logs(block.number, block.number)]
    follower = LendingMirror(view.lending[market.pool], view.block)
    await follower.advance(block, landed, market.read)
    assert follower.state == after.lending[market.pool]
    assert await follower.verify(market.read) == []
    assert PIPS
