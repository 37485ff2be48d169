"""A quote of any family over its row: ``row[at] & 0xFF`` is the family's number in ``codes``."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels import balancer_stable, crypto, liquidity_book, pair, solidly, stable, weighted
from tallyio.hot_path.kernels.codes import (
    BALANCER_STABLE,
    BEYOND,
    LIQUIDITY_BOOK,
    PAID,
    REFUSED,
    SOLIDLY,
    STABLE,
    TRICRYPTO,
    TWOCRYPTO,
    V2,
    WEIGHTED,
)
from tallyio.hot_path.kernels.v2 import amount_out
from tallyio.hot_path.pointer import pointer
from tallyio.hot_path.uint256 import load, load128, store, u256

Words = Any
Word = Any
Index = Any
Array = Any

_ZERO = np.uint64(0)
_BYTE = np.uint64(0xFF)


@kernel
def quote(row: Words, at: Index, i: Index, j: Index, dx: Word) -> tuple[Word, Index]:
    """What ``dx`` of token ``i`` gets of token ``j`` from the pool whose row begins at word ``at``, and a code of
    ``codes``; the amount means something where that is ``PAID``. 0 in, or i equal to j, is refused.
    """
    nothing = u256(_ZERO)
    if dx == nothing or i == j:
        return nothing, REFUSED
    family = np.int64(row[at] & _BYTE)
    if family == STABLE:
        paid, code = stable.quote(row, at, i, j, dx)
        return paid, code
    if family in (TWOCRYPTO, TRICRYPTO):
        paid, code = crypto.quote(row, at, i, j, dx)
        return paid, code
    if family == SOLIDLY:
        paid, code = solidly.quote(row, at, i, dx)
        return paid, code
    if family == LIQUIDITY_BOOK:
        paid, code = liquidity_book.quote(row, at, i, dx)
        return paid, code
    if family == V2:
        reserves = at + pair.RESERVES
        paid, ok = amount_out(dx, load128(row, reserves + 2 * i), load128(row, reserves + 2 * j), row[at + pair.FEE])
        return paid, PAID if ok else REFUSED
    if family == WEIGHTED:
        paid, code = weighted.quote(row, at, i, j, dx)
        return paid, code
    if family == BALANCER_STABLE:
        paid, code = balancer_stable.quote(row, at, i, j, dx)
        return paid, code
    return nothing, BEYOND


@kernel
def refresh(row: Words, at: Index) -> Index:
    """What quotes take from the state alone, found once and kept in the row; a code of ``codes``."""
    family = np.int64(row[at] & _BYTE)
    if family == STABLE:
        return stable.refresh(row, at)
    if family in (TWOCRYPTO, TRICRYPTO):
        return crypto.refresh(row, at)
    if family == SOLIDLY:
        return solidly.refresh(row, at)
    if family == BALANCER_STABLE:
        return balancer_stable.refresh(row, at)
    return PAID if family in (V2, WEIGHTED, LIQUIDITY_BOOK) else BEYOND


@kernel
def refresh_rows(rows: Array, width: Index) -> None:
    """``refresh`` over rows of ``width`` words."""
    p = pointer(rows)
    for at in range(0, len(rows), width):
        refresh(p, at)


@kernel
def quotes(rows: Array, width: Index, asked: Array, out: Array, codes: Array) -> None:
    """One quote from each row: ``asked`` has 6 words each: i, j and the amount's four limbs; ``out`` four limbs."""
    p, q, answers = pointer(rows), pointer(asked), pointer(out)
    for k in range(len(codes)):
        paid, code = quote(p, k * width, np.int64(q[6 * k]), np.int64(q[6 * k + 1]), load(q, 6 * k + 2))
        store(answers, 4 * k, paid)
        codes[k] = code
