"""Wrapped steps and their contracts: OpenZeppelin's ERC-4626 vault, and the stand-in for wrapped staked ether."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from tallyio.devnet.deploy.wrapped import wrapped_contracts
from tallyio.protocols.dex.families import wrapped
from tallyio.protocols.dex.families.words import SwapRefusedError
from tallyio.protocols.dex.families.wrapped import StakedRate, VaultShares

ME = "0x" + "11" * 20
CALLS = {
    (True, False): "deposit(uint256,address)",
    (True, True): "mint(uint256,address)",
    (False, False): "redeem(uint256,address,address)",
    (False, True): "withdraw(uint256,address,address)",
}


def test_vaults_round_as_openzeppelins_does(real_balancer: Callable[..., Any]) -> None:
    _compare_vaults(real_balancer, seed=1, vaults=40)


@pytest.mark.nightly
def test_thousands_of_vaults_round_as_openzeppelins_does(real_balancer: Callable[..., Any]) -> None:
    _compare_vaults(real_balancer, seed=2, vaults=500)


def _compare_vaults(make: Callable[..., Any], seed: int, vaults: int) -> None:
    real, draw, code = make(()), random.Random(seed), wrapped_contracts()["SavingsVault"]
    filled = refused = 0
    for _ in range(vaults):
        token, offset = draw.choice(real.tokens), draw.choice((0, 0, 1, 6, 12))
        vault = real.deploy(code, "(address,uint8)", token, offset)
        real.call(token, "approve(address,uint256)", vault, 2**256 - 1)
        state = _state(real, vault, token, offset)
        for _ in range(8):
            if draw.random() < 0.3:
                real.call(token, "transfer(address,uint256)", vault, int(10 ** draw.uniform(0, 22)))
            if draw.random() < 0.2:
                real.call(vault, "limit(uint256)", int(10 ** draw.uniform(3, 30)))
            state = _state(real, vault, token, offset)
            enters, exact_out = draw.random() < 0.6, draw.random() < 0.5
            most = 10**22 if enters else (state.assets if exact_out else state.shares)
            amount = int(max(most, 1) * 10 ** draw.uniform(-12, 0.1)) + 1
            receivers = (ME,) if enters else (ME, ME)
            try:
                (found,) = real.call(vault, CALLS[enters, exact_out], amount, *receivers, returns="(uint256)")
            except RuntimeError:
                found = None
            try:
                expected, after = wrapped.exchange_shares(state, enters, amount, exact_out=exact_out)
            except SwapRefusedError:
                expected, after = None, state
            order = f"enters={enters} exact_out={exact_out} {amount} in {state}"
            assert found == expected, order
            assert _state(real, vault, token, offset) == after, order
            filled, refused = filled + (found is not None), refused + (found is None)
    assert filled > 4 * vaults
    assert refused > vaults // 10


def _state(real: Any, vault: str, token: str, offset: int) -> VaultShares:
    def read(signature: str, *arguments: Any) -> int:
        (value,) = real.call(vault, signature, *arguments, returns="(uint256)")
        return int(value)

    limits = read("maxDeposit(address)", ME), read("maxMint(address)", ME)
    return VaultShares(read("totalAssets()"), read("totalSupply()"), 10**offset, 1, *limits)


def test_staked_ether_wraps_and_unwraps_as_the_stand_in_does(real_balancer: Callable[..., Any]) -> None:
    real, draw, code = real_balancer(()), random.Random(3), wrapped_contracts()
    staked = real.deploy(code["StakedEther"])
    token = real.deploy(code["WrappedStakedEther"], "(address)", staked)
    real.call(staked, "submit(uint256)", 10**24)
    real.call(staked, "approve(address,uint256)", token, 2**256 - 1)
    real.call(token, "wrap(uint256)", 10**23)
    for _ in range(300):
        real.call(staked, "report(uint256)", int(10**24 * draw.uniform(0.5, 3)))
        ether, shares = (
            int(real.call(staked, f"{n}()", returns="(uint256)")[0]) for n in ("getTotalPooledEther", "getTotalShares")
        )
        rate, amount = StakedRate(ether, shares), int(10 ** draw.uniform(0, 22))
        (found,) = real.call(token, "wrap(uint256)", amount, returns="(uint256)")
        assert found == wrapped.wrap_staked(rate, amount)
        other = f"0x{draw.getrandbits(160):040x}"
        real.call(token, "transfer(address,uint256)", other, amount)
        real.caller = other
        real.call(token, "unwrap(uint256)", amount)
        real.caller = ME
        arrived = real.call(staked, "balanceOf(address)", other, returns="(uint256)")
        assert arrived == (wrapped.unwrap_staked(rate, amount),)
