"""Amounts between two square-root prices, and the price after an amount: Uniswap v3 ``SqrtPriceMath``.

Source: Uniswap v3 core whitepaper, section 6.2. Prices are Q64.96; where the contract reverts, ``ChainDataError``.
"""

from tallyio.core.errors import ChainDataError
from tallyio.core.units import UINT256_MAX

Q96 = 1 << 96
_UINT160_MAX = (1 << 160) - 1


def amount0_delta(sqrt_a: int, sqrt_b: int, liquidity: int, round_up: bool) -> int:
    """Token0 between two prices: ``liquidity * (1/sqrt_a - 1/sqrt_b)``, rounded twice as the contract does."""
    if sqrt_a > sqrt_b:
        sqrt_a, sqrt_b = sqrt_b, sqrt_a
    numerator = (liquidity << 96) * (sqrt_b - sqrt_a)
    if round_up:
        first = -(-numerator // sqrt_b)
        return -(-first // sqrt_a)
    return numerator // sqrt_b // sqrt_a


def amount1_delta(sqrt_a: int, sqrt_b: int, liquidity: int, round_up: bool) -> int:
    """Token1 between two prices: ``liquidity * (sqrt_b - sqrt_a)``."""
    product = liquidity * abs(sqrt_b - sqrt_a)
    return -(-product >> 96) if round_up else product >> 96


def next_from_input(sqrt_price: int, liquidity: int, amount_in: int, zero_for_one: bool) -> int:
    """Price after ``amount_in`` (fee already taken) enters within one range of ``liquidity``."""
    _require_range(sqrt_price, liquidity)
    if zero_for_one:
        if amount_in == 0:
            return sqrt_price
        numerator = liquidity << 96
        product = amount_in * sqrt_price
        if product <= UINT256_MAX and numerator + product <= UINT256_MAX:
            return -(-numerator * sqrt_price // (numerator + product))
        return -(-numerator // (numerator // sqrt_price + amount_in))
    price = sqrt_price + (amount_in << 96) // liquidity
    if price > _UINT160_MAX:
        raise ChainDataError("the input would take the pool's price beyond uint160")
    return price


def next_from_output(sqrt_price: int, liquidity: int, amount_out: int, zero_for_one: bool) -> int:
    """Price after ``amount_out`` leaves within one range of ``liquidity``."""
    _require_range(sqrt_price, liquidity)
    if zero_for_one:
        quotient = -(-(amount_out << 96) // liquidity)
        if sqrt_price <= quotient:
            raise ChainDataError("the pool's range holds less than that output")
        return sqrt_price - quotient
    if amount_out == 0:
        return sqrt_price
    numerator = liquidity << 96
    product = amount_out * sqrt_price
    if product > UINT256_MAX or numerator <= product:
        raise ChainDataError("the pool's range holds less than that output")
    price = -(-numerator * sqrt_price // (numerator - product))
    if price > _UINT160_MAX:
        raise ChainDataError("the output would take the pool's price beyond uint160")
    return price


def _require_range(sqrt_price: int, liquidity: int) -> None:
    if sqrt_price <= 0 or liquidity <= 0:
        raise ChainDataError("the pool has no liquidity at this price")
