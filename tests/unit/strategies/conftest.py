"""A market made by hand: pools with given states, and the view of one block."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tallyio.core.chain import BlockRef, NewBlock
from tallyio.core.pools import V2, V3, WRAPPED_NATIVE, Pool, PoolState, V2State, V3State
from tallyio.core.units import ZERO_ADDRESS, Address, Hash32
from tallyio.hot_path.amm.tick_math import tick_at_sqrt_ratio
from tallyio.market.market import Market
from tallyio.market.reading import PoolsRead
from tallyio.market.view import MarketView
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.dex.wrapped import OneForOne

BLOCK = BlockRef(100, Hash32("0x64"), Hash32("0x63"), 1_700_000_000)
WETH, USDC, DAI, WBTC, LINK = (Address("0x" + f"{i:02x}" * 20) for i in (5, 1, 2, 3, 4))
UNITS = {WETH: 1e18 / 3000, USDC: 1e6, DAI: 1e18, WBTC: 1e8 / 60000, LINK: 1e18 / 15}
"""Units of each token that are worth a dollar."""
NEW_BLOCK = NewBlock(BLOCK, 10**9, 0, 30_000_000, Address("0x" + "00" * 20), ())


class Made:
    """Pools are numbered in the order in which they are added."""

    block, event = BLOCK, NEW_BLOCK
    weth, usdc, dai, wbtc, link = WETH, USDC, DAI, WBTC, LINK

    def __init__(self) -> None:
        self.pools: dict[Address, Pool] = {}
        self.states: dict[Address, PoolState] = {}

    def pair(self, a: Address, b: Address, amount_a: int, amount_b: int, fee_pips: int = 3000) -> Address:
        token0, token1 = sorted((a, b))
        reserves = (amount_a, amount_b) if a == token0 else (amount_b, amount_a)
        name = "uni2" if fee_pips == 3000 else "cake"
        return self._add(V2, name, token0, token1, fee_pips, 0, V2State(*reserves))

    def pool(self, a: Address, b: Address, random: Random, usd: float, drift: float, fee: int, spacing: int) -> Address:
        """Concentrated, with a few random ranges and a full one, at fair value times ``drift``."""
        token0, token1 = sorted((a, b))
        price = UNITS[token1] / UNITS[token0] * drift
        liquidity = usd * (UNITS[token0] * UNITS[token1]) ** 0.5
        sqrt_price = int(price**0.5 * 2**96)
        tick, end = tick_at_sqrt_ratio(sqrt_price), 887272 // spacing * spacing
        nets = {-end: int(liquidity / 5), end: -int(liquidity / 5)}
        for _ in range(random.randint(1, 5)):
            width = random.choice([3, 10, 50])
            low = (tick // spacing - random.randint(0, width)) * spacing
            high, amount = low + random.randint(1, 2 * width) * spacing, int(liquidity * random.uniform(0.2, 2))
            nets[low], nets[high] = nets.get(low, 0) + amount, nets.get(high, 0) - amount
        ticks = tuple(sorted(t for t, n in nets.items() if n))
        here = sum(nets[t] for t in ticks if t <= tick)
        state = V3State(
            sqrt_price, tick, here, ticks, tuple(nets[t] for t in ticks), tuple(abs(nets[t]) for t in ticks)
        )
        return self._add(V3, "uni3", token0, token1, fee, spacing, state)

    def shared(self) -> MarketView:
        """One cheap pair, and two dear ones that both want what it gives."""
        self.pair(WETH, USDC, 10**21, 33 * 10**11)
        self.pair(WETH, USDC, 4 * 10**20, 12 * 10**11, fee_pips=2500)
        self.pair(WETH, USDC, 5 * 10**20, 15 * 10**11, fee_pips=2500)
        return self.view()

    def wrapper(self) -> Address:
        """Of ether."""
        self.pools[WETH] = Pool(WETH, WRAPPED_NATIVE, "weth", (ZERO_ADDRESS, WETH), 0)
        self.states[WETH] = OneForOne()
        return WETH

    def market(self, **limits: Any) -> Market:
        market = Market(DexRegistry([]), WETH, **limits)
        market.start(BLOCK, self.pools.values(), self.states)
        return market

    def view(self, base_fee_wei: int = 10**9, **limits: Any) -> MarketView:
        market = self.market(**limits)
        market.settle(PoolsRead(states={pool: self.states[pool] for pool in market.unread}))
        return market.view(next_base_fee_wei=base_fee_wei, next_timestamp=BLOCK.timestamp + 12)

    def _add(
        self, family: str, name: str, token0: Address, token1: Address, fee: int, spacing: int, state: PoolState
    ) -> Address:
        address = Address(f"0x{0xAB00 + len(self.pools):040x}")
        self.pools[address] = Pool(address, family, name, (token0, token1), fee, spacing)
        self.states[address] = state
        return address


@pytest.fixture
def made() -> Made:
    return Made()


@pytest.fixture
def random_market() -> Callable[[Random, int], Made]:
    """Pools of five tokens whose prices drifted apart by up to two percent."""

    def make(random: Random, count: int) -> Made:
        made = Made()
        for _ in range(count):
            a, b = sorted(random.sample(list(UNITS), 2))
            usd, drift = 10 ** random.uniform(5, 7), random.uniform(0.98, 1.02)
            if random.random() < 0.5:
                fee, spacing = random.choice([(500, 10), (3000, 60), (10000, 200)])
                made.pool(a, b, random, usd, drift, fee, spacing)
            else:
                made.pair(a, b, int(usd * UNITS[a]), int(usd * UNITS[b] * drift), random.choice([3000, 2500]))
        return made

    return make
