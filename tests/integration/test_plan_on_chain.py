"""A whole plan on the devnet's contracts: every trade of it lands in one block and gains exactly what was predicted."""

from typing import Any

import pytest

from tallyio.chains.blocks import header, logs
from tallyio.core.chain import NewBlock
from tallyio.core.clock import seeded
from tallyio.core.executor_events import EXECUTED
from tallyio.core.pools import V2, V2State, V3State
from tallyio.core.units import address
from tallyio.devnet import abi
from tallyio.execution.deploy import creation_data
from tallyio.execution.plan import execute_calldata
from tallyio.market.market import Market
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.strategies.arbitrage import Arbitrage, ArbitrageSettings
from tallyio.strategies.greedy import greedy

GAS = 6_000_000


class Bench:
    """The world's node, with transactions of unlocked accounts."""

    def __init__(self, chain: Any) -> None:
        self.world, self.anvil, self.rpc = chain.world, chain.anvil, chain.anvil.rpc

    def block(self, number: int) -> NewBlock:
        raw = self.rpc.call("eth_getBlockByNumber", hex(number), False)
        return header(raw).block(logs(self.rpc.call("eth_getLogs", {"blockHash": raw["hash"]})))

    def send(self, sender: str, to: str | None, data: bytes, value: int = 0) -> str:
        self.rpc.call("anvil_impersonateAccount", sender)
        fields = {"from": sender, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(GAS)}
        target = {"to": to} if to else {}
        return str(self.rpc.call("eth_sendTransaction", {**fields, **target, "maxFeePerGas": hex(10**12)}))

    def receipt(self, tx: str) -> dict[str, Any]:
        found: dict[str, Any] = self.rpc.call("eth_getTransactionReceipt", tx)
        return found

    def disturb(self, market: Market, seed: int) -> None:
        """Large orders that push pools apart."""
        random, world = seeded(seed, "disturb"), self.world
        odd = {t.address for t in world.tokens.values() if t.transfer_fee_bps}
        for pool in random.sample(list(market.pools.values()), 14):
            state = market.states.get(pool.address)
            if pool.address in market.untradable or odd & {pool.token0, pool.token1} or state is None:
                continue
            trader = world.account("trader", random.randrange(world.sizes.traders)).address
            token = random.choice((pool.token0, pool.token1))
            path = [token, pool.other(token)]
            if isinstance(state, V2State):
                depth = state.reserve0 if token == pool.token0 else state.reserve1
                call = abi.call(
                    "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
                    depth // random.choice([80, 200, 400]), 0, path, trader, 2**40,
                )  # fmt: skip
                self.send(trader, world.factory(pool.protocol).routers[0], call)
            else:
                assert isinstance(state, V3State)
                price = state.sqrt_price_x96
                depth = (state.liquidity << 96) // price if token == pool.token0 else state.liquidity * price >> 96
                order = (*path, pool.fee_pips, trader, 2**40, depth // random.choice([80, 200, 400]), 0, 0)
                kind = "((address,address,uint24,address,uint256,uint256,uint256,uint160))"
                self.send(trader, world.v3.router, abi.call("exactInputSingle" + kind, order))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_plan_lands_whole_and_gains_what_it_says(scratch_chain: Any, seed: int) -> None:
    bench = Bench(scratch_chain)
    world, registry = (
        bench.world,
        DexRegistry([Deployment(f.name, f.family, f.address, f.fee_pips) for f in scratch_chain.world.factories]),
    )
    listed = {t.address: "takes a fee on transfer" for t in world.tokens.values() if t.transfer_fee_bps}
    market = Market(registry, world.weth, untradable_tokens=listed)
    market.start(bench.block(world.start_block - 1).block)
    for number in range(world.start_block, bench.anvil.mine() + 1):
        market.apply(bench.block(number))
    owner = world.searchers[0].address
    created = bench.send(owner, None, creation_data(world.weth))
    market.apply(bench.block(bench.anvil.mine()))
    executor = address(bench.receipt(created)["contractAddress"])
    bench.disturb(market, seed)
    event = bench.block(bench.anvil.mine())
    market.apply(event)

    view = market.view(next_base_fee_wei=event.base_fee_wei, next_timestamp=event.block.timestamp + 12)
    plan, left = greedy(event, view, [Arbitrage(ArbitrageSettings(min_profit_wei=10**14))])
    sent = [bench.send(owner, executor, execute_calldata(o.route, o.gross_wei, 0)) for o in plan]
    market.apply(bench.block(bench.anvil.mine()))

    assert len(plan) >= 3
    for opportunity, tx in zip(plan, sent, strict=True):
        receipt = bench.receipt(tx)
        assert int(receipt["status"], 16) == 1
        gained = next(e for e in receipt["logs"] if e["topics"][0] == EXECUTED)
        assert int(gained["data"][2:66], 16) == opportunity.gross_wei
        assert 0.6 < int(receipt["gasUsed"], 16) / opportunity.gas_estimate < 1.6
    assert dict(market.states) == dict(left.states)
    assert {step.family for o in plan for step in o.route.steps} >= {V2}
