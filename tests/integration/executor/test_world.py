"""On the devnet's world: pools with several positions, a token that returns nothing, one that takes a fee."""

from typing import Any

import pytest

from tallyio.core.errors import BugError
from tallyio.core.pools import V2, V3, Pool
from tallyio.core.trade import Route, SwapStep
from tallyio.core.units import ETHER, Address
from tallyio.devnet import abi
from tallyio.execution.deploy import creation_data
from tallyio.execution.plan import decode_execute, execute_calldata


def pool_of(world: Any, protocol: str, a: str, b: str, fee_pips: int) -> Pool:
    tokens = {world.tokens[a].address, world.tokens[b].address}
    found: Pool = next(
        p for p in world.pools if p.protocol == protocol and {p.token0, p.token1} == tokens and p.fee_pips == fee_pips
    )
    return found


def quoted(chain: Any, world: Any, pool: Pool, token_in: Address, amount_in: int) -> SwapStep:
    """A step with the output that QuoterV2, or the constant product over the pair's reserves, gives."""
    token_out = pool.other(token_in)
    if pool.family == V3:
        signature = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
        returns = "(uint256,uint160,uint32,uint256)"
        arguments = (token_in, token_out, amount_in, pool.fee_pips, 0)
        amount_out = chain.ask(world.v3.quoter, signature, arguments, returns=returns)[0]
    else:
        reserves = chain.ask(pool.address, "getReserves()", returns="(uint112,uint112,uint32)")
        here, there = reserves[:2] if token_in == pool.token0 else reserves[1::-1]
        paid = amount_in * (1_000_000 - pool.fee_pips)
        amount_out = paid * there // (here * 1_000_000 + paid)
    return SwapStep(pool.address, pool.family, token_in, token_out, amount_in, amount_out, pool.fee_pips)


@pytest.fixture
def executor(scratch_chain: Any, chain_class: Any) -> Address:
    return Address(chain_class(scratch_chain.anvil.rpc).create(creation_data(scratch_chain.world.weth)))


def test_three_hops_over_three_protocols(scratch_chain: Any, chain_class: Any, executor: Address) -> None:
    chain, world = chain_class(scratch_chain.anvil.rpc), scratch_chain.world
    usdc, usdt = (world.tokens[s].address for s in ("USDC", "USDT"))
    cheap = pool_of(world, "uniswap_v2", "WETH", "USDC", 3000)
    chain.do(usdc, abi.call("mint(address,uint256)", cheap.address, 1_000_000 * 10**6))
    chain.do(cheap.address, abi.call("sync()"))
    path = [
        (cheap, world.weth),
        (pool_of(world, "uniswap_v3", "USDC", "USDT", 100), usdc),
        (pool_of(world, "pancakeswap_v2", "WETH", "USDT", 2500), usdt),
    ]
    amount, steps = 20 * ETHER, []
    for pool, token_in in path:
        steps.append(quoted(chain, world, pool, token_in, amount))
        amount = steps[-1].amount_out
    route = Route(funding=steps[0], inner=tuple(steps[1:]))
    gained = amount - 20 * ETHER
    assert gained > 0
    calldata = execute_calldata(route, gained - 5, 5)
    assert [s.family for s in decode_execute(calldata).route.steps] == [V2, V3, V2]
    chain.do(executor, calldata)
    assert chain.balance(world.weth, executor) == gained - 5
    assert [chain.balance(t, executor) for t in (usdc, usdt)] == [0, 0]


def test_a_token_that_takes_a_fee_costs_nothing_but_gas(
    scratch_chain: Any, chain_class: Any, executor: Address
) -> None:
    chain, world = chain_class(scratch_chain.anvil.rpc), scratch_chain.world
    fee = world.tokens["FEE"].address
    first = quoted(chain, world, pool_of(world, "uniswap_v2", "WETH", "FEE", 3000), world.weth, ETHER)
    out = pool_of(world, "pancakeswap_v2", "FEE", "USDC", 2500)
    second = quoted(chain, world, out, fee, first.amount_out)
    last_pool = pool_of(world, "uniswap_v3", "WETH", "USDC", 500)
    last = quoted(chain, world, last_pool, world.tokens["USDC"].address, second.amount_out)
    calldata = execute_calldata(Route(funding=first, inner=(second, last)), 0, 0)
    arrived = first.amount_out - first.amount_out * 100 // 10_000
    assert chain.refusal(executor, calldata) == (
        f"InsufficientReceived(place=0, kind=1, expected={first.amount_out}, found={arrived})"
    )


def test_a_pool_without_liquidity_makes_no_calldata(scratch_chain: Any, chain_class: Any) -> None:
    chain, world = chain_class(scratch_chain.anvil.rpc), scratch_chain.world
    empty = next(p for p in world.pools if world.odd_pools.get(p.address) == "no liquidity")
    step = quoted(chain, world, empty, empty.token0, ETHER)
    back = quoted(chain, world, pool_of(world, "uniswap_v2", "WETH", "USDC", 3000), world.weth, ETHER)
    with pytest.raises(BugError, match="amount_out is 0"):
        execute_calldata(Route(funding=step, inner=(back,)), 0, 0)
