"""How much a pool holds, in wrapped ether: what decides whether it takes part in cycles. No amount is made of it."""

from collections.abc import Callable

from tallyio.core.pools import Pool, PoolState, V2State
from tallyio.core.units import Address

_Q96 = 2**96


def liquidity_wei(pool: Pool, state: PoolState | None, weth: Address, rate: Callable[[Address], float]) -> int:
    """The pool's reserve of wrapped ether; without that side, the larger of what its two reserves come to at ``rate``
    (wrapped ether for a unit of the token at the margin, 0 where there is no way). A v3 pool counts with its virtual
    reserves at its price: those of a v2 pool of the same depth there.
    """
    if state is None:
        return 0
    reserves = reserves_of(state)
    tokens = (pool.token0, pool.token1)
    if weth in tokens:
        return reserves[tokens.index(weth)]
    return max(int(reserve * rate(token)) for token, reserve in zip(tokens, reserves, strict=True))


def reserves_of(state: PoolState) -> tuple[int, int]:
    """Token0 and token1; of a v3 pool the virtual ones (Uniswap v3 whitepaper, 2.2), none before it has a price."""
    if isinstance(state, V2State):
        return state.reserve0, state.reserve1
    if not state.sqrt_price_x96:
        return 0, 0
    return state.liquidity * _Q96 // state.sqrt_price_x96, state.liquidity * state.sqrt_price_x96 // _Q96
