"""Real pools in a local EVM: pairs and concentrated-liquidity pools as published, with a contract that trades them."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tallyio.core.pools import V2, V3, Pool, PoolState, V2State, V3State
from tallyio.core.units import Address
from tallyio.devnet import abi, solidity
from tallyio.devnet.artifacts import Artifact, from_package, from_source
from tallyio.devnet.deploy.pancake import pancake_contracts
from tallyio.hot_path.amm.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO

ME = "0x" + "11" * 20
SLOT0 = "(uint160,int24,uint16,uint16,uint16,uint8,bool)"
TICK = "(uint128,int128,uint256,uint256,int56,uint160,uint32,bool)"
TRADER = """
pragma solidity ^0.6.0;
interface Token { function transfer(address, uint256) external returns (bool); }
interface Either {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function swap(uint256, uint256, address, bytes calldata) external;
    function swap(address, bool, int256, uint160, bytes calldata) external returns (int256, int256);
    function mint(address, int24, int24, uint128, bytes calldata) external returns (uint256, uint256);
    function burn(int24, int24, uint128) external returns (uint256, uint256);
}
contract Trader {
    function pair(Either pool, bool first, uint256 amount, uint256 out) external {
        Token(first ? pool.token0() : pool.token1()).transfer(address(pool), amount);
        pool.swap(first ? 0 : out, first ? out : 0, address(this), "");
    }
    function swap(Either pool, bool first, int256 amount, uint160 limit) external returns (int256, int256) {
        return pool.swap(address(this), first, amount, limit, "");
    }
    function mint(Either pool, int24 low, int24 high, uint128 amount) external {
        pool.mint(address(this), low, high, amount, "");
    }
    function burn(Either pool, int24 low, int24 high, uint128 amount) external { pool.burn(low, high, amount); }
    function pay(Token token, address to, uint256 amount) external { token.transfer(to, amount); }
    function uniswapV3MintCallback(uint256 a, uint256 b, bytes calldata) external { settle(int256(a), int256(b)); }
    function uniswapV3SwapCallback(int256 a, int256 b, bytes calldata) external { settle(a, b); }
    function settle(int256 a, int256 b) private {
        if (a > 0) Token(Either(msg.sender).token0()).transfer(msg.sender, uint256(a));
        if (b > 0) Token(Either(msg.sender).token1()).transfer(msg.sender, uint256(b));
    }
}
"""
FACTORIES: dict[int, Callable[[], Artifact]] = {
    3000: lambda: from_package("uniswap-v2-core", "build/UniswapV2Factory.json"),
    2500: lambda: pancake_contracts()["PancakeFactory"],
}
"""The pairs' fee in pips and their factory."""


