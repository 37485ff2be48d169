"""Swaps on constant-product pools (Uniswap v2 whitepaper, section 3.2.1; PancakeSwap v2 differs in the fee alone).

The pair's own test is ``(r_in * 1e6 + in * (1e6 - fee)) * (r_out - out) >= r_in * r_out * 1e6``; the two
functions below are its exact boundary, so they serve every fee that is a whole number of pips.
"""

from tallyio.core.errors import ChainDataError
from tallyio.core.units import PIPS, UINT112_MAX


def out_for(amount_in: int, reserve_in: int, reserve_out: int, fee_pips: int) -> int:
    """The most a pair pays for ``amount_in``. ``ChainDataError`` when it cannot trade."""
    if reserve_in == 0 or reserve_out == 0:
        raise ChainDataError("constant-product pool without liquidity")
    if amount_in <= 0:
        raise ChainDataError(f"swap input must be above zero, found {amount_in}")
    if reserve_in + amount_in > UINT112_MAX:
        raise ChainDataError("swap would overflow the pair's uint112 reserve")
    paid = amount_in * (PIPS - fee_pips)
    out = paid * reserve_out // (reserve_in * PIPS + paid)
    if out == 0:
        raise ChainDataError("swap input too small: the pair would pay nothing")
    return out


def in_for(amount_out: int, reserve_in: int, reserve_out: int, fee_pips: int) -> int:
    """The least a pair accepts for ``amount_out``, by the router's rule (quotient plus one).

    The pair itself would sometimes take one unit less; the router's answer is the one that is quoted and compared.
    """
    if not 0 < amount_out < reserve_out:
        raise ChainDataError(f"pair holds {reserve_out}, cannot pay {amount_out}")
    amount_in = reserve_in * amount_out * PIPS // ((reserve_out - amount_out) * (PIPS - fee_pips)) + 1
    if reserve_in + amount_in > UINT112_MAX:
        raise ChainDataError("swap would overflow the pair's uint112 reserve")
    return amount_in
