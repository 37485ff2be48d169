"""PancakeSwap v3: Uniswap v3's pools with another Swap event; the protocol's part of the fee changes no amount."""

from tallyio.core.pools import PANCAKE_V3
from tallyio.protocols.dex.uniswap_v3 import BURN, INITIALIZE, MINT, POOL_CREATED, UniswapV3

SWAP = "0x19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83"
"""``Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96,
uint128 liquidity, int24 tick, uint128 protocolFeesToken0, uint128 protocolFeesToken1)``"""


class PancakeSwapV3(UniswapV3):
    name = PANCAKE_V3
    typical_gas = 72_000
    swapped = SWAP
    swapped_words = 7
    topics = frozenset({POOL_CREATED, INITIALIZE, SWAP, MINT, BURN})
