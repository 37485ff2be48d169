"""Amounts between two square-root prices, and the price after an amount: Uniswap v3 ``SqrtPriceMath``.

Prices are Q64.96. Not ok where the contract reverts, and for a price beyond uint160 or a liquidity beyond uint128,
which it cannot be given. The twin is ``hot_path.amm.sqrt_price``.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.uint256 import (
    add_checked,
    constant,
    div,
    div_up,
    fits,
    mul_128,
    mul_checked,
    mul_div,
    mul_div_up,
    mul_wide,
    to_float,
    u256,
)
from tallyio.hot_path.uint256.quotient import quotient

Word = Any

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_PRICE_BITS = np.uint64(160)
_LIQUIDITY_BITS = np.uint64(128)
_RESOLUTION = np.uint64(96)
_QUICK_BITS = np.uint64(126)
_Q96 = constant(1 << 96)
_FRACTION = constant((1 << 96) - 1)


@inlined
def amount0_delta(sqrt_a: Word, sqrt_b: Word, liquidity: Word, round_up: bool) -> tuple[Word, bool]:
    """Token0 between two prices. The contract divides by one price and then by the other, both times rounded the same
    way: that is one division by their product, where it fits a word.
    """
    if sqrt_a > sqrt_b:
        sqrt_a, sqrt_b = sqrt_b, sqrt_a
    if sqrt_a == u256(_ZERO) or not fits(sqrt_b, _PRICE_BITS) or not fits(liquidity, _LIQUIDITY_BITS):
        return u256(_ZERO), False
    numerator, between = liquidity << _RESOLUTION, sqrt_b - sqrt_a
    if fits(sqrt_b, _QUICK_BITS):
        size = to_float(numerator) * to_float(between)
        amount, rest, sure = quotient(numerator * between, size, mul_128(sqrt_a, sqrt_b))
        if sure:
            return (amount + u256(_ONE) if round_up and rest else amount), True
    if round_up:
        first, _ = mul_div_up(numerator, between, sqrt_b)
        return div_up(first, sqrt_a)
    first, _ = mul_div(numerator, between, sqrt_b)
    return div(first, sqrt_a)


@inlined
def amount1_delta(sqrt_a: Word, sqrt_b: Word, liquidity: Word, round_up: bool) -> tuple[Word, bool]:
    """Token1 between two prices: ``liquidity * (sqrt_b - sqrt_a)``."""
    if sqrt_a > sqrt_b:
        sqrt_a, sqrt_b = sqrt_b, sqrt_a
    if not fits(sqrt_b, _PRICE_BITS) or not fits(liquidity, _LIQUIDITY_BITS):
        return u256(_ZERO), False
    between = sqrt_b - sqrt_a
    if fits(between, _LIQUIDITY_BITS):
        low = mul_128(liquidity, between)
        amount = low >> _RESOLUTION
    else:
        high, low = mul_wide(liquidity, between)
        amount = (high << _PRICE_BITS) | (low >> _RESOLUTION)
    if round_up and (low & _FRACTION()) != u256(_ZERO):
        amount = amount + u256(_ONE)
    return amount, True


@kernel
def next_from_input(sqrt_price: Word, liquidity: Word, amount_in: Word, zero_for_one: bool) -> tuple[Word, bool]:
    """Price after ``amount_in`` (fee already taken) enters within one range of ``liquidity``."""
    if not _has_range(sqrt_price, liquidity):
        return u256(_ZERO), False
    if zero_for_one:
        numerator = liquidity << _RESOLUTION
        product, small = mul_checked(amount_in, sqrt_price)
        divisor, below = add_checked(numerator, product)
        if small and below:
            return mul_div_up(numerator, sqrt_price, divisor)
        whole, _ = div(numerator, sqrt_price)
        divisor, below = add_checked(whole, amount_in)
        if not below:
            return u256(_ZERO), False
        return div_up(numerator, divisor)
    moved, ok = mul_div(amount_in, _Q96(), liquidity)
    if not ok or not fits(moved, _PRICE_BITS):
        return u256(_ZERO), False
    price = sqrt_price + moved
    return price, fits(price, _PRICE_BITS)


@kernel
def next_from_output(sqrt_price: Word, liquidity: Word, amount_out: Word, zero_for_one: bool) -> tuple[Word, bool]:
    """Price after ``amount_out`` leaves within one range of ``liquidity``."""
    if not _has_range(sqrt_price, liquidity):
        return u256(_ZERO), False
    if zero_for_one:
        moved, ok = mul_div_up(amount_out, _Q96(), liquidity)
        if not ok or sqrt_price <= moved:
            return u256(_ZERO), False
        return sqrt_price - moved, True
    if amount_out == u256(_ZERO):
        return sqrt_price, True
    numerator = liquidity << _RESOLUTION
    product, small = mul_checked(amount_out, sqrt_price)
    if not small or numerator <= product:
        return u256(_ZERO), False
    price, ok = mul_div_up(numerator, sqrt_price, numerator - product)
    return price, ok and fits(price, _PRICE_BITS)


@kernel
def _has_range(sqrt_price: Word, liquidity: Word) -> bool:
    if sqrt_price == u256(_ZERO) or liquidity == u256(_ZERO):
        return False
    return fits(sqrt_price, _PRICE_BITS) and fits(liquidity, _LIQUIDITY_BITS)
