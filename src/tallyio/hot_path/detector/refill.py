"""Rows that are new to the detector, or lie elsewhere, get their products."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.cycle_index.layout import COUNT, FIRST, RANGE
from tallyio.hot_path.detector.rows import BLOCK
from tallyio.hot_path.detector.scan import gain, keep
from tallyio.hot_path.pointer import pointer
from tallyio.hot_path.state.layout import RECORD, ROW_BLOCK, ROW_COUNT

Array = Any


@kernel
def refill(
    pools: Array, ranges: Array, products: Array, entries: Array, rates: Array, records: Array, only_added: bool
) -> None:
    """Brings the rows of ``pools`` up to date, with the words of ``records`` that say where they lie: all entries anew
    from the rates; where entries were ``only_added`` since, the new ones of rows that did not move. Lanes behind a
    row's last entry can never be candidates.
    """
    values, words, prices, record = pointer(products), pointer(entries), pointer(rates), pointer(records)
    for i in range(len(pools)):
        at, own = pools[i] * RANGE, pools[i] * RECORD
        block, count = np.int64(ranges[at + FIRST]), np.int64(ranges[at + COUNT])
        begin = np.int64(0)
        if only_added and np.int64(record[own + ROW_BLOCK]) == block:
            begin = np.int64(record[own + ROW_COUNT])
        for entry in range(block * BLOCK + begin, block * BLOCK + count):
            keep(values, np.int64(entry), np.int64(0), gain(words, entry, prices, 0), gain(words, entry, prices, 1))
        for entry in range(block * BLOCK + count, (block + (count + BLOCK - 1) // BLOCK) * BLOCK):
            lane = (entry // BLOCK) * (2 * BLOCK) + entry % BLOCK
            values[lane] = values[lane + BLOCK] = np.float32(0.0)
        record[own + ROW_BLOCK] = np.uint64(block)
        record[own + ROW_COUNT] = np.uint64(count)
