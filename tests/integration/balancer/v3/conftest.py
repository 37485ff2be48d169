"""Balancer v3 in a local EVM, compiled from its published sources, with a contract that trades at the vault."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tallyio.chains.addresses import created_by
from tallyio.core.units import Address
from tallyio.devnet import solidity
from tallyio.devnet.artifacts import from_source
from tallyio.devnet.deploy.balancer_v3 import balancer_v3_contracts, is_compiled
from tallyio.devnet.deploy.wrapped import wrapped_contracts

ME = "0x" + "11" * 20
ZERO = "0x" + "00" * 20
ONE = 10**18
FEE_STEP = 10**11
ROLES, LIQUIDITY = (ZERO, ZERO, ZERO), (False, False, False, False)
TRADER = """
pragma solidity 0.8.30;
interface IToken { function transfer(address, uint256) external returns (bool); }
struct SwapOrder {
    uint8 kind; address pool; address tokenIn; address tokenOut; uint256 amount; uint256 limit; bytes data;
}
struct WrapOrder { uint8 kind; uint8 direction; address wrapped; uint256 amount; uint256 limit; }
interface IVault {
    function unlock(bytes calldata) external returns (bytes memory);
    function settle(address, uint256) external returns (uint256);
    function sendTo(address, address, uint256) external;
    function swap(SwapOrder memory) external returns (uint256, uint256, uint256);
    function erc4626BufferWrapOrUnwrap(WrapOrder memory) external returns (uint256, uint256, uint256);
    function initialize(address, address, address[] memory, uint256[] memory, uint256, bytes memory)
        external returns (uint256);
    function initializeBuffer(address, uint256, uint256, uint256, address) external returns (uint256);
}
contract AllowAll { function canPerform(bytes32, address, address) external pure returns (bool) { return true; } }
contract Trader {
    IVault private immutable vault;
    constructor(IVault vault_) { vault = vault_; }
    function swap(SwapOrder memory order) external returns (uint256) {
        return abi.decode(vault.unlock(abi.encodeCall(this.swapping, (order))), (uint256));
    }
    function swapping(SwapOrder memory order) external returns (uint256) {
        (uint256 found, uint256 paid, uint256 out) = vault.swap(order);
        _settle(order.tokenIn, paid);
        vault.sendTo(order.tokenOut, address(this), out);
        return found;
    }
    function wrap(WrapOrder memory order, address underlying) external returns (uint256) {
        return abi.decode(vault.unlock(abi.encodeCall(this.wrapping, (order, underlying))), (uint256));
    }
    function wrapping(WrapOrder memory order, address underlying) external returns (uint256) {
        (uint256 found, uint256 paid, uint256 out) = vault.erc4626BufferWrapOrUnwrap(order);
        bool wraps = order.direction == 0;
        _settle(wraps ? underlying : order.wrapped, paid);
        vault.sendTo(wraps ? order.wrapped : underlying, address(this), out);
        return found;
    }
    function fill(address pool, address[] memory tokens, uint256[] memory amounts) external {
        vault.unlock(abi.encodeCall(this.filling, (pool, tokens, amounts)));
    }
    function filling(address pool, address[] memory tokens, uint256[] memory amounts) external {
        vault.initialize(pool, address(this), tokens, amounts, 0, "");
        for (uint256 k; k < tokens.length; k++) _settle(tokens[k], amounts[k]);
    }
    function stock(address wrapped, address underlying, uint256 assets, uint256 shares) external {
        vault.unlock(abi.encodeCall(this.stocking, (wrapped, underlying, assets, shares)));
    }
    function stocking(address wrapped, address underlying, uint256 assets, uint256 shares) external {
        vault.initializeBuffer(wrapped, assets, shares, 0, address(this));
        _settle(underlying, assets);
        _settle(wrapped, shares);
    }
    function _settle(address token, uint256 amount) private {
        if (amount == 0) return;
        IToken(token).transfer(address(vault), amount);
        vault.settle(token, amount);
    }
}
"""


class RealBalancer3:
    """``evm`` has the tokens; the trader has plenty of all."""

    def __init__(self, evm: Any) -> None:
        self.evm, code = evm, balancer_v3_contracts()
        own = from_source("0.8.30", solidity.standard_input({"Trader.sol": TRADER}, evm_version="cancun"))
        self._code, self._vaults = code, wrapped_contracts()["SavingsVault"]
        allow = evm.deploy(own["AllowAll"])
        nonce = int(evm.evm.basic(ME).nonce)
        self.vault = created_by(Address(ME), nonce + 3)
        admin = evm.deploy(
            code["VaultAdmin"],
            "(address,uint32,uint32,uint256,uint256)",
            self.vault,
            90 * 86400,
            30 * 86400,
            10**6,
            10**4,
        )
        extension = evm.deploy(code["VaultExtension"], "(address,address)", self.vault, admin)
        self.fees = evm.deploy(code["ProtocolFeeController"], "(address,uint256,uint256)", self.vault, 0, 0)
        made = evm.deploy(code["Vault"], "(address,address,address)", extension, allow, self.fees)
        assert made == self.vault
        self.trader = evm.deploy(own["Trader"], "(address)", self.vault)
        for token in evm.tokens:
            evm.call(token, "mint(address,uint256)", self.trader, 2**200)

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
            weights, least = tuple(shares), [10**6] * len(tokens)
            types = "((string,string,uint256,uint256[],string,uint256[]),address)"
            made = evm.deploy(
                self._code["WeightedPool"], types, ("P", "P", len(tokens), shares, "1", least), self.vault
            )
        else:
            amp = draw.choice((1, 100, 5000, draw.randint(1, 50_000)))
            made = evm.deploy(
                self._code["StablePool"], "((string,string,uint256,string),address)", ("P", "P", amp, "1"), self.vault
            )
        fee = int(10 ** draw.uniform(13.1, 16.9)) // FEE_STEP * FEE_STEP
        register = (
            "registerPool(address,(address,uint8,address,bool)[],uint256,uint32,bool,(address,address,address),"
            "address,(bool,bool,bool,bool))"
        )
        evm.call(self.vault, register, made, configured, fee, evm.now + 10**6, False, ROLES, ZERO, LIQUIDITY)
        base = draw.uniform(2, 8)
        amounts = [int(10 ** (base + draw.uniform(-1, 1) + evm.decimals[token])) for token in tokens]
        try:
            evm.call(self.trader, "fill(address,address[],uint256[])", made, tokens, amounts)
        except RuntimeError:
            return None
        return made, tokens, providers, weights

    def swap(self, pool: str, token_in: str, token_out: str, amount: int, exact_out: bool) -> int:
        order = (int(exact_out), pool, token_in, token_out, amount, 2**255 if exact_out else 0, b"")
        types = "swap((uint8,address,address,address,uint256,uint256,bytes))"
        (found,) = self.evm.call(self.trader, types, order, returns="(uint256)")
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
        evm.call(
            self.trader, "stock(address,address,uint256,uint256)", vault, token, stock[0], min(stock[1], shares // 4)
        )
        return vault, token

    def wrap(self, vault: str, token: str, wraps: bool, amount: int, exact_out: bool) -> int:
        order = (int(exact_out), int(not wraps), vault, amount, 2**255 if exact_out else 0)
        types = "wrap((uint8,uint8,address,uint256,uint256),address)"
        (found,) = self.evm.call(self.trader, types, order, token, returns="(uint256)")
        return int(found)

    def words(self, signature: str, returns: str, *arguments: Any) -> Sequence[Any]:
        """What a view of the vault says."""
        return self.evm.call(self.vault, signature, *arguments, returns=returns)


@pytest.fixture(scope="session")
def real_balancer3(real_balancer: Callable[..., Any], request: pytest.FixtureRequest) -> Callable[[], RealBalancer3]:
    """Compiles where nightly tests are asked for; else it skips until that was done once."""
    nightly = "nightly" in (request.config.option.markexpr or "").replace("not nightly", "")
    if not nightly and not is_compiled():
        pytest.skip("Balancer v3 is not compiled yet: it takes two minutes, once, in `make nightly`")
    return lambda: RealBalancer3(real_balancer((), cancun=True))