class RealPools:
    """``tokens`` in the order of their addresses, all of whose supply the trader has. Amounts are exact integers."""

    def __init__(self, tokens: int = 4) -> None:
        import pyrevm

        self.evm = pyrevm.EVM()
        self.evm.set_balance(ME, 10**30)
        source = solidity.standard_input({"Trader.sol": TRADER}, runs=200)
        self.trader = self._deploy(from_source("0.6.6", source)["Trader"])
        token = from_package("uniswap-v2-core", "build/ERC20.json")
        supply = abi.pack("(uint256)", 2**255)
        self.tokens = sorted(self._deploy(token, supply) for _ in range(tokens))
        for each in self.tokens:
            self.call(each, "transfer(address,uint256)", self.trader, 2**255)
        core = from_package("uniswap-v3-core", "artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json")
        self._concentrated = self._deploy(core)
        self._pairs = {fee: self._deploy(make(), abi.pack("(address)", ME)) for fee, make in FACTORIES.items()}
        self._spacings = {500: 10, 3000: 60, 10_000: 200}
        self.ticks: dict[str, set[int]] = {}

    def pair(self, a: int, b: int, fee_pips: int, reserves: tuple[int, int]) -> Pool:
        """A constant-product pair of two tokens, by number and in order."""
        ends = self.tokens[a], self.tokens[b]
        (address,) = self.call(self._pairs[fee_pips], "createPair(address,address)", *ends, returns="(address)")
        pool = Pool(Address(address), V2, "pair", (Address(ends[0]), Address(ends[1])), fee_pips)
        self.deposit(pool, reserves)
        return pool

    def deposit(self, pool: Pool, amounts: tuple[int, int]) -> None:
        """Gives a pair more of both tokens."""
        for token, amount in zip((pool.token0, pool.token1), amounts, strict=True):
            self.call(self.trader, "pay(address,address,uint256)", token, pool.address, amount)
        self.call(pool.address, "sync()")

    def concentrated(self, a: int, b: int, fee_pips: int, spacing: int, price: int) -> Pool:
        """A v3 pool without liquidity at a square-root price."""
        if self._spacings.setdefault(fee_pips, spacing) != spacing:
            raise ValueError(f"the fee {fee_pips} has the spacing {self._spacings[fee_pips]}, expected {spacing}")
        if fee_pips not in (500, 3000, 10_000):
            with suppress(RuntimeError):  # enabled by an earlier pool
                self.call(self._concentrated, "enableFeeAmount(uint24,int24)", fee_pips, spacing)
        ends = self.tokens[a], self.tokens[b]
        create = "createPool(address,address,uint24)"
        (address,) = self.call(self._concentrated, create, *ends, fee_pips, returns="(address)")
        self.call(address, "initialize(uint160)", price)
        self.ticks[address] = set()
        return Pool(Address(address), V3, "concentrated", (Address(ends[0]), Address(ends[1])), fee_pips, spacing)

    def mint(self, pool: Pool, low: int, high: int, liquidity: int) -> bool:
        """Whether the pool took the position."""
        return self._position("mint", pool, low, high, liquidity)

    def burn(self, pool: Pool, low: int, high: int, liquidity: int) -> bool:
        return self._position("burn", pool, low, high, liquidity)

    def _position(self, what: str, pool: Pool, low: int, high: int, liquidity: int) -> bool:
        try:
            self.call(self.trader, f"{what}(address,int24,int24,uint128)", pool.address, low, high, liquidity)
        except RuntimeError:
            return False
        self.ticks[pool.address] |= {low, high}
        return True

    def state(self, pool: Pool) -> PoolState:
        """What the contract's own storage says."""
        if pool.family == V2:
            return V2State(*self.call(pool.address, "getReserves()", returns="(uint112,uint112,uint32)")[:2])
        price, tick, *_ = self.call(pool.address, "slot0()", returns=SLOT0)
        (liquidity,) = self.call(pool.address, "liquidity()", returns="(uint128)")
        found = {}
        for place in sorted(self.ticks[pool.address]):
            gross, net, *_ = self.call(pool.address, "ticks(int24)", place, returns=TICK)
            if gross:
                found[place] = net
        return V3State(price, tick, liquidity, tuple(found), tuple(found.values()))

    def sell(self, pool: Pool, zero_for_one: bool, amount: int, out: int = 0) -> int:
        """What the pool pays for ``amount``, whole; of a pair ``out`` is asked. Raises ``RuntimeError`` on a revert."""
        if pool.family == V2:
            order = (pool.address, zero_for_one, amount, out)
            self.call(self.trader, "pair(address,bool,uint256,uint256)", *order)
            return out
        taken, paid = self.swap(pool, zero_for_one, amount)
        if taken != amount:
            raise RuntimeError(f"the pool took {taken} of {amount}")
        return paid

    def swap(self, pool: Pool, zero_for_one: bool, amount: int, limit: int = 0) -> tuple[int, int]:
        """What a v3 pool takes and pays; an ``amount`` below zero is wanted. Raises ``RuntimeError`` on a revert."""
        bound = limit or (MIN_SQRT_RATIO + 1 if zero_for_one else MAX_SQRT_RATIO - 1)
        signature = "swap(address,bool,int256,uint160)"
        order = (pool.address, zero_for_one, amount, bound)
        moved = self.call(self.trader, signature, *order, returns="(int256,int256)")
        return (moved[0], -moved[1]) if zero_for_one else (moved[1], -moved[0])

    def snapshot(self) -> Any:
        return self.evm.snapshot()

    def revert(self, before: Any) -> None:
        self.evm.revert(before)

    def call(self, to: str, signature: str, *arguments: Any, returns: str = "") -> tuple[Any, ...]:
        before = self.evm.snapshot()
        try:
            answer = self.evm.message_call(ME, to, calldata=abi.call(signature, *arguments))
        except RuntimeError:
            self.evm.revert(before)
            raise
        self.evm.commit()
        return abi.unpack(returns, bytes(answer)) if returns else ()

    def _deploy(self, artifact: Artifact, arguments: bytes = b"") -> str:
        return str(self.evm.deploy(ME, artifact.code(arguments=arguments))).lower()


@pytest.fixture(scope="session")
def real_pools() -> Callable[..., RealPools]:
    """Makes an EVM with factories, tokens and a trader, and no pool yet."""
    return RealPools
