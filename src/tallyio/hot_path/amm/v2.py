"""Constant-product maths of Uniswap v2 and its forks.

The pair accepts a swap when ``(r_in*S + in*(S - f)) * (r_out - out) >= r_in * r_out * S`` with its own scale
``S``: 1000 and 3 in ``UniswapV2Pair``, 10000 and 25 in PancakeSwap's. The rule depends on ``f/S`` alone, so one form
in pips serves every fork. Rounding down the output is the largest the pair allows.
"""

from tallyio.core.errors import ChainDataError
from tallyio.core.units import PIPS, UINT112_MAX


def amount_out(amount_in: int, reserve_in: int, reserve_out: int, fee_pips: int) -> int:
    """The most the pair pays for ``amount_in``, all in the tokens' smallest units.

    Raises ``ChainDataError`` where the pair reverts: empty reserves, nothing in or out, a reserve beyond uint112.
    """
    if amount_in <= 0:
        raise ChainDataError(f"the pair needs an input above zero, found {amount_in}")
    if reserve_in <= 0 or reserve_out <= 0:
        raise ChainDataError("the pair has no liquidity")
    if reserve_in + amount_in > UINT112_MAX:
        raise ChainDataError("the input would take the pair's reserve beyond uint112")
    taken = amount_in * (PIPS - fee_pips)
    out = taken * reserve_out // (reserve_in * PIPS + taken)
    if out == 0:
        raise ChainDataError("the input is too small: the pair pays nothing for it")
    return out


def amount_in(amount_out: int, reserve_in: int, reserve_out: int, fee_pips: int) -> int:
    """What ``UniswapV2Library.getAmountIn`` asks for ``amount_out``; at times one more than the pair needs.

    Raises ``ChainDataError`` where the pair or the library reverts.
    """
    if amount_out <= 0:
        raise ChainDataError(f"the pair needs an output above zero, found {amount_out}")
    if reserve_in <= 0 or reserve_out <= 0:
        raise ChainDataError("the pair has no liquidity")
    if amount_out >= reserve_out:
        raise ChainDataError("the output exceeds the pair's reserve")
    needed = reserve_in * amount_out * PIPS // ((reserve_out - amount_out) * (PIPS - fee_pips)) + 1
    if reserve_in + needed > UINT112_MAX:
        raise ChainDataError("the input would take the pair's reserve beyond uint112")
    return needed


def least_input(amount_out: int, reserve_in: int, reserve_out: int, fee_pips: int) -> int:
    """The smallest input for which the pair pays at least ``amount_out``. Raises as ``amount_in``."""
    if amount_out <= 0 or amount_out >= reserve_out or reserve_in <= 0:
        raise ChainDataError("the pair cannot pay that output")
    needed = -(-reserve_in * amount_out * PIPS // ((reserve_out - amount_out) * (PIPS - fee_pips)))
    if reserve_in + needed > UINT112_MAX:
        raise ChainDataError("the input would take the pair's reserve beyond uint112")
    return needed
