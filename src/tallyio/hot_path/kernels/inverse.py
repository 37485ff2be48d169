"""The least input that gets an amount, of any family's row: exact quotes around the place that the doubles name.

Outputs never fall as inputs grow. Newton's method on a concave output comes from below and never oversteps.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.codes import BEYOND, PAID, REFUSED
from tallyio.hot_path.kernels.dispatch import quote
from tallyio.hot_path.kernels.flow import flow
from tallyio.hot_path.pointer import pointer
from tallyio.hot_path.uint256 import from_float, load, store, to_float, u256

Words = Any
Word = Any
Index = Any
Real = Any
Array = Any

_ZERO, _ONE, _FINE, _WIDER = np.uint64(0), np.uint64(1), np.uint64(40), np.uint64(4)
_NEWTON, _WIDENINGS, _HALVINGS = 60, 20, 256
_NEAR = 1e-15
_MOST = 2.0**120


@kernel
def _named(row: Words, at: Index, i: Index, j: Index, wanted: Real) -> Real:
    x = 0.0
    for _ in range(_NEWTON):
        paid, slope = flow(row, at, i, j, x)
        if not slope > 0.0:
            break
        step = (wanted - paid) / slope
        if not x + step < _MOST:
            return _MOST
        x += step
        if not abs(step) > _NEAR * x:
            break
    return x


@kernel
def input_for(row: Words, at: Index, i: Index, j: Index, wanted: Word, near: Real) -> tuple[Word, Index]:
    """The least input that gets ``wanted`` of token ``j`` and ``PAID``; ``REFUSED`` where none is found about ``near``,
    ``BEYOND`` where a quote on the way is."""
    nothing, one = u256(_ZERO), u256(_ONE)
    start = from_float(near)
    if start == nothing:
        start = one
    width: Word = (start >> _FINE) + one
    low: Word = nothing
    high: Word = start
    paid, code = quote(row, at, i, j, start)
    if code == BEYOND:
        return nothing, BEYOND
    if code == PAID and paid >= wanted:
        for _ in range(_WIDENINGS):
            if high <= width:
                break
            tried = high - width
            paid, code = quote(row, at, i, j, tried)
            if code != PAID or paid < wanted:
                low = tried
                break
            high = tried
            width = width << _WIDER
    else:
        met = False
        for _ in range(_WIDENINGS):
            low = high
            high = high + width
            paid, code = quote(row, at, i, j, high)
            if code == BEYOND:
                return nothing, BEYOND
            if code == PAID and paid >= wanted:
                met = True
                break
            width = width << _WIDER
        if not met:
            return nothing, REFUSED
    for _ in range(_HALVINGS):
        if high - low <= one:
            break
        middle = low + ((high - low) >> _ONE)
        paid, code = quote(row, at, i, j, middle)
        if code == PAID and paid >= wanted:
            high = middle
        else:
            low = middle
    return high, PAID


@kernel
def inputs(doubles: Array, row: Array, asked: Array, out: Array, codes: Array) -> None:
    """One ``input_for``, asked and answered as ``dispatch.quotes`` is; ``doubles`` is the row that ``flow`` takes."""
    q, wanted = pointer(asked), load(pointer(asked), 2)
    i, j = np.int64(q[0]), np.int64(q[1])
    least, codes[0] = input_for(pointer(row), 0, i, j, wanted, _named(pointer(doubles), 0, i, j, to_float(wanted)))
    store(pointer(out), 0, least)
