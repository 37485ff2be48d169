"""Uniswap v2 and its forks: a flash swap that is paid back in its own token (UniswapV2Pair.swap)."""

from tallyio.core.pools import Pool, V2State
from tallyio.core.units import Address
from tallyio.protocols.flash_loans.offer import Offer

_PIPS = 1_000_000


def offer(pool: Pool, state: V2State, token: Address) -> Offer | None:
    """The pair takes its fee on what comes back, and lends all but one unit of its reserve."""
    side = pool.tokens.index(token)
    reserve = state.reserve1 if side else state.reserve0
    if reserve < 2:
        return None
    fee, rest = pool.fee_pips, _PIPS - pool.fee_pips
    return Offer("uniswap_v2", pool.address, token, reserve - 1, fee, rest, argument=side)
