"""Balancer v2's models and the published contracts: random pools and swaps, wei for wei, with the reasons of refusals.

After each swap the pool is read anew from the contracts: all that the model says of it must be there.
"""

import random
from collections.abc import Callable, Generator
from typing import Any

import pytest

from tallyio.core.units import Address
from tallyio.protocols.dex import balancer_v2_reading
from tallyio.protocols.dex.families import balancer_stable, balancer_weighted
from tallyio.protocols.dex.families.balancer_stable import StablePool
from tallyio.protocols.dex.families.balancer_weighted import WeightedPool
from tallyio.protocols.dex.families.words import SwapRefusedError

ONE = 10**18
FAMILIES = {
    "weighted": ("weighted_v1", "weighted_v2", "weighted_v3"),
    "stable": ("stable_v1", "stable_v2", "meta_stable"),
    "composable": ("composable_v1", "composable_v2", "composable_v3"),
}
SWAPS = 8


@pytest.mark.parametrize("family", FAMILIES)
def test_random_pools_trade_as_the_contracts_do(real_balancer: Callable[..., Any], family: str) -> None:
    _compare(real_balancer, family, seed=1, pools=30)


@pytest.mark.nightly
@pytest.mark.parametrize("family", FAMILIES)
def test_thousands_of_random_pools_trade_as_the_contracts_do(real_balancer: Callable[..., Any], family: str) -> None:
    _compare(real_balancer, family, seed=2, pools=800)


def _compare(make: Callable[..., Any], family: str, seed: int, pools: int) -> None:
    real, draw, filled, refused = make(FAMILIES[family]), random.Random(seed), 0, 0
    real.tax(ONE * 3 // 10, ONE * 4 // 10)
    for _ in range(pools):
        name = draw.choice(FAMILIES[family])
        pool = real.weighted(draw, name) if family == "weighted" else real.stable(draw, name)
        for _ in range(SWAPS if pool else 0):
            if draw.random() < 0.4:
                real.at(real.now + draw.choice((5, 100, 4000)))
            for provider in pool.providers:
                if draw.random() < 0.2:
                    real.call(provider, "set(uint256)", int(ONE * draw.uniform(0.5, 2)))
            state = _read(real, pool.pool_id)
            i, j = draw.sample(range(len(pool.tokens)), 2)
            exact_out = draw.random() < 0.5
            amount = int(_most(state, j if exact_out else i) * 10 ** draw.uniform(-9, 0.1))
            expected, after = _modelled(state, i, j, amount, real.now, exact_out)
            try:
                found = real.swap(pool.pool_id, pool.tokens[i], pool.tokens[j], amount, exact_out)
            except RuntimeError as e:
                found = str(e)
            order = f"{name}: {amount} of {i} to {j}, exact_out={exact_out}, in {state}"
            assert _same(found, expected), f"{order}: expected {found}, the model says {expected}"
            assert isinstance(expected, str) or _read(real, pool.pool_id) == after, order
            filled, refused = filled + isinstance(found, int), refused + isinstance(found, str)
    assert filled > 4 * pools, f"{filled} filled: too few to judge by"
    assert refused > pools // 10, f"{refused} refused: too few to judge by"


def _modelled(
    state: WeightedPool | StablePool, i: int, j: int, amount: int, now: int, exact_out: bool
) -> tuple[int | str, Any]:
    try:
        if isinstance(state, WeightedPool):
            return balancer_weighted.exchange(state, i, j, amount, exact_out=exact_out)
        return balancer_stable.exchange(state, i, j, amount, now, exact_out=exact_out)
    except SwapRefusedError as e:
        return e.message, None


def _same(found: int | str, expected: int | str) -> bool:
    """Amounts are equal; two refusals have the same reason where both give one by its number."""
    if isinstance(found, int) or isinstance(expected, int):
        return found == expected
    named = found.startswith("BAL#") and expected.startswith("BAL#")
    return not named or found[:7] == expected[:7]


def _most(state: WeightedPool | StablePool, k: int) -> int:
    if isinstance(state, StablePool) and state.shares and k == state.share_index:
        return state.shares.total_supply - state.balances.totals[k]
    return state.balances.totals[k]


def _read(real: Any, pool_id: bytes) -> WeightedPool | StablePool:
    reading: Generator[Any, Any, balancer_v2_reading.Known] = balancer_v2_reading.read(
        Address(real.vault), "0x" + pool_id.hex()
    )
    answers = None
    while True:
        try:
            answers = real.answered(reading.send(answers))
        except StopIteration as end:
            known: balancer_v2_reading.Known = end.value
            return known.state
