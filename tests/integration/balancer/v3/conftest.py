"""Balancer v3 in a local EVM, compiled from its published sources, with a contract that trades at the vault."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from tallyio.core.units import Address
from tallyio.devnet.artifacts import Artifact
from tallyio.devnet.deploy import balancer_v3
from tallyio.devnet.deploy.tokens import own_contracts
from tallyio.devnet.deploy.wrapped import wrapped_contracts

ME = "0x" + "11" * 20
ZERO = "0x" + "00" * 20
ONE = 10**18
FEE_STEP = 10**11


class RealBalancer3:
    """``evm`` has the tokens; the trader has plenty of all."""

    def __init__(self, evm: Any) -> None:
        self.evm, self._vaults = evm, wrapped_contracts()["SavingsVault"]
        self.trader = evm.deploy(own_contracts()["BalancerV3Trader"])
        nonce = int(evm.evm.basic(ME).nonce)
        self.vault, self.fees = balancer_v3.deploy_vault(self._create, Address(ME), nonce, self.trader)
        for token in evm.tokens:
            evm.call(token, "mint(address,uint256)", self.trader, 2**200)

    def _create(self, code: Artifact, arguments: bytes) -> Address:
        return Address(self.evm.deploy(msgspec.structs.replace(code, creation=code.creation + arguments.hex())))

    def tax(self, swap_fee: int, yield_fee: int) -> None:
        """What the protocol takes of pools made from now on."""
        self.evm.call(self.fees, "setGlobalProtocolSwapFeePercentage(uint256)", swap_fee)
        self.evm.call(self.fees, "setGlobalProtocolYieldFeePercentage(uint256)", yield_fee)

    def pool(self, draw: random.Random, kind: str) -> tuple[str, list[str], list[str], tuple[int, ...]] | None:
        """A pool with liquidity, if it can be: its address, tokens, their rates' providers, and its weights."""
        evm = self.evm
        usable = [token for token in evm.tokens if evm.decimals[token] >= 6]
        tokens = sorted(draw.sample(usable, draw.randint(2, 4)))
        providers = [
            evm.rate_provider(int(ONE * draw.uniform(0.5, 2))) if draw.random() < 0.4 else ZERO for _ in tokens
        ]
        configured = [
            (token, int(provider != ZERO), provider, provider != ZERO and draw.random() < 0.6)
            for token, provider in zip(tokens, providers, strict=True)
        ]
        weights: tuple[int, ...] = ()
        if kind == "weighted":
            parts = [draw.choice((10, 20, 50, 80, draw.randint(1, 100))) for _ in tokens]
            shares = [max(part * ONE // sum(parts), ONE // 100) for part in parts]
            shares[shares.index(max(shares))] += ONE - sum(shares)
            weights = tuple(shares)
            made = balancer_v3.weighted_pool(self._create, self.vault, weights)
        else:
            amp = draw.choice((1, 100, 5000, draw.randint(1, 50_000)))
            made = balancer_v3.stable_pool(self._create, self.vault, amp)
        fee = int(10 ** draw.uniform(13.1, 16.9)) // FEE_STEP * FEE_STEP
        evm.send(self.vault, balancer_v3.registration(made, configured, fee, evm.now + 10**6))
        base = draw.uniform(2, 8)
        amounts = [int(10 ** (base + draw.uniform(-1, 1) + evm.decimals[token])) for token in tokens]
        try:
            evm.call(self.trader, "fill(address,address,address[],uint256[])", self.vault, made, tokens, amounts)
        except RuntimeError:
            return None
        return made, tokens, providers, weights

    def swap(self, pool: str, token_in: str, token_out: str, amount: int, exact_out: bool) -> int:
        order = (int(exact_out), pool, token_in, token_out, amount, 2**255 if exact_out else 0, b"")
        types = "swap(address,(uint8,address,address,address,uint256,uint256,bytes),address)"
        (found,) = self.evm.call(self.trader, types, self.vault, order, self.trader, returns="(uint256)")
        return int(found)

    def buffered(self, draw: random.Random, offset: int) -> tuple[str, str]:
        """A vault of shares with a buffer, and its underlying token."""
        evm = self.evm
        token = draw.choice([token for token in evm.tokens if evm.decimals[token] >= 6])
        vault = evm.deploy(self._vaults, "(address,uint8)", token, offset)
        evm.call(token, "approve(address,uint256)", vault, 2**256 - 1)
        (shares,) = evm.call(vault, "deposit(uint256,address)", 10**24, self.trader, returns="(uint256)")
        evm.call(token, "transfer(address,uint256)", vault, int(10**24 * draw.uniform(0, 1)))
        stock = [int(10 ** draw.choice((draw.uniform(9, 14), draw.uniform(22, 24)))) for _ in range(2)]
        called, kept = "stock(address,address,address,uint256,uint256)", min(stock[1], shares // 4)
        evm.call(self.trader, called, self.vault, vault, token, stock[0], kept)
        return vault, token

    def wrap(self, vault: str, token: str, wraps: bool, amount: int, exact_out: bool) -> int:
        order = (int(exact_out), int(not wraps), vault, amount, 2**255 if exact_out else 0)
        types = "wrap(address,(uint8,uint8,address,uint256,uint256),address)"
        (found,) = self.evm.call(self.trader, types, self.vault, order, token, returns="(uint256)")
        return int(found)

    def words(self, signature: str, returns: str, *arguments: Any) -> Sequence[Any]:
        """What a view of the vault says."""
        return self.evm.call(self.vault, signature, *arguments, returns=returns)


@pytest.fixture(scope="session")
def real_balancer3(real_balancer: Callable[..., Any]) -> Callable[[], RealBalancer3]:
    return lambda: RealBalancer3(real_balancer((), cancun=True))
