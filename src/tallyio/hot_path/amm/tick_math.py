"""Ticks and square-root prices of Uniswap v3: ``sqrt(1.0001 ** tick)`` as a Q64.96 integer, both ways.

Source: Uniswap v3 core whitepaper, section 6.1, and the contract ``TickMath``, whose rounding this follows.
"""

from decimal import Decimal, localcontext
from functools import lru_cache

from tallyio.core.errors import ChainDataError
from tallyio.core.units import UINT256_MAX

MIN_TICK = -887272
MAX_TICK = 887272
MIN_SQRT_RATIO = 4295128739
MAX_SQRT_RATIO = 1461446703485210103287273052203988822378723970342
_BITS = 20


def _powers() -> tuple[int, ...]:
    """``1.0001 ** (-2**i / 2)`` in Q128, rounded to nearest, for each bit of a tick."""
    with localcontext() as context:
        context.prec = 80
        root = 1 / Decimal("1.0001").sqrt()
        out = []
        for _ in range(_BITS):
            out.append(int((root * 2**128).to_integral_value()))
            root *= root
    return tuple(out)


_POWERS = _powers()
# log_sqrt(1.0001)(2) in Q64, and the error bounds of a log2 of 14 fractional bits, in Q128.
_LOG_BASE = 255738958999603826347141
_ERROR_LOW = 3402992956809132418596140100660247210
_ERROR_HIGH = 291339464771989622907027621153398088495


@lru_cache(maxsize=1 << 17)
def sqrt_ratio_at_tick(tick: int) -> int:
    """Square-root price at ``tick``, rounded up, Q64.96. Raises ``ChainDataError`` outside the tick range."""
    if not MIN_TICK <= tick <= MAX_TICK:
        raise ChainDataError(f"expected a tick between {MIN_TICK} and {MAX_TICK}, found {tick}")
    ratio = 1 << 128
    rest, bit = abs(tick), 0
    while rest:
        if rest & 1:
            ratio = ratio * _POWERS[bit] >> 128
        rest >>= 1
        bit += 1
    if tick > 0:
        ratio = UINT256_MAX // ratio
    return -(-ratio >> 32)


def tick_at_sqrt_ratio(sqrt_price_x96: int) -> int:
    """The greatest tick whose ratio is not above ``sqrt_price_x96``. Raises ``ChainDataError`` outside the range."""
    if not MIN_SQRT_RATIO <= sqrt_price_x96 < MAX_SQRT_RATIO:
        raise ChainDataError(f"the square-root price {sqrt_price_x96} is outside the range of Uniswap v3")
    ratio = sqrt_price_x96 << 32
    msb = ratio.bit_length() - 1
    mantissa = ratio >> (msb - 127) if msb >= 128 else ratio << (127 - msb)
    log2 = (msb - 128) << 64
    for i in range(63, 49, -1):
        mantissa = mantissa * mantissa >> 127
        if mantissa >> 128:
            log2 |= 1 << i
            mantissa >>= 1
    log = log2 * _LOG_BASE
    low = (log - _ERROR_LOW) >> 128
    high = (log + _ERROR_HIGH) >> 128
    if low == high:
        return low
    return high if sqrt_ratio_at_tick(high) <= sqrt_price_x96 else low
