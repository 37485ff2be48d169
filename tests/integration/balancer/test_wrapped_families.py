"""Wrapped steps as families: read from real contracts, exchanged as they do, refused where they do otherwise."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import ERC4626, WRAPPED_NATIVE, WRAPPED_STAKED, Pool, PoolState
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.artifacts import from_package
from tallyio.devnet.deploy.wrapped import wrapped_contracts
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.family import Family, Learned, Refused
from tallyio.protocols.dex.siblings import FAMILIES
from tallyio.protocols.dex.wrapped import NATIVE

ME = "0x" + "11" * 20
NOW = 1_767_225_600


def _read(real: Any, family: Family, wrapper: str) -> tuple[Pool, PoolState] | Refused:
    pool = family.standing(Deployment("wrapper", family.name, Address(wrapper)))
    assert pool is not None
    reading, answers = family.read(pool), None
    while True:
        try:
            answers = real.answered(reading.send(answers))  # type: ignore[arg-type]
        except StopIteration as end:
            found: Learned | Refused | PoolState = end.value
            if isinstance(found, Refused):
                return found
            return (found.pool, found.state) if isinstance(found, Learned) else (pool, found)


def _known(found: tuple[Pool, PoolState] | Refused) -> tuple[Pool, PoolState]:
    if isinstance(found, Refused):
        raise AssertionError(found.reason)
    return found


def test_native_currency_is_wrapped_one_for_one(real_balancer: Callable[..., Any]) -> None:
    real, family = real_balancer(()), FAMILIES[WRAPPED_NATIVE]
    weth = real.deploy(from_package("uniswap-v2-periphery", "build/WETH9.json"))
    real.send(weth, abi.call("deposit()"), value=10**18)
    pool, state = _known(_read(real, family, weth))
    assert pool.tokens == (NATIVE, weth)
    assert min(family.holdings(pool, state)) > 10**18
    for ends in (pool.tokens, pool.tokens[::-1]):
        for exact_out in (False, True):
            done = family.swap(pool, state, *ends, 12_345, NOW, exact_out=exact_out)
            assert done[:2] == (12_345, 12_345)
        assert family.curve(pool, state, *ends, NOW).output(5.0) == 5.0


def test_vaults_are_told_by_their_previews(real_balancer: Callable[..., Any]) -> None:
    real, draw, family = real_balancer(()), random.Random(4), FAMILIES[ERC4626]
    code = wrapped_contracts()["SavingsVault"]
    for offset in (0, 1, 6, 18):
        token = draw.choice(real.tokens)
        vault = real.deploy(code, "(address,uint8)", token, offset)
        real.call(token, "approve(address,uint256)", vault, 2**256 - 1)
        for _ in range(5):
            pool, state = _known(_read(real, family, vault))
            assert pool.tokens == (token, vault)
            amount = int(10 ** draw.uniform(14, 20))
            done = family.swap(pool, state, Address(token), Address(vault), amount, NOW)
            (shares,) = real.call(vault, "deposit(uint256,address)", amount, ME, returns="(uint256)")
            assert done.amount_out == shares
            real.call(token, "transfer(address,uint256)", vault, int(10 ** draw.uniform(0, 14)))
            pool, state = _known(_read(real, family, vault))
            wanted = amount // 3
            done = family.swap(pool, state, Address(vault), Address(token), wanted, NOW, exact_out=True)
            (burned,) = real.call(vault, "withdraw(uint256,address,address)", wanted, ME, ME, returns="(uint256)")
            assert done.amount_in == burned
            assert _known(_read(real, family, vault))[1] == done.state
            curve = family.curve(pool, state, Address(vault), Address(token), NOW)
            _, held = family.holdings(pool, state)
            exact = family.swap(pool, state, Address(vault), Address(token), held // 3, NOW).amount_out
            assert curve.output(held / 3) == pytest.approx(exact, rel=1e-5)


def test_vaults_that_lend_on_or_round_otherwise_are_refused(real_balancer: Callable[..., Any]) -> None:
    real, family, code = real_balancer(()), FAMILIES[ERC4626], wrapped_contracts()["SavingsVault"]
    token = real.tokens[0]
    for offset, lends, reason in ((0, True, "does not hold its assets"), (20, False, "no rounding known")):
        vault = real.deploy(code, "(address,uint8)", token, offset)
        real.call(token, "approve(address,uint256)", vault, 2**256 - 1)
        real.call(vault, "deposit(uint256,address)", 10**20, ME)
        real.call(token, "transfer(address,uint256)", vault, 12_345)
        if lends:
            real.call(vault, "lend(uint256)", 10**19)
        found = _read(real, family, vault)
        assert isinstance(found, Refused)
        assert reason in found.reason


def test_a_limit_and_an_empty_exchange_are_refused(real_balancer: Callable[..., Any]) -> None:
    real, family, code = real_balancer(()), FAMILIES[ERC4626], wrapped_contracts()["SavingsVault"]
    token = Address(real.tokens[0])
    vault = Address(real.deploy(code, "(address,uint8)", token, 0))
    real.call(token, "approve(address,uint256)", vault, 2**256 - 1)
    real.call(vault, "deposit(uint256,address)", 10**20, ME)
    real.call(token, "transfer(address,uint256)", vault, 10**20)
    real.call(vault, "limit(uint256)", 1000)
    pool, state = _known(_read(real, family, vault))
    for amount, ends in ((1001, (token, vault)), (1, (token, vault)), (10**21, (vault, token)), (5, (token, token))):
        with pytest.raises(ChainDataError):
            family.swap(pool, state, *ends, amount, NOW)
    assert family.curve(pool, state, token, vault, NOW).depth == 1000


def test_staked_ether_is_wrapped_at_the_stand_ins_rate(real_balancer: Callable[..., Any]) -> None:
    real, family, code = real_balancer(()), FAMILIES[WRAPPED_STAKED], wrapped_contracts()
    staked = real.deploy(code["StakedEther"])
    wrapper = real.deploy(code["WrappedStakedEther"], "(address)", staked)
    assert isinstance(_read(real, family, wrapper), Refused)
    real.call(staked, "submit(uint256)", 10**24)
    real.call(staked, "report(uint256)", 1_234_567 * 10**18 + 7)
    real.call(staked, "approve(address,uint256)", wrapper, 2**256 - 1)
    pool, state = _known(_read(real, family, wrapper))
    assert pool.tokens == (staked, wrapper)
    done = family.swap(pool, state, *pool.tokens, 10**20 + 1, NOW)
    assert real.call(wrapper, "wrap(uint256)", 10**20 + 1, returns="(uint256)") == (done.amount_out,)
    with pytest.raises(ChainDataError, match="exact input only"):
        family.swap(pool, state, *pool.tokens, 10, NOW, exact_out=True)
