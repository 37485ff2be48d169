"""Ticks and square-root prices of Uniswap v3, both ways; the twin is ``hot_path.amm.tick_math``.

The contract multiplies the powers of a tick's bits from the lowest up, truncating each time. The products of the lower
bits lie ready in a table, truncated in that order; the upper bits follow one by one.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.hot_path.amm.tick_math import _POWERS as POWERS
from tallyio.hot_path.amm.tick_math import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.uint256 import constant, div, load128, to_float, u256

Word = Any
Tick = Any

TABLE_BITS = 12


def _prefixes() -> NDArray[np.uint64]:
    """The truncated product of the powers of each number below ``2**TABLE_BITS``; two limbs each, 2**128 as zero."""
    products = [1 << 128]
    for bit in range(TABLE_BITS):
        products += [product * POWERS[bit] >> 128 for product in products]
    limbs = [(product >> shift) & (2**64 - 1) for product in products for shift in (0, 64)]
    return np.array(limbs, dtype=np.uint64)


_TABLE = _prefixes()
_P12, _P13, _P14, _P15, _P16, _P17, _P18, _P19 = (constant(power) for power in POWERS[TABLE_BITS:])
_UNIT = constant(1 << 128)
_GREATEST = constant(2**256 - 1)
_LEAST_PRICE = constant(MIN_SQRT_RATIO)
_PRICE_END = constant(MAX_SQRT_RATIO)

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_Q128 = np.uint64(128)
_DOWN = np.uint64(32)
_PREFIX = np.uint64(2**TABLE_BITS - 1)
_TOP_TICK = np.int64(MAX_TICK)
_TICKS_A_LOG = 2 / math.log(1.0001)
_Q96 = 2.0**-96
_MARGIN = 1e-6
"""In ticks. The estimate's error stays below 1e-9: that of a double times the number of ticks."""


@kernel
def sqrt_ratio_at_tick(tick: Tick) -> tuple[Word, bool]:
    """Square-root price at ``tick`` (int64), rounded up, Q64.96. Not ok outside the tick range."""
    tick = np.int64(tick)
    if tick > _TOP_TICK or tick < -_TOP_TICK:
        return u256(_ZERO), False
    size = np.uint64(-tick if tick < np.int64(0) else tick)
    ratio: Any = load128(_TABLE, np.int64((size & _PREFIX) << _ONE))
    if (size & _PREFIX) == _ZERO:
        ratio = _UNIT()
    ratio = (ratio * _P12()) >> _Q128 if size & np.uint64(1 << 12) else ratio
    ratio = (ratio * _P13()) >> _Q128 if size & np.uint64(1 << 13) else ratio
    ratio = (ratio * _P14()) >> _Q128 if size & np.uint64(1 << 14) else ratio
    ratio = (ratio * _P15()) >> _Q128 if size & np.uint64(1 << 15) else ratio
    ratio = (ratio * _P16()) >> _Q128 if size & np.uint64(1 << 16) else ratio
    ratio = (ratio * _P17()) >> _Q128 if size & np.uint64(1 << 17) else ratio
    ratio = (ratio * _P18()) >> _Q128 if size & np.uint64(1 << 18) else ratio
    ratio = (ratio * _P19()) >> _Q128 if size & np.uint64(1 << 19) else ratio
    if tick > np.int64(0):
        ratio, _ = div(_GREATEST(), ratio)
    price = ratio >> _DOWN
    if (price << _DOWN) != ratio:
        price = price + u256(_ONE)
    return price, True


@kernel
def tick_at_sqrt_ratio(sqrt_price: Word) -> tuple[Tick, bool]:
    """The greatest tick (int64) whose ratio is not above ``sqrt_price``. Not ok outside the range of prices.

    A logarithm in doubles finds the tick; where it falls next to a tick's edge, the edge's own price decides.
    """
    if sqrt_price < _LEAST_PRICE() or sqrt_price >= _PRICE_END():
        return np.int64(0), False
    estimate = math.log(to_float(sqrt_price) * _Q96) * _TICKS_A_LOG
    below = math.floor(estimate)
    tick = np.int64(below)
    beyond = estimate - below
    if beyond > _MARGIN and beyond < 1.0 - _MARGIN:
        return tick, True
    if beyond > 0.5:
        tick = tick + np.int64(1)
    edge, _ = sqrt_ratio_at_tick(tick)
    if edge > sqrt_price:
        tick = tick - np.int64(1)
    return tick, True
