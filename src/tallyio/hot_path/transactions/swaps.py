"""The arguments of one swap into an intent. All take where the arguments' heads begin and where the calldata ends, and
give 0 or a ``Code``."""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined, kernel
from tallyio.hot_path.transactions import calls
from tallyio.hot_path.transactions.abi import WORD, address_path, copy_word, no_address, packed_path, saturated, tail
from tallyio.hot_path.transactions.byte_access import load_be
from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.layout import (
    AMOUNT,
    AMOUNT_UNTOLD,
    DEADLINE,
    EXACT_OUT,
    FAMILY,
    FEE_ON_TRANSFER,
    FROM_VALUE,
    HAS_DEADLINE,
    HOPS,
    INTENT_CALL,
    INTENT_FLAGS,
    LIMIT,
    PATH_ADDRESSES,
    PATH_AT,
    PATH_KIND,
    PATH_PACKED,
    PATH_SINGLE,
    RECIPIENT,
    ROUTER_PAYS,
    SQRT_LIMIT,
    VALUE,
)

Bytes = Any
Words = Any
Word = Any

_SHORT = int(Code.ARGUMENTS_SHORT)
_DIRTY = int(Code.DIRTY_PADDING)
_EXACT_OUT, _PAYS_VALUE, _TIMED, _TAKES_FEE = calls.EXACT_OUT, calls.PAYS_VALUE, calls.TIMED, calls.TAKES_FEE
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_TOP_BIT = np.uint64(2**63)
_LOW_HALF = np.uint64(2**32 - 1)
_FEE_BITS = np.uint64(24)
_PRICE_BITS = np.uint64(32)  # of the highest 96


@inlined
def _begin(out: Words, family: Word, described: Word, flags: Word) -> None:
    out[EXACT_OUT] = 1 if described & _EXACT_OUT else 0
    out[FAMILY] = family
    out[INTENT_CALL] = (described >> 16) & 255
    out[INTENT_FLAGS] = flags
    out[SQRT_LIMIT] = out[SQRT_LIMIT + 1] = out[SQRT_LIMIT + 2] = out[SQRT_LIMIT + 3] = _ZERO
    out[HAS_DEADLINE] = _ZERO
    out[DEADLINE] = _ZERO


@inlined
def _recipient(p: Bytes, at: Word, out: Words) -> bool:
    out[RECIPIENT] = load_be(p, at + 12)
    out[RECIPIENT + 1] = load_be(p, at + 20)
    out[RECIPIENT + 2] = load_be(p, at + 24) & _LOW_HALF
    return not no_address(p, at)


@inlined
def _timed(p: Bytes, at: Word, out: Words) -> None:
    out[HAS_DEADLINE] = _ONE
    out[DEADLINE] = saturated(p, at)


@inlined
def v2_swap(p: Bytes, base: Word, end: Word, described: Word, record: Words, out: Words) -> Word:
    """``([amount,] amount, path, to[, deadline])``; one amount alone where the other is the transaction's value."""
    pays = described & _PAYS_VALUE != 0
    timed = described & _TIMED != 0
    path = 1 if pays else 2
    heads = path + 2 + (1 if timed else 0)
    if end - base < WORD * heads:
        return _SHORT
    flags = (FROM_VALUE if pays else 0) | (FEE_ON_TRANSFER if described & _TAKES_FEE else 0)
    _begin(out, 2, described, flags)
    if pays:
        given, valued = (AMOUNT, LIMIT) if described & _EXACT_OUT else (LIMIT, AMOUNT)
        copy_word(p, base, out, given)
        for limb in range(4):
            out[valued + limb] = record[VALUE + limb]
    else:
        copy_word(p, base, out, AMOUNT)
        copy_word(p, base + WORD, out, LIMIT)
    if not _recipient(p, base + WORD * (path + 1), out):
        return _DIRTY
    if timed:
        _timed(p, base + WORD * (path + 2), out)
    return _addresses(p, base, heads, path, end, out)


@inlined
def _addresses(p: Bytes, base: Word, heads: Word, place: Word, end: Word, out: Words) -> Word:
    at = tail(p, base, heads, place, end)
    if at < 0:
        return -at
    tokens = address_path(p, at, end)
    if tokens < 0:
        return -tokens
    out[PATH_AT] = at + WORD
    out[PATH_KIND] = PATH_ADDRESSES
    out[HOPS] = tokens - 1
    return 0


