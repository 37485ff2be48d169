"""Balancer v3's models and its compiled sources: random pools, rates, fees and buffers, wei for wei."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from tallyio.core.units import Address
from tallyio.protocols.dex import balancer_v3_reading
from tallyio.protocols.dex.families import balancer_buffer, balancer_v3
from tallyio.protocols.dex.families.balancer_buffer import Buffer
from tallyio.protocols.dex.families.balancer_v3 import V3Pool
from tallyio.protocols.dex.families.words import SwapRefusedError
from tallyio.protocols.dex.families.wrapped import VaultShares

ONE = 10**18
SWAPS = 8


@pytest.mark.parametrize("kind", ["weighted", "stable"])
def test_pools_trade_as_the_vault_does(real_balancer3: Callable[[], Any], kind: str) -> None:
    _compare(real_balancer3(), kind, seed=1, pools=40)


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["weighted", "stable"])
def test_thousands_of_swaps_are_as_the_vaults(real_balancer3: Callable[[], Any], kind: str) -> None:
    _compare(real_balancer3(), kind, seed=2, pools=500)


def _compare(real: Any, kind: str, seed: int, pools: int) -> None:
    draw, evm, filled, refused = random.Random(seed), real.evm, 0, 0
    for number in range(pools):
        if number % 10 == 0:
            real.tax(draw.choice((0, ONE // 2)), draw.choice((0, ONE // 10)))
        made = real.pool(draw, kind)
        for _ in range(SWAPS if made else 0):
            pool, tokens, providers, _ = made
            for provider in providers:
                if int(provider, 16) and draw.random() < 0.3:
                    evm.call(provider, "set(uint256)", int(ONE * draw.uniform(0.5, 2)))
            known, state = _read(real, pool)
            assert known == tuple(tokens)
            i, j = draw.sample(range(len(tokens)), 2)
            exact_out = draw.random() < 0.5
            amount = int(state.raw[j if exact_out else i] * 10 ** draw.uniform(-9, 0.1))
            try:
                found: int | None = real.swap(pool, tokens[i], tokens[j], amount, exact_out)
            except RuntimeError:
                found = None
            try:
                expected, after = balancer_v3.exchange(state, i, j, amount, evm.now, exact_out=exact_out)
            except SwapRefusedError as e:
                expected, after = None, e.message
            order = f"{amount} of {i} to {j}, exact_out={exact_out}, in {state}: {after}"
            assert found == expected, order
            assert expected is None or _read(real, pool)[1] == after, order
            filled, refused = filled + (found is not None), refused + (found is None)
    assert filled > 3 * pools
    assert refused > pools // 20


def _read(real: Any, pool: str) -> tuple[tuple[Address, ...], V3Pool]:
    reading, answers = balancer_v3_reading.read(Address(real.vault), Address(pool)), None
    while True:
        try:
            answers = real.evm.answered(reading.send(answers))  # type: ignore[arg-type]
        except StopIteration as end:
            found: tuple[tuple[Address, ...], V3Pool] = end.value
            return found


def test_buffers_wrap_as_the_vault_does(real_balancer3: Callable[[], Any]) -> None:
    _compare_buffers(real_balancer3(), seed=3, buffers=30)


@pytest.mark.nightly
def test_thousands_of_wrappings_are_as_the_vaults(real_balancer3: Callable[[], Any]) -> None:
    _compare_buffers(real_balancer3(), seed=4, buffers=250)


def _compare_buffers(real: Any, seed: int, buffers: int) -> None:
    draw, filled, refused, through = random.Random(seed), 0, 0, 0
    for _ in range(buffers):
        offset = draw.choice((0, 0, 3, 12))
        vault, token = real.buffered(draw, offset)
        for _ in range(10):
            if draw.random() < 0.2:
                real.evm.call(token, "transfer(address,uint256)", vault, int(10 ** draw.uniform(3, 22)))
            buffer = _buffer(real, vault, token, offset)
            wraps, exact_out = draw.random() < 0.5, draw.random() < 0.5
            amount = int(10 ** draw.uniform(3, 22.5))
            try:
                found: int | None = real.wrap(vault, token, wraps, amount, exact_out)
            except RuntimeError:
                found = None
            try:
                expected, after = balancer_buffer.exchange(buffer, wraps, amount, exact_out=exact_out)
            except SwapRefusedError:
                expected, after = None, buffer
            order = f"wraps={wraps} exact_out={exact_out} {amount} in {buffer}"
            assert found == expected, order
            assert _buffer(real, vault, token, offset) == after, order
            through += after.vault != buffer.vault
            filled, refused = filled + (found is not None), refused + (found is None)
    assert filled > 5 * buffers
    assert refused > 0
    assert through > buffers // 2


def _buffer(real: Any, vault: str, token: str, offset: int) -> Buffer:
    (assets,) = real.evm.call(vault, "totalAssets()", returns="(uint256)")
    (shares,) = real.evm.call(vault, "totalSupply()", returns="(uint256)")
    stock = real.words("getBufferBalance(address)", "(uint256,uint256)", vault)
    reserves = (real.words("getReservesOf(address)", "(uint256)", each)[0] for each in (token, vault))
    return Buffer(*stock, VaultShares(assets, shares, 10**offset, 1, 2**256 - 1, 2**256 - 1), *reserves)
