"""Balancer's linear pools over ERC-4626 vaults, and the published contracts: random targets, rates and swaps."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from tallyio.devnet.deploy.wrapped import wrapped_contracts
from tallyio.protocols.dex.families import balancer_linear
from tallyio.protocols.dex.families.balancer_linear import MAIN, SHARES, WRAPPED, LinearPool
from tallyio.protocols.dex.families.balancer_vault import balances
from tallyio.protocols.dex.families.words import SwapRefusedError

ME = "0x" + "11" * 20
GENERATIONS = ("linear_v2", "linear_v3")


def test_linear_pools_trade_as_the_contracts_do(real_balancer: Callable[..., Any]) -> None:
    _compare(real_balancer, seed=1, pools=30)


@pytest.mark.nightly
def test_thousands_of_linear_swaps_are_as_the_contracts_do(real_balancer: Callable[..., Any]) -> None:
    _compare(real_balancer, seed=2, pools=300)


def _compare(make: Callable[..., Any], seed: int, pools: int) -> None:
    real, draw, code = make(GENERATIONS), random.Random(seed), wrapped_contracts()["SavingsVault"]
    filled = refused = 0
    for _ in range(pools):
        main = draw.choice(real.tokens)
        vault = real.deploy(code, "(address,uint8)", main, 0)
        for spender, token in ((vault, main), (real.vault, vault)):
            real.call(token, "approve(address,uint256)", spender, 2**256 - 1)
        unit = 10 ** real.decimals[main]
        real.call(vault, "deposit(uint256,address)", 10**7 * unit, ME)
        real.call(main, "transfer(address,uint256)", vault, int(draw.uniform(0, 10**7) * unit))
        name, upper = draw.choice(GENERATIONS), draw.choice((0, draw.randint(0, 10**6))) * 10**18
        protocol = (0,) if name == "linear_v3" else ()
        kinds = "address,address,uint256,uint256,address" + (",uint256" if protocol else "")
        fee = int(10 ** draw.uniform(12, 16.9))
        pool, pool_id = real.create(name, kinds, main, vault, upper, fee, ME, *protocol)
        tokens, _ = real.balances(pool_id)
        roles = tuple(SHARES if token == pool else MAIN if token == main else WRAPPED for token in tokens)
        for turn in range(10):
            if draw.random() < 0.3:
                real.call(main, "transfer(address,uint256)", vault, int(draw.uniform(0, 10**6) * unit))
            state = _state(real, pool, pool_id, roles, unit, fee)
            i, j = draw.sample(range(3), 2)
            exact_out = turn > 1 and draw.random() < 0.5
            if turn < 2:  # first liquidity
                i, j = (roles.index(WRAPPED if turn else MAIN), roles.index(SHARES))
            given = j if exact_out else i
            held = state.balances.totals[given] if roles[given] != SHARES else _outside(state)
            amount = int((held if turn > 1 else 10**5 * unit) * 10 ** draw.uniform(-9, 0.1)) + 1
            try:
                found: int | str = real.swap(pool_id, tokens[i], tokens[j], amount, exact_out)
            except RuntimeError as e:
                found = str(e)
            try:
                expected, after = balancer_linear.exchange(state, i, j, amount, exact_out=exact_out)
            except SwapRefusedError:
                expected = None
            order = f"{name}: {amount} of {roles[i]} to {roles[j]}, exact_out={exact_out}, in {state}"
            assert (found if isinstance(found, int) else None) == expected, f"{order}: {found}"
            if expected is not None:
                assert _state(real, pool, pool_id, roles, unit, fee) == after, order
            filled, refused = filled + isinstance(found, int), refused + isinstance(found, str)
    assert filled > 3 * pools
    assert refused > 0


def _outside(state: LinearPool) -> int:
    return state.total_supply - state.balances.totals[state.roles.index(SHARES)]


def _state(real: Any, pool: str, pool_id: bytes, roles: tuple[str, ...], unit: int, fee: int) -> LinearPool:
    _, totals = real.balances(pool_id)
    (rate,) = real.call(pool, "getWrappedTokenRate()", returns="(uint256)")
    (supply,) = real.call(pool, "totalSupply()", returns="(uint256)")
    lower, upper = real.call(pool, "getTargets()", returns="(uint256,uint256)")
    scale = 10**18 // unit
    scales = tuple(1 if role == SHARES else scale for role in roles)
    return LinearPool(balances(totals), roles, scales, rate, fee, lower, upper, supply)
