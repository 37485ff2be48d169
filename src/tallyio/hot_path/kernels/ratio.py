"""Quotients for the curves' kernels: the quick way where it is proven, else the general one, called."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.uint256 import div, div_small, to_float, u256
from tallyio.hot_path.uint256.quotient import quotient

Word = Any

_WAD = np.uint64(10**18)


@kernel
def over(a: Word, d: Word) -> Word:
    """``a / d`` rounded down; 0 for ``d == 0``, which the caller has to exclude."""
    q, _, sure = quotient(a, to_float(a), d)
    if sure:
        return q
    q, _ = div(a, d)
    return q


@kernel
def over_wad(a: Word) -> Word:
    """``a / 10**18`` rounded down."""
    q, _ = div_small(a, _WAD)
    return q


@kernel
def scale(a: Word, factor: Word) -> Word:
    """``a * factor / 10**18`` rounded down, for factors whose product is below ``2**256``."""
    if factor == u256(_WAD):
        return a
    return over_wad(a * factor)
