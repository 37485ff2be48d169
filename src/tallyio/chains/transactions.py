"""Pending transactions as JSON-RPC sends them, back to the signed bytes that a bundle needs.

Encodings: legacy with EIP-155, EIP-2930, EIP-1559, EIP-4844 (without its blobs), EIP-7702. The bytes are proved by
their hash.
"""

from typing import Any

import rlp  # type: ignore[import-untyped]

from tallyio.chains import blocks
from tallyio.chains.jsonrpc import data, quantity
from tallyio.chains.keccak import keccak256
from tallyio.core.chain import PendingTransaction
from tallyio.core.errors import ChainDataError

BLOB_TYPE = 3


def pending(raw: Any, signed: bytes | None = None) -> PendingTransaction:
    """A transaction object of ``eth_getTransactionByHash``; ``signed`` are its bytes where the node sent them.

    Raises ``ChainDataError`` when the bytes cannot be rebuilt (an unknown type, or blobs, whose sidecar the object
    lacks) and ``OutOfReachError`` when a field is missing or malformed.
    """
    if not isinstance(raw, dict):
        raise ChainDataError(f"the node sent {raw!r:.60} as a transaction, expected an object")
    tx_hash = blocks.hash32(raw.get("hash"), "transaction hash")
    if signed is None and raw.get("type") == hex(BLOB_TYPE):
        raise ChainDataError(f"transaction {tx_hash} has type 3: the object lacks its blobs")
    try:
        encoded = signed if signed is not None else encode_signed(raw)
    except (KeyError, TypeError, OverflowError) as error:
        raise ChainDataError(f"transaction {tx_hash} lacks or garbles a field: {error!r:.60}") from None
    if "0x" + keccak256(encoded).hex() != tx_hash:
        raise ChainDataError(f"transaction {tx_hash} of type {raw.get('type')} does not hash to its own hash")
    price = raw.get("gasPrice")
    max_fee = quantity(raw.get("maxFeePerGas") or price, "maxFeePerGas")
    tip = raw.get("maxPriorityFeePerGas")
    return PendingTransaction(
        hash=tx_hash,
        sender=blocks.account(raw.get("from"), "from"),
        to=blocks.account(raw["to"], "to") if raw.get("to") else None,
        nonce=quantity(raw.get("nonce"), "nonce"),
        value_wei=quantity(raw.get("value"), "value"),
        gas_limit=quantity(raw.get("gas"), "gas"),
        max_fee_wei=max_fee,
        priority_fee_wei=max_fee if tip is None else quantity(tip, "maxPriorityFeePerGas"),
        data=data(raw.get("input"), "input"),
        raw=encoded,
    )


def encode_signed(raw: dict[str, Any]) -> bytes:
    """The signed bytes of a transaction object, of a blob transaction as it stands in a block.

    Raises ``ChainDataError`` for types that it cannot rebuild.
    """
    kind = quantity(raw.get("type", "0x0"), "type")
    to = data(raw["to"], "to") if raw.get("to") else b""
    gas, value, payload = quantity(raw.get("gas")), quantity(raw.get("value")), data(raw.get("input"))
    nonce = quantity(raw.get("nonce"))
    signature = [quantity(raw.get("r")), quantity(raw.get("s"))]
    if kind == 0:
        price = quantity(raw.get("gasPrice"))
        return bytes(rlp.encode([nonce, price, gas, to, value, payload, quantity(raw.get("v")), *signature]))
    parity = quantity(raw.get("yParity", raw.get("v")), "yParity")
    chain = quantity(raw.get("chainId"))
    tail = [to, value, payload, _access_list(raw)]
    if kind == 1:
        fields = [chain, nonce, quantity(raw.get("gasPrice")), gas, *tail]
    elif kind in (2, 3, 4):
        fees = [quantity(raw.get("maxPriorityFeePerGas")), quantity(raw.get("maxFeePerGas"))]
        fields = [chain, nonce, *fees, gas, *tail]
        if kind == 3:
            hashes = [data(each) for each in raw["blobVersionedHashes"]]
            fields += [quantity(raw.get("maxFeePerBlobGas"), "maxFeePerBlobGas"), hashes]
        if kind == 4:
            fields.append(_authorizations(raw))
    else:
        raise ChainDataError(f"transaction {raw.get('hash')} has type {kind}, whose signed bytes cannot be rebuilt")
    return bytes([kind]) + bytes(rlp.encode([*fields, parity, *signature]))


def _access_list(raw: dict[str, Any]) -> list[list[Any]]:
    return [[data(e["address"]), [data(key) for key in e["storageKeys"]]] for e in raw.get("accessList") or ()]


def _authorizations(raw: dict[str, Any]) -> list[list[Any]]:
    return [
        [quantity(a["chainId"]), data(a["address"]), *(quantity(a[key]) for key in ("nonce", "yParity", "r", "s"))]
        for a in raw.get("authorizationList") or ()
    ]
