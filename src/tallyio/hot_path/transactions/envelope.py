"""A signed transaction's bytes into a record, read in place.

Types: legacy with and without EIP-155, EIP-2930, EIP-1559, EIP-4844 (as in blocks, and with its blobs as nodes pass it
on), EIP-7702. What a node would not take into its pool for its form or its signature's range is refused with a
``Code``; whether the signature is by somebody who can pay is not asked here.
"""

from typing import Any

import numpy as np

from tallyio.hot_path.compiled import inlined
from tallyio.hot_path.transactions.byte_access import byte, load_be
from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.layout import (
    BLOB_FEE,
    BODY_AT,
    BODY_LENGTH,
    CHAIN_ID,
    CREATES,
    DATA_AT,
    DATA_LENGTH,
    FLAGS,
    GAS,
    MAX_FEE,
    NETWORK_FORM,
    NONCE,
    PARITY,
    PROTECTED,
    RECORD_WORDS,
    SIGNED_AT,
    SIGNED_LENGTH,
    TIP,
    TO,
    TYPE,
    VALUE,
    R,
    S,
)
from tallyio.hot_path.transactions.lists import access_list, authorizations, blob_hashes, sidecar
from tallyio.hot_path.transactions.rlp import number, sequence, text, wide_number

Bytes = Any
Record = Any
Word = Any
Limbs = Any

