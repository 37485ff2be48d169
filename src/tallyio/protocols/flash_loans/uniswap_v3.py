"""Uniswap v3 and PancakeSwap v3: ``flash`` of a pool with liquidity in range (UniswapV3Pool.flash)."""

from bisect import bisect_right

from tallyio.core.pools import PANCAKE_V3, V3, Pool, V3State
from tallyio.core.units import Address
from tallyio.hot_path.amm.sqrt_price import amount0_delta, amount1_delta
from tallyio.hot_path.amm.tick_math import sqrt_ratio_at_tick
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.family import Refused
from tallyio.protocols.flash_loans.offer import NOTHING, Offer, Reading

_BALANCE, _LIQUIDITY = selector("balanceOf(address)"), selector("liquidity()")
_PIPS = 1_000_000
_RANGES = 16
FAMILIES = frozenset({V3, PANCAKE_V3})
"""Whose loans change nothing that a swap depends on."""


def read(pool: Pool, token: Address) -> Reading:
    """All that the pool holds, for the fee of a swap, rounded up."""
    answers = yield [(token, calldata(_BALANCE, int(pool.address, 16))), (pool.address, _LIQUIDITY)]
    (held,), (liquidity,) = answered(answers[0], 1, token), answered(answers[1], 1, pool.address)
    if not held or not liquidity:
        return Refused("no liquidity in range" if held else NOTHING)
    side = pool.tokens.index(token)
    return Offer("uniswap_v3", pool.address, token, held, pool.fee_pips, _PIPS, argument=side)


def offer(pool: Pool, state: V3State, token: Address) -> Offer | None:
    """What the liquidity of the ranges around the price holds of ``token``: the pool has no less than that."""
    if not state.liquidity:
        return None
    side = pool.tokens.index(token)
    held = _held(state, side)
    return Offer("uniswap_v3", pool.address, token, held, pool.fee_pips, _PIPS, argument=side) if held else None


def _held(state: V3State, side: int) -> int:
    """Token 0 lies in the ranges above the price, token 1 in those below."""
    here, liquidity, held = state.sqrt_price_x96, state.liquidity, 0
    place = bisect_right(state.tick_index, state.tick)
    for _ in range(_RANGES):
        at = place if side == 0 else place - 1
        if not 0 <= at < len(state.tick_index):
            break
        there = sqrt_ratio_at_tick(state.tick_index[at])
        amount = amount0_delta if side == 0 else amount1_delta
        held += amount(here, there, liquidity, False)
        liquidity += state.liquidity_net[at] if side == 0 else -state.liquidity_net[at]
        here, place = there, place + 1 if side == 0 else place - 1
    return held