@kernel
def _packed(p: Bytes, base: Word, heads: Word, place: Word, end: Word, out: Words) -> Word:
    at = tail(p, base, heads, place, end)
    if at < 0:
        return -at
    hops = packed_path(p, at, end)
    if hops < 0:
        return -hops
    out[PATH_AT] = at + WORD
    out[PATH_KIND] = PATH_PACKED
    out[HOPS] = hops
    return 0


@kernel
def _mark_untold(out: Words) -> None:
    """An amount of 0, or of 2**255 in plans, is what the router holds."""
    low = out[AMOUNT] | out[AMOUNT + 1] | out[AMOUNT + 2]
    if low == _ZERO and (out[AMOUNT + 3] == _ZERO or out[AMOUNT + 3] == _TOP_BIT):
        out[INTENT_FLAGS] |= np.uint64(AMOUNT_UNTOLD)


@inlined
def v3_single(p: Bytes, base: Word, end: Word, described: Word, out: Words) -> Word:
    """``((tokenIn, tokenOut, fee, recipient[, deadline], amount, limit, sqrtPriceLimitX96))``."""
    timed = described & _TIMED != 0
    rest = base + WORD * (5 if timed else 4)
    if end - rest < WORD * 3:
        return _SHORT
    _begin(out, 3, described, 0)
    copy_word(p, rest, out, AMOUNT)
    copy_word(p, rest + WORD, out, LIMIT)
    copy_word(p, rest + 2 * WORD, out, SQRT_LIMIT)
    fee = base + 2 * WORD
    dirt = load_be(p, fee) | load_be(p, fee + 8) | load_be(p, fee + 16) | (load_be(p, fee + 24) >> _FEE_BITS)
    dirt |= load_be(p, rest + 2 * WORD) | (load_be(p, rest + 2 * WORD + 8) >> _PRICE_BITS)
    if dirt != _ZERO or no_address(p, base) or no_address(p, base + WORD):
        return _DIRTY
    if not _recipient(p, base + 3 * WORD, out):
        return _DIRTY
    if timed:
        _timed(p, base + 4 * WORD, out)
    _mark_untold(out)
    out[PATH_AT] = base
    out[PATH_KIND] = PATH_SINGLE
    out[HOPS] = _ONE
    return 0


@kernel
def v3_path(p: Bytes, base: Word, end: Word, described: Word, out: Words) -> Word:
    """``((path, recipient[, deadline], amount, limit))``: a tuple with a tail, so an offset leads to it."""
    if end - base < WORD:
        return _SHORT
    base = tail(p, base, 1, 0, end)
    if base < 0:
        return -base
    timed = described & _TIMED != 0
    heads = 5 if timed else 4
    if end - base < WORD * heads:
        return _SHORT
    _begin(out, 3, described, 0)
    copy_word(p, base + WORD * (heads - 2), out, AMOUNT)
    copy_word(p, base + WORD * (heads - 1), out, LIMIT)
    if not _recipient(p, base + WORD, out):
        return _DIRTY
    if timed:
        _timed(p, base + 2 * WORD, out)
    _mark_untold(out)
    return _packed(p, base, heads, 0, end, out)


@kernel
def plan_swap(p: Bytes, base: Word, end: Word, described: Word, family: Word, flags: Word, out: Words) -> Word:
    """``(recipient, amount, limit, path, payerIsUser)``: the input of a plan's swap of either family."""
    if end - base < WORD * 5:
        return _SHORT
    payer = base + 4 * WORD
    user = load_be(p, payer + 24)
    if (load_be(p, payer) | load_be(p, payer + 8) | load_be(p, payer + 16)) != _ZERO or user > _ONE:
        return _DIRTY
    _begin(out, family, described, flags | (ROUTER_PAYS if user == _ZERO else 0))
    copy_word(p, base + WORD, out, AMOUNT)
    copy_word(p, base + 2 * WORD, out, LIMIT)
    if not _recipient(p, base, out):
        return _DIRTY
    _mark_untold(out)
    if family == 2:
        return _addresses(p, base, 5, 3, end, out)
    return _packed(p, base, 5, 3, end, out)
