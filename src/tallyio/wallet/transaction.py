"""EIP-1559 transactions: their bytes before signing, read back from those bytes, and signed.

Source: EIP-2718 (typed envelope), EIP-1559 (type 2), EIP-2930 (access list).
"""

from typing import Any

import msgspec
import rlp  # type: ignore[import-untyped]

from tallyio.chains.signed import AccessList, hash_of
from tallyio.core.errors import RefusedError
from tallyio.core.units import Address, Hash32, address

TYPE = b"\x02"


class UnsignedTransaction(msgspec.Struct, frozen=True):
    """Fees are wei per gas; ``to`` is None for the creation of a contract."""

    chain_id: int
    nonce: int
    priority_fee_wei: int
    max_fee_wei: int
    gas_limit: int
    to: Address | None
    value_wei: int
    data: bytes
    access_list: AccessList = ()


class SignedTransaction(msgspec.Struct, frozen=True):
    raw: bytes
    hash: Hash32


def encode(tx: UnsignedTransaction) -> bytes:
    """The bytes whose Keccak hash is signed. Raises ``ValueError`` for a negative or oversized number."""
    return TYPE + bytes(rlp.encode(_fields(tx)))


def decode(payload: bytes) -> UnsignedTransaction:
    """Read what ``encode`` made. Raises ``RefusedError`` for anything else: the signer signs nothing it cannot read."""
    try:
        if payload[:1] != TYPE:
            raise ValueError(f"type {payload[:1].hex() or 'none'}, expected 02")
        chain_id, nonce, tip, cap, gas, to, value, data, access = rlp.decode(payload[1:])
        return UnsignedTransaction(
            chain_id=_int(chain_id),
            nonce=_int(nonce),
            priority_fee_wei=_int(tip),
            max_fee_wei=_int(cap),
            gas_limit=_int(gas),
            to=address(to) if to else None,
            value_wei=_int(value),
            data=bytes(data),
            access_list=tuple((address(where), tuple(bytes(slot) for slot in slots)) for where, slots in access),
        )
    except Exception as e:  # rlp raises many kinds; all of them mean unreadable bytes
        raise RefusedError(f"refused to sign {len(payload)} bytes that are no EIP-1559 transaction: {e}") from None


def sealed(payload: bytes, signature: bytes) -> SignedTransaction:
    """``payload`` with its 65-byte signature (r, s, parity) as the transaction that goes to a relay."""
    fields = rlp.decode(payload[1:])
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    raw = TYPE + bytes(rlp.encode([*fields, _bytes(signature[64]), _bytes(r), _bytes(s)]))
    return SignedTransaction(raw, hash_of(raw))


def _fields(tx: UnsignedTransaction) -> list[Any]:
    return [
        _bytes(tx.chain_id),
        _bytes(tx.nonce, 8),
        _bytes(tx.priority_fee_wei),
        _bytes(tx.max_fee_wei),
        _bytes(tx.gas_limit, 8),
        bytes.fromhex(tx.to[2:]) if tx.to else b"",
        _bytes(tx.value_wei),
        tx.data,
        [[bytes.fromhex(where[2:]), list(slots)] for where, slots in tx.access_list],
    ]


def _bytes(number: int, limit: int = 32) -> bytes:
    length = (number.bit_length() + 7) // 8
    if number < 0 or length > limit:
        raise ValueError(f"found {number}, expected 0 to 2**{8 * limit} - 1")
    return number.to_bytes(length)


def _int(field: bytes) -> int:
    if len(field) > 32 or field[:1] == b"\0":
        raise ValueError("an integer is longer than 32 bytes or has leading zeros")
    return int.from_bytes(field)
