"""What the liquidation strategy promises, the executor contract earns on the real contracts, to the wei."""

from random import Random
from typing import Any

import pytest

from tallyio.chains.addresses import created_by
from tallyio.core.chain import BlockRef, NewBlock
from tallyio.core.trade import FlashLoan, Opportunity
from tallyio.core.units import ZERO_ADDRESS
from tallyio.devnet import abi
from tallyio.devnet.accounts import sign
from tallyio.execution.deploy import creation_data
from tallyio.execution.plan import execute_calldata
from tallyio.market.lending import LendingMirror
from tallyio.market.market import Market as Pools
from tallyio.market.view import MarketView
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.strategies.greedy import greedy, net_of
from tallyio.strategies.liquidation import Liquidation, LiquidationSettings

Market = Any
EXECUTED = abi.topic("Executed(uint256,uint256)")


async def view_of(market: Market, *more: str) -> tuple[NewBlock, MarketView]:
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
    accounts += more
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
    return created_by(owner.address, nonce)


def shock(market: Market, random: Random, low: float, high: float) -> None:
    for symbol in ("WETH", "WBTC", "LINK", "STETH"):
        market.set_price(symbol, int(market.world.tokens[symbol].price_e8 * random.uniform(low, high)))
    market.mine()


async def land(market: Market, owner: Any, executor: Any, chosen: list[Opportunity]) -> BlockRef:
    """One block with a transaction for each; every one must earn exactly what it promised."""
    nonce = int(market.rpc.call("eth_getTransactionCount", owner.address, "pending"), 16)
    market.rpc.call("evm_setBlockGasLimit", hex(500_000_000))
    hashes = []
    for i, opportunity in enumerate(chosen):
        data = execute_calldata(opportunity.route, opportunity.gross_wei, 0)
        raw, tx_hash = sign(owner, market.chain_id, nonce + i, executor, data, gas=4_000_000)
        market.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        hashes.append(tx_hash)
    block: BlockRef = market.mine()
    for opportunity, tx_hash in zip(chosen, hashes, strict=True):
        receipt = market.receipt(tx_hash)
        assert int(receipt["status"], 16) == 1, opportunity
        (gained,) = [log["data"] for log in receipt["logs"] if log["topics"][0] == EXECUTED]
        assert int(gained[2:66], 16) == opportunity.gross_wei
        assert abs(int(receipt["gasUsed"], 16) - opportunity.gas_estimate) < opportunity.gas_estimate // 2
    return block


@pytest.mark.parametrize(("seed", "low", "high"), [(1, 0.9, 0.98), (2, 0.75, 0.9), (3, 1.05, 1.2), (4, 0.5, 0.7)])
async def test_the_executor_earns_what_was_promised(market: Market, seed: int, low: float, high: float) -> None:
    owner = market.world.account("searcher")
    executor = deploy(market, owner)
    shock(market, Random(seed), low, high)
    event, view = await view_of(market)
    strategy = Liquidation(LiquidationSettings())
    first = strategy.evaluate(event, view)
    chosen, after = greedy(event, view, [strategy], limit=100)
    assert first
    assert chosen[0] == first[0] == max(first, key=net_of(view))
    block = await land(market, owner, executor, chosen)
    assert block.timestamp == view.next_timestamp
    follower = LendingMirror(view.lending[market.pool], view.block)
    await follower.advance(block, market.logs(block.number, block.number), market.read)
    assert follower.state == after.lending[market.pool]
    assert await follower.verify(market.read) == []


async def test_debt_in_the_collateral_itself_is_bridged_by_a_flash_loan(market: Market) -> None:
    owner, borrower = market.world.account("searcher"), market.world.account("newcomer")
    executor = deploy(market, owner)
    dai = market.assets["DAI"]
    market.give("DAI", borrower, 100_000 * 10**18)
    amounts = (100_000 * 10**18, 76_900 * 10**18)
    market.send(borrower, market.pool, "supply(address,uint256,address,uint16)", dai, amounts[0], borrower.address, 0)
    market.send(
        borrower, market.pool, "borrow(address,uint256,uint256,uint16,address)", dai, amounts[1], 2, 0, borrower.address
    )
    market.mine()
    rates = abi.pack("(uint16,uint32,uint32,uint32)", 9000, 1000, 400, 4000)
    market.send(market.admin, market.aave.configurator, "setReserveInterestRateData(address,bytes)", dai, rates)
    market.mine()
    market.mine(86_400 * 120)
    event, view = await view_of(market, borrower.address)
    found = Liquidation(LiquidationSettings(keep=1000)).evaluate(event, view)
    (ours,) = [opportunity for opportunity in found if opportunity.borrower == borrower.address]
    assert isinstance(ours.route.funding, FlashLoan)
    await land(market, owner, executor, [ours])
