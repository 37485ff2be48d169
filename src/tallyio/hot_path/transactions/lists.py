"""The lists inside a transaction, walked for their shape: access list, authorizations, blob hashes and sidecar.

Sources: EIP-2930, EIP-7702, EIP-4844 and EIP-7594. Each reader takes where the list's header lies and gives the offset
behind the list, or a negative ``Code``.
"""

from typing import Any

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.transactions.byte_access import byte
from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.layout import (
    ACCESS_ADDRESSES,
    ACCESS_AT,
    ACCESS_KEYS,
    ACCESS_LENGTH,
    AUTHORIZATIONS,
    AUTHORIZATIONS_AT,
    AUTHORIZATIONS_LENGTH,
    BLOB_HASHES,
    BLOB_HASHES_AT,
    BLOBS,
    R,
)
from tallyio.hot_path.transactions.rlp import number, sequence, text, wide_number

Bytes = Any
Record = Any
Word = Any

_ADDRESS = 20
_HASH = 32
_BLOB = 131_072
_KZG = 48  # bytes of a commitment and of a proof
_CELLS = 128  # proofs of one blob since EIP-7594
_BAD_ACCESS_LIST = -int(Code.BAD_ACCESS_LIST)
_BAD_AUTHORIZATION = -int(Code.BAD_AUTHORIZATION)
_ENDS_EARLY = -int(Code.ENDS_EARLY)
_BAD_BLOBS = -int(Code.BAD_BLOBS)


@kernel
def access_list(p: Bytes, at: Word, end: Word, record: Record) -> Word:
    """A list of [address, [storage key, ...]]."""
    at, length = sequence(p, at, end)
    if at < 0:
        return at
    record[ACCESS_AT] = at
    record[ACCESS_LENGTH] = length
    end = at + length
    addresses = 0
    keys = 0
    while at < end:
        inner, inner_length = sequence(p, at, end)
        if inner < 0:
            return inner
        at = inner + inner_length
        start, size = text(p, inner, at)
        if start < 0:
            return start
        if size != _ADDRESS:
            return _BAD_ACCESS_LIST
        slot, slots_length = sequence(p, start + size, at)
        if slot < 0:
            return slot
        if slot + slots_length != at:
            return _BAD_ACCESS_LIST
        while slot < at:
            start, size = text(p, slot, at)
            if start < 0:
                return start
            if size != _HASH:
                return _BAD_ACCESS_LIST
            slot = start + size
            keys += 1
        addresses += 1
    record[ACCESS_ADDRESSES] = addresses
    record[ACCESS_KEYS] = keys
    return at


@kernel
def authorizations(p: Bytes, at: Word, end: Word, record: Record) -> Word:
    """A list, not empty, of [chain id, address, nonce, parity, r, s]. Whether one is signed well is the EVM's matter:
    it skips those that are not."""
    at, length = sequence(p, at, end)
    if at < 0:
        return at
    record[AUTHORIZATIONS_AT] = at
    record[AUTHORIZATIONS_LENGTH] = length
    end = at + length
    count = 0
    while at < end:
        inner, inner_length = sequence(p, at, end)
        if inner < 0:
            return inner
        at = inner + inner_length
        inner = wide_number(p, inner, at, record, R)  # overwritten by the transaction's own later
        if inner < 0:
            return inner
        inner, size = text(p, inner, at)
        if inner < 0:
            return inner
        if size != _ADDRESS:
            return _BAD_AUTHORIZATION
        _, inner = number(p, inner + size, at)
        if inner < 0:
            return inner
        parity, inner = number(p, inner, at)
        if inner < 0:
            return inner
        if parity > 255:
            return _BAD_AUTHORIZATION
        inner = wide_number(p, inner, at, record, R)
        if inner < 0:
            return inner
        inner = wide_number(p, inner, at, record, R)
        if inner < 0:
            return inner
        if inner != at:
            return _BAD_AUTHORIZATION
        count += 1
    record[AUTHORIZATIONS] = count
    return at if count > 0 else _BAD_AUTHORIZATION


@kernel
def strings_of(p: Bytes, at: Word, end: Word, size: Word) -> tuple[Word, Word]:
    """A list of strings of ``size`` bytes each: the offset behind it or a negative code, and how many they are."""
    at, length = sequence(p, at, end)
    if at < 0:
        return at, 0
    end = at + length
    count = 0
    while at < end:
        start, found = text(p, at, end)
        if start < 0:
            return start, 0
        if found != size:
            return _BAD_BLOBS, 0
        at = start + found
        count += 1
    return at, count


@kernel
def blob_hashes(p: Bytes, at: Word, end: Word, record: Record) -> Word:
    """A list, not empty, of 32-byte hashes."""
    after, count = strings_of(p, at, end, _HASH)
    if after < 0:
        return after
    record[BLOB_HASHES] = count
    record[BLOB_HASHES_AT] = after - count * (_HASH + 1)
    return after if count > 0 else _BAD_BLOBS


@kernel
def sidecar(p: Bytes, at: Word, end: Word, record: Record) -> Word:
    """Blobs, commitments and proofs up to ``end``: one proof a blob, or with version 1 in front (EIP-7594) one a cell.

    The shapes are checked, and that there are as many blobs as hashes; not the proofs themselves."""
    if at >= end:
        return _ENDS_EARLY
    proofs_each = 1
    if byte(p, at) == 1:
        proofs_each = _CELLS
        at += 1
    at, blobs = strings_of(p, at, end, _BLOB)
    if at < 0:
        return at
    at, commitments = strings_of(p, at, end, _KZG)
    if at < 0:
        return at
    at, proofs = strings_of(p, at, end, _KZG)
    if at < 0:
        return at
    if blobs != record[BLOB_HASHES] or commitments != blobs or proofs != blobs * proofs_each:
        return _BAD_BLOBS
    record[BLOBS] = blobs
    return at
