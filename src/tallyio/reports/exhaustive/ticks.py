"""Price and tick of a concentrated-liquidity pool (Uniswap v3 whitepaper, section 6.1).

``sqrt_at`` is built from the definition, not from the contract's table: tick i has the price 1.0001^i, kept as the
square root in Q64.96. The contract multiplies rounded Q128 powers 1.0001^(-2^k/2), which fixes the last bits, so
the powers are computed here to 100 digits and rounded half up, and multiplied in the same order.
"""

from bisect import bisect_right
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from math import log

from tallyio.core.errors import ChainDataError
from tallyio.core.units import UINT256_MAX

MIN_TICK = -887_272
MAX_TICK = 887_272


def _powers() -> tuple[int, ...]:
    exact = Context(prec=100)
    root = exact.sqrt(Decimal("1.0001"))
    powers = []
    for _ in range(20):
        scaled = exact.divide(Decimal(2**128), root)
        powers.append(int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=exact)))
        root = exact.multiply(root, root)
    return tuple(powers)


_POWERS = _powers()


@lru_cache(maxsize=1 << 16)
def sqrt_at(tick: int) -> int:
    """Square root of the price at ``tick``, Q64.96."""
    if not MIN_TICK <= tick <= MAX_TICK:
        raise ChainDataError(f"tick {tick} is outside {MIN_TICK}..{MAX_TICK}")
    ratio = 1 << 128
    for bit, power in enumerate(_POWERS):
        if abs(tick) >> bit & 1:
            ratio = ratio * power >> 128
    if tick > 0:
        ratio = UINT256_MAX // ratio
    return -(-ratio >> 32)


MIN_SQRT = sqrt_at(MIN_TICK)
MAX_SQRT = sqrt_at(MAX_TICK)


def tick_at(sqrt_price: int) -> int:
    """The greatest tick whose price is not above ``sqrt_price``."""
    if not MIN_SQRT <= sqrt_price < MAX_SQRT:
        raise ChainDataError(f"sqrt price {sqrt_price} is outside the range that a pool can hold")
    near = int(2 * log(sqrt_price / 2**96) / log(1.0001))
    candidates = range(max(MIN_TICK, near - 2), min(MAX_TICK, near + 2) + 1)
    return candidates[bisect_right(candidates, sqrt_price, key=sqrt_at) - 1]
