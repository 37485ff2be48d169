"""A pool's payment within one range, for amounts and depths as pools have them; what is beyond goes the general way."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.detector.quotient import quotient
from tallyio.hot_path.kernels.swap_math import quote_step
from tallyio.hot_path.kernels.v2 import amount_out
from tallyio.hot_path.uint256 import fits, mul_128, to_float, u256

Word = Any
Pips = Any

_ZERO = np.uint64(0)
_PIPS = np.uint64(1_000_000)
_COARSE = np.uint64(100)
_SCALE = np.uint64(10_000)
_RESERVE_BITS = np.uint64(112)
_AMOUNT_BITS = np.uint64(90)
_PRICE_BITS = np.uint64(160)
_DEPTH_BITS = np.uint64(128)
_RESOLUTION = np.uint64(96)


@inlined
def pair_out(amount: Word, reserve_in: Word, reserve_out: Word, fee: Pips) -> tuple[Word, bool]:
    """As ``amount_out`` of a constant-product pair, fee in pips."""
    coarse = fee // _COARSE
    usable = coarse * _COARSE == fee and coarse <= _SCALE and amount != u256(_ZERO) and reserve_in != u256(_ZERO)
    small = fits(amount | reserve_in | reserve_out, _RESERVE_BITS) and fits(reserve_in + amount, _RESERVE_BITS)
    if usable and small:
        taken = mul_128(amount, u256(_SCALE - coarse))
        numerator = mul_128(taken, reserve_out)
        out, ok = quotient(numerator, to_float(numerator), mul_128(reserve_in, u256(_SCALE)) + taken)
        if ok:
            return out, out != u256(_ZERO)
    return amount_out(amount, reserve_in, reserve_out, fee)


@kernel
def step_within(price: Word, target: Word, liquidity: Word, amount: Word, fee: Pips) -> tuple[Word, bool]:
    """Output of ``amount``, fee included, and whether it ends the step short of ``target`` for certain.

    As ``quote_step``; prices are Q64.96.
    """
    usable = fee < _PIPS and liquidity != u256(_ZERO) and fits(liquidity, _DEPTH_BITS)
    if usable and fits(amount, _AMOUNT_BITS) and fits(price | target, _PRICE_BITS) and price != u256(_ZERO):
        whole = mul_128(amount, u256(_PIPS - fee))
        net, sure = quotient(whole, to_float(whole), u256(_PIPS))
        depth = liquidity << _RESOLUTION
        if sure and price >= target:
            product = net * price
            moved, ok = quotient(product * price, to_float(product) * to_float(price), depth + product)
            if ok:
                return (liquidity * moved) >> _RESOLUTION, moved < price and price - moved > target
        elif sure:
            shifted = net << _RESOLUTION
            moved, ok = quotient(shifted, to_float(shifted), liquidity)
            end = price + moved
            if ok and not end < target:
                return u256(_ZERO), False
            if ok and fits(price | end, np.uint64(126)):
                paid, ok = quotient(depth * moved, to_float(depth) * to_float(moved), price * end)
                if ok:
                    return paid, True
    _, paid, inside = quote_step(price, target, liquidity, amount, fee)
    return paid, inside
