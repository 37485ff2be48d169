"""Uniswap v3: what the logs of its factory and pools mean."""

from tallyio.core.chain import Log
from tallyio.core.deltas import PoolDiscovered, V3Initialized, V3LiquidityChanged, V3Swapped
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V3, Pool
from tallyio.core.units import PIPS
from tallyio.hot_path.amm.tick_math import MAX_TICK, MIN_TICK
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.words import address_word, signed, topic, unsigned, words

POOL_CREATED = "0x783cca1c0412dd0d695e784568c96da2e9c22ff989357a2e8b1d9b2b4e6b7118"
"""``PoolCreated(address indexed token0, address indexed token1, uint24 indexed fee, int24 tickSpacing,
address pool)``"""
INITIALIZE = "0x98636036cb66a9c19a37435efc1e90142190214e8abeb821bdba3f2990dd4c95"
"""``Initialize(uint160 sqrtPriceX96, int24 tick)``"""
SWAP = "0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"
"""``Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96,
uint128 liquidity, int24 tick)``"""
MINT = "0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde"
"""``Mint(address sender, address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount,
uint256 amount0, uint256 amount1)``"""
BURN = "0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c"
"""``Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0,
uint256 amount1)``"""


def decode(log: Log) -> V3Initialized | V3Swapped | V3LiquidityChanged | None:
    """What happened to a pool; ``None`` for other events. Raises ``ChainDataError`` for one of another shape."""
    match log.topics[0] if log.topics else "":
        case t if t == SWAP:
            _, _, sqrt_price, liquidity, tick = words(log, 3, 5)
            return V3Swapped(log.address, unsigned(sqrt_price, 160), _tick(tick), unsigned(liquidity, 128))
        case t if t == MINT:
            _, amount, _, _ = words(log, 4, 4)
            return _liquidity(log, unsigned(amount, 128))
        case t if t == BURN:
            amount, _, _ = words(log, 4, 3)
            return _liquidity(log, -unsigned(amount, 128))
        case t if t == INITIALIZE:
            sqrt_price, tick = words(log, 1, 2)
            return V3Initialized(log.address, unsigned(sqrt_price, 160), _tick(tick))
    return None


def discover(log: Log, deployment: Deployment) -> PoolDiscovered | None:
    """The pool that the factory announces; ``None`` for other events of it."""
    if not log.topics or log.topics[0] != POOL_CREATED:
        return None
    spacing, pool = words(log, 4, 2)
    token0, token1, fee = topic(log, 1), topic(log, 2), topic(log, 3)
    tick_spacing = signed(spacing, 24)
    if token0 >= token1 or not 0 <= fee < PIPS or tick_spacing <= 0:
        raise ChainDataError(f"the factory {log.address} announced a pool that Uniswap v3 cannot have")
    return PoolDiscovered(
        Pool(
            address=address_word(pool),
            family=V3,
            protocol=deployment.protocol,
            token0=address_word(token0),
            token1=address_word(token1),
            fee_pips=fee,
            tick_spacing=tick_spacing,
        )
    )


def _liquidity(log: Log, delta: int) -> V3LiquidityChanged:
    lower, upper = _tick(topic(log, 2)), _tick(topic(log, 3))
    if lower >= upper:
        raise ChainDataError(f"log {log.log_index} of transaction {log.tx_hash}: a position from {lower} to {upper}")
    return V3LiquidityChanged(log.address, lower, upper, delta)


def _tick(word: int) -> int:
    tick = signed(word, 24)
    if not MIN_TICK <= tick <= MAX_TICK:
        raise ChainDataError(f"expected a tick between {MIN_TICK} and {MAX_TICK}, found {tick}")
    return tick
