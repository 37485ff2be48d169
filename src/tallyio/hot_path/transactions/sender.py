"""Who signed a decoded transaction, and its hash: two keccaks and one recovery on libsecp256k1, outside the kernels.

The signing payload is put together from ranges of the input; nothing is decoded again.
"""

import coincurve
from Crypto.Hash import keccak

from tallyio.hot_path.transactions.decoded import Decoded


def keccak256(data: bytes) -> bytes:
    """Keccak-256, as Ethereum hashes."""
    return keccak.new(digest_bits=256, data=data).digest()


def signing_hash(raw: bytes, transaction: Decoded) -> bytes:
    """What was signed (EIP-155 for legacy transactions with a chain id, EIP-2718 for typed ones)."""
    fields = raw[transaction.signed]
    if transaction.type == 0 and transaction.chain_id is not None:
        fields += _number(transaction.chain_id) + b"\x80\x80"
    prefix = bytes([transaction.type]) if transaction.type else b""
    return keccak256(prefix + _list_header(len(fields)) + fields)


def transaction_hash(raw: bytes, transaction: Decoded) -> bytes:
    """The hash that the chain knows it by; blobs that came along are no part of it."""
    prefix = bytes([transaction.type]) if transaction.type else b""
    return keccak256(prefix + raw[transaction.body])


def sender(raw: bytes, transaction: Decoded) -> bytes | None:
    """The signer's address, or None where no key could have given that signature."""
    parity, r, s = transaction.signature
    signature = r.to_bytes(32) + s.to_bytes(32) + bytes([parity])
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature, signing_hash(raw, transaction), hasher=None)
    except Exception:  # coincurve raises bare ``Exception`` where the recovery fails
        return None
    return keccak256(key.format(compressed=False)[1:])[12:]


def _number(value: int) -> bytes:
    if 0 < value < 0x80:
        return bytes([value])
    data = value.to_bytes((value.bit_length() + 7) // 8)
    return bytes([0x80 + len(data)]) + data


def _list_header(length: int) -> bytes:
    if length < 56:
        return bytes([0xC0 + length])
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([0xF7 + len(size)]) + size
