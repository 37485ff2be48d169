"""Rows that are new to the detector, or lie elsewhere, get their products."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.cycle_index.layout import COUNT, FIRST, RANGE
from tallyio.hot_path.detector.rows import BLOCK
from tallyio.hot_path.detector.scan import fill
from tallyio.hot_path.pointer import pointer

Array = Any


@kernel
def refill(pools: Array, ranges: Array, products: Array, entries: Array, rates: Array) -> None:
    """The rows of ``pools`` anew from the rates; lanes behind a row's last entry can never be candidates."""
    values, words, prices = pointer(products), pointer(entries), pointer(rates)
    for i in range(len(pools)):
        at = pools[i] * RANGE
        block, count = np.int64(ranges[at + FIRST]), np.int64(ranges[at + COUNT])
        fill(block, count, values, words, prices)
        for entry in range(block * BLOCK + count, (block + (count + BLOCK - 1) // BLOCK) * BLOCK):
            lane = (entry // BLOCK) * (2 * BLOCK) + entry % BLOCK
            values[lane] = values[lane + BLOCK] = np.float32(0.0)
