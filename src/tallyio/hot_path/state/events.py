"""Pool updates as the eight words that the loop reads."""

from tallyio.core.pools import PairState, V3State

_LIMB = (1 << 64) - 1


def event_words(pool: int, state: PairState, stamp: int = 0) -> tuple[int, ...]:
    """``pool`` is its index; ``stamp`` any number of 64 bits, such as the block's and the log's."""
    if isinstance(state, V3State):
        price, liquidity = state.sqrt_price_x96, state.liquidity
        where = pool | (state.tick & 0xFFFFFFFF) << 32
        return (where, *_limbs(price, 3), *_limbs(liquidity, 2), stamp, 0)
    return (pool, *_limbs(state.reserve0, 2), *_limbs(state.reserve1, 2), 0, stamp, 0)


def _limbs(value: int, count: int) -> tuple[int, ...]:
    return tuple(value >> 64 * i & _LIMB for i in range(count))
