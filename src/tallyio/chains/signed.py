"""Reading a signed transaction: what it says, who signed it, and its hash.

Sources: EIP-155 (replay protection), EIP-2718 (typed envelope), EIP-2930 (access list), EIP-1559 (fee market),
EIP-2 (low signature half), EIP-4844 (blobs, as blocks have them), EIP-7702 (set code). ``decode`` takes what a
bundle of ours may hold, types 0 to 2; ``decode_any`` what a block may.
"""

from functools import lru_cache
from typing import Any

import coincurve
import msgspec
import rlp  # type: ignore[import-untyped]

from tallyio.chains.addresses import address_of
from tallyio.chains.keccak import keccak256
from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address, Hash32, address

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
AccessList = tuple[tuple[Address, tuple[bytes, ...]], ...]
"""Accounts, each with the 32-byte storage keys."""


class SignedAuthorization(msgspec.Struct, frozen=True):
    """Code lent to an account (EIP-7702); whether the signature holds is the chain's to say."""

    chain_id: int
    address: Address
    nonce: int
    parity: int
    r: int
    s: int


class SignedTransaction(msgspec.Struct, frozen=True):
    """A decoded transaction. For types 0 and 1 both fees are the gas price.

    ``chain_id`` is None for a legacy transaction without replay protection.
    """

    raw: bytes
    hash: Hash32
    type: int
    chain_id: int | None
    sender: Address
    nonce: int
    to: Address | None
    value_wei: int
    data: bytes
    gas_limit: int
    max_fee_wei: int
    priority_fee_wei: int
    access_list: AccessList = ()
    max_blob_fee_wei: int = 0
    blob_hashes: tuple[bytes, ...] = ()
    authorizations: tuple[SignedAuthorization, ...] = ()

    def tip_wei(self, base_fee_wei: int) -> int:
        """Wei per gas that reach the block's proposer; negative when the fee cap is below the base fee."""
        return min(self.priority_fee_wei, self.max_fee_wei - base_fee_wei)


def hash_of(raw: bytes) -> Hash32:
    return Hash32("0x" + keccak256(raw).hex())


def decode(raw: bytes) -> SignedTransaction:
    """Decode type 0, 1 or 2 and recover the sender. Raises ``ChainDataError`` that says what is wrong."""
    return _checked(raw, 2)


@lru_cache(maxsize=16)
def decode_any(raw: bytes) -> SignedTransaction:
    """As ``decode``, for every type that a block may hold. Who executes a transaction and who reads it ask in turn."""
    return _checked(raw, 4)


def _checked(raw: bytes, last_type: int) -> SignedTransaction:
    try:
        return _decode(raw, last_type)
    except ChainDataError:
        raise
    except Exception as e:  # rlp and coincurve raise many kinds; all of them mean unusable bytes
        raise ChainDataError(f"not a signed transaction ({len(raw)} bytes): {e}") from e


def _decode(raw: bytes, last_type: int) -> SignedTransaction:
    if not raw:
        raise ChainDataError("expected a signed transaction, found no bytes")
    kind = raw[0] if raw[0] < 0x80 else 0
    if kind > last_type or raw[0] == 0:
        raise ChainDataError(f"expected a transaction of type 0 to {last_type}, found type {kind}")
    fields = rlp.decode(raw if kind == 0 else raw[1:])
    expected = (9, 11, 12, 14, 13)[kind]
    if not isinstance(fields, list) or len(fields) != expected:
        raise ChainDataError(f"expected {expected} fields in a type {kind} transaction")
    return _legacy(raw, fields) if kind == 0 else _typed(raw, kind, fields)


def _legacy(raw: bytes, fields: list[Any]) -> SignedTransaction:
    nonce, price, gas, to, value, data, v, r, s = fields
    mark = _int(v)
    chain_id = (mark - 35) // 2 if mark >= 35 else None
    parity = (mark - 35) % 2 if mark >= 35 else mark - 27
    payload = [*fields[:6], *([chain_id, 0, 0] if chain_id is not None else [])]
    sender = _signer(rlp.encode(payload), parity, r, s)
    return SignedTransaction(
        raw,
        hash_of(raw),
        0,
        chain_id,
        sender,
        _int(nonce),
        _to(to),
        _int(value),
        data,
        _int(gas),
        _int(price),
        _int(price),
    )


def _typed(raw: bytes, kind: int, fields: list[Any]) -> SignedTransaction:
    body, (parity, r, s) = fields[:-3], fields[-3:]
    sender = _signer(bytes([kind]) + rlp.encode(body), _int(parity), r, s)
    chain_id, nonce = body[:2]
    tip, cap = (body[2], body[3]) if kind >= 2 else (body[2], body[2])
    at = 4 if kind >= 2 else 3
    gas, to, value, data, access = body[at : at + 5]
    rest = body[at + 5 :]
    if kind >= 3 and not to:
        raise ChainDataError(f"a type {kind} transaction without a target")
    if _int(tip) > _int(cap):
        raise ChainDataError(f"the priority fee {_int(tip)} is above the fee cap {_int(cap)}")
    return SignedTransaction(
        raw,
        hash_of(raw),
        kind,
        _int(chain_id),
        sender,
        _int(nonce),
        _to(to),
        _int(value),
        data,
        _int(gas),
        _int(cap),
        _int(tip),
        tuple((address(where), tuple(map(_word, slots))) for where, slots in access),
        _int(rest[0]) if kind == 3 else 0,
        tuple(map(_word, rest[1])) if kind == 3 else (),
        tuple(map(_authorization, rest[0])) if kind == 4 else (),
    )


def _authorization(fields: list[Any]) -> SignedAuthorization:
    chain_id, where, nonce, parity, r, s = fields
    return SignedAuthorization(_int(chain_id), address(where), _int(nonce), _int(parity), _int(r), _int(s))


def _signer(payload: bytes, parity: int, r: bytes, s: bytes) -> Address:
    if parity not in (0, 1):
        raise ChainDataError(f"expected a signature parity of 0 or 1, found {parity}")
    if _int(s) > HALF_ORDER:
        raise ChainDataError("the signature's s is in the upper half of the curve's order (EIP-2)")
    signature = _int(r).to_bytes(32) + _int(s).to_bytes(32) + bytes([parity])
    public = coincurve.PublicKey.from_signature_and_message(signature, keccak256(payload), hasher=None)
    return address_of(public.format(compressed=False)[1:])


def _int(field: bytes) -> int:
    if not isinstance(field, bytes) or len(field) > 32 or field[:1] == b"\0":
        raise ChainDataError("expected an integer of at most 32 bytes without leading zeros")
    return int.from_bytes(field)


def _to(field: bytes) -> Address | None:
    return address(field) if field else None


def _word(field: bytes) -> bytes:
    if len(field) != 32:
        raise ChainDataError(f"expected a word of 32 bytes, found {len(field)}")
    return field
