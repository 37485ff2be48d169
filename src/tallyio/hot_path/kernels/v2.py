"""Constant-product quotes of Uniswap v2 and its forks; the twin is ``hot_path.amm.v2``."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.uint256 import constant, div, fits, mul_128, to_float, u256
from tallyio.hot_path.uint256.quotient import quotient

Word = Any
Pips = Any

_ZERO = np.uint64(0)
_PIPS = np.uint64(1_000_000)
_COARSE = np.uint64(100)
_COARSE_SCALE = np.uint64(10_000)
_RESERVE_BITS = np.uint64(112)
_ONE = constant(1)


@inlined
def amount_out(amount_in: Word, reserve_in: Word, reserve_out: Word, fee_pips: Pips) -> tuple[Word, bool]:
    """The most the pair pays for ``amount_in``, in the tokens' smallest units, and whether it pays at all.

    Not ok: empty reserves, nothing in or out, a reserve beyond uint112, a fee above the whole.
    """
    fee_pips = np.uint64(fee_pips)
    nothing = u256(_ZERO)
    usable = amount_in != nothing and reserve_in != nothing and reserve_out != nothing and fee_pips <= _PIPS
    if not usable or not fits(amount_in | reserve_in | reserve_out, _RESERVE_BITS):
        return nothing, False
    if not fits(reserve_in + amount_in, _RESERVE_BITS):
        return nothing, False
    # The rule depends on the fee's share alone; in parts of ten thousand every product has half words for factors.
    coarse = fee_pips // _COARSE
    if coarse * _COARSE == fee_pips:
        taken = mul_128(amount_in, u256(_COARSE_SCALE - coarse))
        numerator, divisor = mul_128(taken, reserve_out), mul_128(reserve_in, u256(_COARSE_SCALE)) + taken
        out, _, sure = quotient(numerator, to_float(numerator), divisor)
        if sure:
            return out, out != nothing
    else:
        taken = mul_128(amount_in, u256(_PIPS - fee_pips))
        numerator, divisor = taken * reserve_out, mul_128(reserve_in, u256(_PIPS)) + taken
    out, _ = div(numerator, divisor)
    return out, out != nothing


@kernel
def amount_in(amount_out: Word, reserve_in: Word, reserve_out: Word, fee_pips: Pips) -> tuple[Word, bool]:
    """What ``UniswapV2Library.getAmountIn`` asks for ``amount_out``; at times one more than the pair needs.

    Not ok where the pair or the library reverts.
    """
    fee_pips = np.uint64(fee_pips)
    nothing = u256(_ZERO)
    if amount_out == nothing or reserve_in == nothing or amount_out >= reserve_out or fee_pips >= _PIPS:
        return nothing, False
    if not fits(reserve_in | reserve_out, _RESERVE_BITS):
        return nothing, False
    divisor = (reserve_out - amount_out) * u256(_PIPS - fee_pips)
    needed, _ = div(reserve_in * amount_out * u256(_PIPS), divisor)
    needed = needed + _ONE()
    return needed, fits(needed, _RESERVE_BITS) and fits(reserve_in + needed, _RESERVE_BITS)
