"""EIP-1559 transactions: their bytes before signing, read back from those bytes, and signed.

Source: EIP-2718 (typed envelope), EIP-1559 (type 2), EIP-2930 (access list).
"""

import msgspec
import rlp  # type: ignore[import-untyped]

from tallyio.chains.signed import AccessList, hash_of
from tallyio.core.errors import RefusedError
from tallyio.core.units import Address, Hash32, address
from tallyio.hot_path.signing import eip1559


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


def fields(tx: UnsignedTransaction) -> bytes:
    """The items of the transaction's list. Raises ``RefusedError`` naming a field out of its type's bounds."""
    return eip1559.fields(
        eip1559.Transaction(
            tx.chain_id,
            tx.nonce,
            tx.priority_fee_wei,
            tx.max_fee_wei,
            tx.gas_limit,
            bytes.fromhex(tx.to[2:]) if tx.to else b"",
            tx.value_wei,
            tx.data,
            [(bytes.fromhex(where[2:]), slots) for where, slots in tx.access_list],
        )
    )


def encode(tx: UnsignedTransaction) -> bytes:
    """The bytes whose Keccak hash is signed. Raises ``RefusedError`` as ``fields`` does."""
    return eip1559.payload(fields(tx))


def decode(payload: bytes) -> UnsignedTransaction:
    """Read what ``encode`` made. Raises ``RefusedError`` for anything else: the signer signs nothing it cannot read."""
    try:
        if payload[:1] != eip1559.TYPE:
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


def sealed(items: bytes, parity: int, r: bytes, s: bytes) -> SignedTransaction:
    """The items of ``fields`` with their signature (``r`` and ``s``: 32 bytes each), as what goes to a relay."""
    raw = eip1559.sealed(items, parity, r, s)
    return SignedTransaction(raw, hash_of(raw))


def _int(field: bytes) -> int:
    if len(field) > 32 or field[:1] == b"\0":
        raise ValueError("an integer is longer than 32 bytes or has leading zeros")
    return int.from_bytes(field)
