"""The bytes of an EIP-1559 transaction (type 2; EIP-2718, EIP-1559, EIP-2930), before and after its signature."""

from collections.abc import Sequence
from typing import NamedTuple

from tallyio.core.errors import RefusedError
from tallyio.hot_path.signing.rlp import list_prefix, number, text

TYPE = b"\x02"
ADDRESS_BYTES = 20
SLOT_BYTES = 32
WORD_LIMIT = 2**256
NONCE_LIMIT = 2**64 - 1
"""EIP-2681: a nonce is below this."""
GAS_LIMIT = 2**64
_ZERO_SLOT = b"\xa0"

AccessList = Sequence[tuple[bytes, Sequence[bytes]]]
"""Accounts of 20 bytes, each with its 32-byte storage keys."""


class Transaction(NamedTuple):
    """An unsigned transaction. Fees are wei per gas; ``to`` is 20 bytes, or empty for the creation of a contract."""

    chain_id: int
    nonce: int
    priority_fee_wei: int
    max_fee_wei: int
    gas_limit: int
    to: bytes
    value_wei: int
    data: bytes
    access_list: AccessList = ()


def fields(tx: Transaction) -> bytes:
    """The items of the transaction's list, without the list's prefix. Raises ``RefusedError`` naming a bad field."""
    chain_id, nonce, tip, cap, gas, to, value, data, access = tx
    if not (
        0 < chain_id < WORD_LIMIT
        and 0 <= nonce < NONCE_LIMIT
        and 0 <= tip < WORD_LIMIT
        and 0 <= cap < WORD_LIMIT
        and 0 <= gas < GAS_LIMIT
        and 0 <= value < WORD_LIMIT
        and (len(to) == ADDRESS_BYTES or not to)
    ):
        _refuse(tx)
    return b"".join(
        (
            number(chain_id),
            number(nonce),
            number(tip),
            number(cap),
            number(gas),
            text(to),
            number(value),
            text(data),
            _access_list(access) if access else b"\xc0",
        )
    )


def payload(items: bytes) -> bytes:
    """The bytes whose Keccak hash is signed, from ``fields``."""
    return TYPE + list_prefix(len(items)) + items


def sealed(items: bytes, parity: int, r: bytes, s: bytes) -> bytes:
    """The signed transaction, from ``fields`` and the signature: ``r`` and ``s`` are 32 bytes, big-endian."""
    signature = number(parity) + _word(r) + _word(s)
    return TYPE + list_prefix(len(items) + len(signature)) + items + signature


def _word(value: bytes) -> bytes:
    return number(int.from_bytes(value, "big")) if value[0] == 0 else _ZERO_SLOT + value


def _access_list(entries: AccessList) -> bytes:
    parts = []
    for account, slots in entries:
        if len(account) != ADDRESS_BYTES or any(len(slot) != SLOT_BYTES for slot in slots):
            raise RefusedError(
                f"the access list names an account of {len(account)} bytes or a slot that is not 32 bytes",
                todo="Give accounts of 20 bytes and storage keys of 32",
            )
        keys = b"".join([_ZERO_SLOT + slot for slot in slots])
        keys = list_prefix(len(keys)) + keys
        entry = text(account) + keys
        parts.append(list_prefix(len(entry)) + entry)
    whole = b"".join(parts)
    return list_prefix(len(whole)) + whole


def _refuse(tx: Transaction) -> None:
    bounds = {
        "chain_id": (1, WORD_LIMIT),
        "nonce": (0, NONCE_LIMIT),
        "priority_fee_wei": (0, WORD_LIMIT),
        "max_fee_wei": (0, WORD_LIMIT),
        "gas_limit": (0, GAS_LIMIT),
        "value_wei": (0, WORD_LIMIT),
    }
    for name, (low, high) in bounds.items():
        if not low <= getattr(tx, name) < high:
            raise RefusedError(
                f"{name} is {getattr(tx, name)}, expected {low} to {high - 1}", todo=f"Mend {name} before signing"
            )
    raise RefusedError(
        f"the target has {len(tx.to)} bytes, expected {ADDRESS_BYTES}, or none to create a contract",
        todo="Mend the target before signing",
    )
