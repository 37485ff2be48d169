"""One step of a swap inside one range of constant liquidity: Uniswap v3 ``SwapMath.computeSwapStep``.

The twin is ``hot_path.amm.swap_math``. An exact input that ends short of the target needs no look at what the target
would take: prices round towards where the swap began, so when the step's input would reach the target, the price
computed from it is at or past the target, and a price short of it proves that the contract's step ends there too.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.kernels.sqrt_price import (
    amount0_delta,
    amount1_delta,
    next_from_input,
    next_from_output,
)
from tallyio.hot_path.uint256 import (
    add_checked,
    constant,
    div,
    div_small,
    fits,
    mul_checked,
    mul_div,
    mul_div_up,
    to_float,
    u256,
)
from tallyio.hot_path.uint256.quotient import quotient

Word = Any
Pips = Any

_ZERO = np.uint64(0)
_PIPS = np.uint64(1_000_000)
_PRICE_BITS = np.uint64(160)
_LIQUIDITY_BITS = np.uint64(128)
_AMOUNT_BITS = np.uint64(255)
_SMALL_BITS = np.uint64(236)
_SHIFTED_BITS = np.uint64(160)
_RESOLUTION = np.uint64(96)
_WHOLE = constant(1_000_000)


@kernel
def swap_step(
    sqrt_price: Word, sqrt_target: Word, liquidity: Word, remaining: Word, fee_pips: Pips, exact_in: bool
) -> tuple[Word, Word, Word, Word, bool]:
    """Moves the price towards ``sqrt_target`` for at most ``remaining`` of input (or output when not ``exact_in``).

    Gives the new price (Q64.96), the amount in, the amount out, the fee in units of the input token, and ok: false
    where the contract reverts, for prices beyond uint160, a liquidity beyond uint128, a remainder beyond int256.
    """
    fee_pips = np.uint64(fee_pips)
    none = u256(_ZERO)
    if fee_pips >= _PIPS or not fits(sqrt_price | sqrt_target, _PRICE_BITS) or not fits(remaining, _AMOUNT_BITS):
        return none, none, none, none, False
    if not fits(liquidity, _LIQUIDITY_BITS):
        return none, none, none, none, False
    zero_for_one = sqrt_price >= sqrt_target
    if exact_in:
        net = after_fee(remaining, fee_pips)
        price, inside = end_within(sqrt_price, sqrt_target, liquidity, net, zero_for_one)
        if inside:
            taken, taken_ok = _input(price, sqrt_price, liquidity, zero_for_one)
            out, out_ok = _output(price, sqrt_price, liquidity, zero_for_one)
            return price, taken, out, remaining - taken, taken_ok and out_ok
        taken, ok = _input(sqrt_target, sqrt_price, liquidity, zero_for_one)
        if not ok:
            return none, none, none, none, False
        price = sqrt_target
        if net < taken:
            price, ok = next_from_input(sqrt_price, liquidity, net, zero_for_one)
            if not ok:
                return none, none, none, none, False
        if price != sqrt_target:
            taken, ok = _input(price, sqrt_price, liquidity, zero_for_one)
        out, out_ok = _output(price, sqrt_price, liquidity, zero_for_one)
        if price != sqrt_target:
            return price, taken, out, remaining - taken, ok and out_ok
        fee, fee_ok = mul_div_up(taken, u256(fee_pips), u256(_PIPS - fee_pips))
        return price, taken, out, fee, ok and out_ok and fee_ok
    out, ok = _output(sqrt_target, sqrt_price, liquidity, zero_for_one)
    if not ok:
        return none, none, none, none, False
    price = sqrt_target
    if remaining < out:
        price, ok = next_from_output(sqrt_price, liquidity, remaining, zero_for_one)
        if not ok:
            return none, none, none, none, False
        if price != sqrt_target:
            out, ok = _output(price, sqrt_price, liquidity, zero_for_one)
        if out > remaining:
            out = remaining
    taken, taken_ok = _input(price, sqrt_price, liquidity, zero_for_one)
    fee, fee_ok = mul_div_up(taken, u256(fee_pips), u256(_PIPS - fee_pips))
    return price, taken, out, fee, ok and taken_ok and fee_ok


@kernel
def quote_step(
    sqrt_price: Word, sqrt_target: Word, liquidity: Word, remaining: Word, fee_pips: Pips
) -> tuple[Word, Word, bool]:
    """New price and amount out of an exact input that ends short of ``sqrt_target``; ``ok`` is whether it does.

    All of ``remaining`` is taken then, fee included. Not ok says nothing but that ``swap_step`` must tell.
    """
    fee_pips = np.uint64(fee_pips)
    none = u256(_ZERO)
    if fee_pips >= _PIPS or not fits(sqrt_price | sqrt_target, _PRICE_BITS) or not fits(liquidity, _LIQUIDITY_BITS):
        return none, none, False
    if not fits(remaining, _AMOUNT_BITS):
        return none, none, False
    zero_for_one = sqrt_price >= sqrt_target
    price, inside = end_within(sqrt_price, sqrt_target, liquidity, after_fee(remaining, fee_pips), zero_for_one)
    if not inside:
        return none, none, False
    out, ok = _output(price, sqrt_price, liquidity, zero_for_one)
    return price, out, ok


@inlined
def after_fee(remaining: Word, fee_pips: Pips) -> Word:
    """What is left of an input once the fee (below a million pips) is taken, rounded down."""
    kept = u256(_PIPS - np.uint64(fee_pips))
    if fits(remaining, _SMALL_BITS):
        net, _ = div_small(remaining * kept, _PIPS)
        return net
    net, _ = mul_div(remaining, kept, _WHOLE())
    return net


@inlined
def end_within(
    sqrt_price: Word, sqrt_target: Word, liquidity: Word, net_in: Word, zero_for_one: bool
) -> tuple[Word, bool]:
    """The price where ``net_in`` ends the step, and whether that is short of the target for certain.

    Needs prices of at most 160 bits and a liquidity of at most 128.
    """
    none = u256(_ZERO)
    if liquidity == none:
        return none, False
    if zero_for_one:
        numerator = liquidity << _RESOLUTION
        product, small = mul_checked(net_in, sqrt_price)
        divisor, below = add_checked(numerator, product)
        if not small or not below:
            return none, False
        size = to_float(product) * to_float(sqrt_price)
        moved, _, sure = quotient(product * sqrt_price, size, divisor)  # rounded down, what is left is rounded up
        if sure:
            return sqrt_price - moved, sqrt_price - moved > sqrt_target
        price, _ = mul_div_up(numerator, sqrt_price, divisor)
        return price, price > sqrt_target
    if not fits(net_in, _SHIFTED_BITS):
        return none, False
    shifted = net_in << _RESOLUTION
    moved, _, sure = quotient(shifted, to_float(shifted), liquidity)
    if not sure:
        moved, _ = div(shifted, liquidity)
    if not fits(moved, _PRICE_BITS):
        return none, False
    price = sqrt_price + moved
    return price, price < sqrt_target


@inlined
def _input(price: Word, start: Word, liquidity: Word, zero_for_one: bool) -> tuple[Word, bool]:
    if zero_for_one:
        return amount0_delta(price, start, liquidity, True)
    return amount1_delta(price, start, liquidity, True)


@inlined
def _output(price: Word, start: Word, liquidity: Word, zero_for_one: bool) -> tuple[Word, bool]:
    if zero_for_one:
        return amount1_delta(price, start, liquidity, False)
    return amount0_delta(price, start, liquidity, False)
