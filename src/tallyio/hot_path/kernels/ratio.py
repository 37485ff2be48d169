"""Quotients for the curves' kernels."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.linked import linked
from tallyio.hot_path.uint256 import div, div_small, load, store, u256

Word = Any
Words = Any

_WAD = np.uint64(10**18)


@kernel
def _over(a: Word, d: Word) -> Word:
    q, _ = div(a, d)
    return q


def _over_entry(a: Words, d: Words, out: Words) -> int:
    store(out, 0, _over(load(a, 0), load(d, 0)))
    return 0


over = linked("over", "ww", "w", _over, _over_entry)
"""``a / d`` rounded down; 0 for ``d == 0``, which the caller has to exclude."""


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
