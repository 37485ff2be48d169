"""The model of a sandwicher swaps as the families say, in pools of every kind that a known router trades in."""

from collections.abc import Callable
from typing import Any

import pytest

from tallyio.core.clock import seeded
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool, PoolState
from tallyio.core.trade import SwapStep
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.execution.steps import nothing, pack_swap
from tallyio.market.market import Market
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.reports.sandwich_bench import model_creation
from tallyio.strategies.base import swap_step

ME = Address("0x" + "11" * 20)
WETH = Address("0x" + "ee" * 20)


def packed(steps: list[SwapStep]) -> bytes:
    found, given = b"", nothing(WETH)
    for place, step in enumerate(steps):
        found += pack_swap(step, place, given)
        given = given.after(step)
    return found


@pytest.mark.parametrize("name", ["uniswap_v2", "pancakeswap_v2", "uniswap_v3", "pancakeswap_v3"])
def test_there_and_back_bring_what_is_told(make_bench: Callable[[str], Any], name: str) -> None:
    bench, random = make_bench(name), seeded(11, name)
    chain = bench.chain
    model = Address(str(chain.evm.deploy(ME, model_creation(WETH))).lower())
    market = Market(DexRegistry([bench.deployment]), WETH)
    market.start(chain.head)
    for _ in range(12):
        bench.create(random)
    market.apply(chain.block())

    def held(token: Address) -> int:
        return int(chain.call(token, "balanceOf(address)", model, returns="(uint256)")[0])

    def trade(what: str, pool: Pool, state: PoolState, sold: Address, amount: int, exact_out: bool) -> tuple[int, Any]:
        bought = pool.other(sold)
        done = swap(pool, state, sold, bought, amount, chain.time, exact_out=exact_out)
        step = swap_step(pool, sold, bought, done.amount_in, done.amount_out, exact_out=exact_out)
        if what == "front":
            chain.call(chain.trader, "pay(address,address,uint256)", sold, model, done.amount_in)
        before, spent = held(bought), held(sold)
        (got,) = chain.call(model, f"{what}(bytes)", packed([step]), returns="(uint256)")
        assert got == held(bought) - before == done.amount_out
        assert spent - held(sold) == done.amount_in
        return got, done.state

    traded = 0
    for pool in list(market.pools.values()):
        state = market.states.get(pool.address)
        if state is None:
            continue
        sold, bought = random.sample(pool.tokens, 2)
        exact_out = random.random() < 0.4
        try:
            amount = swap(pool, state, sold, bought, 10**6, chain.time).amount_out if exact_out else 10**6
            opened = trade("front", pool, state, sold, amount, exact_out)
            trade("back", pool, opened[1], bought, opened[0], False)
        except ChainDataError:
            continue
        traded += 1
    assert traded > 2


def test_a_step_of_another_kind_is_refused(make_bench: Callable[[str], Any]) -> None:
    bench = make_bench("uniswap_v2")
    model = Address(str(bench.chain.evm.deploy(ME, model_creation(WETH))).lower())
    step = SwapStep(ME, "liquidity_book", WETH, bench.chain.tokens[0], 1, 1, 0, detail=(1,))
    with pytest.raises(RuntimeError, match=abi.call("NotPlain(uint256)", 0).hex()[:8]):
        bench.chain.call(model, "front(bytes)", packed([step]))
