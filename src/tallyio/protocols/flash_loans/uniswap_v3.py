"""Uniswap v3 and PancakeSwap v3: ``flash`` of a pool with liquidity in range (UniswapV3Pool.flash)."""

from tallyio.core.pools import Pool
from tallyio.core.units import Address
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.family import Refused
from tallyio.protocols.flash_loans.offer import NOTHING, Offer, Reading

_BALANCE, _LIQUIDITY = selector("balanceOf(address)"), selector("liquidity()")
_PIPS = 1_000_000


def read(pool: Pool, token: Address) -> Reading:
    """All that the pool holds, for the fee of a swap, rounded up."""
    answers = yield [(token, calldata(_BALANCE, int(pool.address, 16))), (pool.address, _LIQUIDITY)]
    (held,), (liquidity,) = answered(answers[0], 1, token), answered(answers[1], 1, pool.address)
    if not held or not liquidity:
        return Refused("no liquidity in range" if held else NOTHING)
    side = pool.tokens.index(token)
    return Offer("uniswap_v3", pool.address, token, held, pool.fee_pips, _PIPS, argument=side)
