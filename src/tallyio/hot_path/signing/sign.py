"""A transaction built, hashed and signed. The hash function is the caller's: the kernels' or a library's, which a
process that signs once loads sooner. Both give the same bytes.
"""

from collections.abc import Callable

from tallyio.hot_path.signing.eip1559 import Transaction, fields, payload, sealed
from tallyio.hot_path.signing.key import Key

Hash = Callable[[bytes], bytes]
"""Keccak-256."""


def sign(tx: Transaction, key: Key, keccak256: Hash) -> bytes:
    """The signed transaction's raw bytes. Raises ``RefusedError`` for a field out of its type's bounds."""
    items = fields(tx)
    parity, r, s = key.sign(keccak256(payload(items)))
    return sealed(items, parity, r, s)