_LIST = 0xC0
_EMPTY_STRING = 0x80
_LEGACY, _FEE_MARKET, _BLOB, _SET_CODE = 0, 2, 3, 4
_TRAILING = -int(Code.TRAILING_BYTES)
_EMPTY = int(Code.EMPTY)
_UNKNOWN_TYPE = int(Code.UNKNOWN_TYPE)
_BAD_TARGET = -int(Code.BAD_TARGET)
_NO_TARGET = -int(Code.NO_TARGET)
_BAD_SIGNATURE = -int(Code.BAD_SIGNATURE)
_TIP_ABOVE_CAP = -int(Code.TIP_ABOVE_CAP)
_EXTRA_FIELDS = -int(Code.EXTRA_FIELDS)
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1
_ORDER_LIMBS: Limbs = tuple(np.uint64(_ORDER >> 64 * i & 2**64 - 1) for i in range(4))
_HALF_LIMBS: Limbs = tuple(np.uint64(_ORDER // 2 + 1 >> 64 * i & 2**64 - 1) for i in range(4))
_ZERO = np.uint64(0)
_UNPROTECTED = np.uint64(27)
_REPLAY = np.uint64(35)
_ONE = np.uint64(1)
_LOW_HALF = np.uint64(2**32 - 1)


@inlined
def read(p: Bytes, at: Word, length: Word, record: Record) -> Word:
    """Read the transaction in the ``length`` bytes of ``p`` from ``at`` on into ``record``; its ``Code``.

    ``p`` uint8, ``record`` uint64 of ``RECORD_WORDS``; see ``layout``. After an error the record's words mean nothing.
    """
    for word in range(RECORD_WORDS):
        record[word] = _ZERO
    if length <= 0:
        return _EMPTY
    end = at + length
    kind = byte(p, at)
    if kind >= _LIST:
        kind = _LEGACY
    elif kind < 1 or kind > _SET_CODE:
        return _UNKNOWN_TYPE
    else:
        at += 1
    record[TYPE] = kind
    start, size = sequence(p, at, end)
    if start < 0:
        return -start
    if start + size != end:
        return -_TRAILING
    after = 0
    if kind == _BLOB and size > 0 and byte(p, start) >= _LIST:
        inner, inner_size = sequence(p, start, end)
        if inner < 0:
            return -inner
        at = start
        start, size = inner, inner_size
        after = start + size
    record[BODY_AT] = at
    record[BODY_LENGTH] = start + size - at
    code = _fields(p, start, start + size, kind, record)
    if code < 0:
        return -code
    if after > 0:
        record[FLAGS] |= np.uint64(NETWORK_FORM)
        code = sidecar(p, after, end, record)
        if code < 0:
            return -code
        if code != end:
            return -_EXTRA_FIELDS
    return 0


@inlined
def _fields(p: Bytes, at: Word, end: Word, kind: Word, record: Record) -> Word:
    record[SIGNED_AT] = at
    signed_at = at
    if kind != _LEGACY:
        record[CHAIN_ID], at = number(p, at, end)
        if at < 0:
            return at
    record[NONCE], at = number(p, at, end)
    if at < 0:
        return at
    tip, at = number(p, at, end)
    if at < 0:
        return at
    cap = tip
    if kind >= _FEE_MARKET:
        cap, at = number(p, at, end)
        if at < 0:
            return at
        if tip > cap:
            return _TIP_ABOVE_CAP
    record[TIP] = tip
    record[MAX_FEE] = cap
    record[GAS], at = number(p, at, end)
    if at < 0:
        return at
    at = _target(p, at, end, kind, record)
    if at < 0:
        return at
    at = wide_number(p, at, end, record, VALUE)
    if at < 0:
        return at
    at, length = text(p, at, end)
    if at < 0:
        return at
    record[DATA_AT] = at
    record[DATA_LENGTH] = length
    at += length
    if kind != _LEGACY:
        at = access_list(p, at, end, record)
        if at < 0:
            return at
    if kind == _BLOB:
        record[BLOB_FEE], at = number(p, at, end)
        if at < 0:
            return at
        at = blob_hashes(p, at, end, record)
        if at < 0:
            return at
    if kind == _SET_CODE:
        at = authorizations(p, at, end, record)
        if at < 0:
            return at
    record[SIGNED_LENGTH] = at - signed_at
    return _signature(p, at, end, kind, record)


@inlined
def _target(p: Bytes, at: Word, end: Word, kind: Word, record: Record) -> Word:
    at, length = text(p, at, end)
    if at < 0:
        return at
    if length == 20:
        record[TO] = load_be(p, at)
        record[TO + 1] = load_be(p, at + 8)
        record[TO + 2] = load_be(p, at + 12) & _LOW_HALF
        return at + 20
    if length != 0:
        return _BAD_TARGET
    if kind >= _BLOB:
        return _NO_TARGET
    record[FLAGS] = CREATES
    return at


@inlined
def _signature(p: Bytes, at: Word, end: Word, kind: Word, record: Record) -> Word:
    mark, at = number(p, at, end)
    if at < 0:
        return at
    if kind == _LEGACY:
        if mark >= _REPLAY:
            mark -= _REPLAY
            record[CHAIN_ID] = mark >> _ONE
            record[FLAGS] |= np.uint64(PROTECTED)
            mark &= _ONE
        elif mark >= _UNPROTECTED:
            mark -= _UNPROTECTED
        else:
            return _BAD_SIGNATURE
    if mark > _ONE:
        return _BAD_SIGNATURE
    record[PARITY] = mark
    at = _scalar(p, at, end, record, R, _ORDER_LIMBS)
    if at < 0:
        return at
    at = _scalar(p, at, end, record, S, _HALF_LIMBS)
    if at < 0:
        return at
    return at if at == end else _EXTRA_FIELDS


@inlined
def _scalar(p: Bytes, at: Word, end: Word, record: Record, word: Word, bound: Limbs) -> Word:
    """An integer above zero and below ``bound`` (limbs)."""
    after = wide_number(p, at, end, record, word)
    if after < 0:
        return after
    if after == at + 1:  # zero, or a single byte, of which only zero is 0x80
        return after if byte(p, at) != _EMPTY_STRING else _BAD_SIGNATURE
    if after - at < 33:
        return after
    # the bytes are compared, not the limbs: those were stored a moment ago, and a wide load would wait for them
    for limb in range(4):
        found = load_be(p, after - 32 + 8 * limb)
        if found != bound[3 - limb]:
            return after if found < bound[3 - limb] else _BAD_SIGNATURE
    return _BAD_SIGNATURE
