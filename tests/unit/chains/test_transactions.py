"""Signed bytes rebuilt from JSON fields, against an independent signer."""

from typing import Any

import pytest
from eth_account import Account

from tallyio.chains.transactions import pending
from tallyio.core.errors import ChainDataError, OutOfReachError

SIGNER = Account.from_key(b"\x07" * 32)
TO = "0x" + "ab" * 20
COMMON = {"nonce": 5, "gas": 100_000, "to": TO, "value": 10**18, "data": b"\x01\x00\x02", "chainId": 31337}
LIST = [{"address": TO, "storageKeys": ["0x" + "00" * 31 + "07", "0x" + "ff" * 32]}]
FEES = {"maxFeePerGas": 9, "maxPriorityFeePerGas": 3}
KINDS: list[dict[str, Any]] = [
    {**COMMON, "gasPrice": 7},
    {**COMMON, "gasPrice": 7, "to": "", "data": b"\x60\x00"},
    {**COMMON, "gasPrice": 7, "accessList": LIST, "type": 1},
    {**COMMON, **FEES, "type": 2},
    {**COMMON, **FEES, "accessList": LIST, "type": 2, "nonce": 0, "value": 0, "data": b""},
]


def as_json(fields: dict[str, Any]) -> dict[str, Any]:
    """What a node would send for the signed transaction."""
    signed = SIGNER.sign_transaction(fields | {"to": bytes.fromhex(fields["to"][2:]) if fields["to"] else b""})
    kind = fields.get("type", 0)
    raw: dict[str, Any] = {key: hex(value) for key, value in fields.items() if isinstance(value, int) and key != "data"}
    raw |= {"type": hex(kind), "hash": "0x" + signed.hash.hex(), "from": SIGNER.address, "to": fields["to"] or None}
    raw |= {"input": "0x" + fields["data"].hex(), "r": hex(signed.r), "s": hex(signed.s), "v": hex(signed.v)}
    if kind:
        raw |= {"yParity": hex(signed.v), "accessList": fields.get("accessList", [])}
    raw["signed"] = bytes(signed.raw_transaction)
    return raw


@pytest.mark.parametrize("fields", KINDS)
def test_the_signed_bytes_come_back(fields: dict[str, Any]) -> None:
    raw = as_json(fields)
    transaction = pending(raw)
    assert transaction.raw == raw["signed"]
    assert transaction.sender == SIGNER.address.lower()
    assert (transaction.nonce, transaction.value_wei, transaction.gas_limit) == (
        fields["nonce"],
        fields["value"],
        100_000,
    )
    assert transaction.max_fee_wei == fields.get("maxFeePerGas", 7)
    assert transaction.priority_fee_wei == fields.get("maxPriorityFeePerGas", 7)
    assert transaction.to == (TO if fields["to"] else None)


def test_a_delegating_transaction() -> None:
    granted = SIGNER.sign_authorization({"chainId": 31337, "address": "0x" + "cd" * 20, "nonce": 6})
    fields = {**COMMON, **FEES, "type": 4, "authorizationList": [granted]}
    entry = {"chainId": hex(31337), "address": "0x" + "cd" * 20, "nonce": "0x6", "yParity": hex(granted.y_parity)}
    entry |= {"r": hex(granted.r), "s": hex(granted.s)}
    raw = as_json(fields) | {"authorizationList": [entry]}
    assert pending(raw).raw == raw["signed"]


@pytest.mark.parametrize("field", ["value", "nonce", "input", "r", "gas"])
def test_a_changed_field_is_noticed(field: str) -> None:
    raw = as_json(KINDS[3])
    raw[field] = "0x1234"
    with pytest.raises(ChainDataError, match="does not hash to its own hash"):
        pending(raw)


def test_what_cannot_be_rebuilt_is_refused() -> None:
    raw = as_json(KINDS[3])
    with pytest.raises(ChainDataError, match="type 3"):
        pending(raw | {"type": "0x3"})
    with pytest.raises(ChainDataError):
        pending(raw | {"accessList": [{}]})
    with pytest.raises(ChainDataError):
        pending("0x12")
    with pytest.raises(OutOfReachError, match="hash"):
        pending({})


def test_bytes_from_the_node_are_checked_too() -> None:
    raw = as_json(KINDS[0])
    assert pending(raw | {"type": "0x77"}, raw["signed"]).raw == raw["signed"]
    with pytest.raises(ChainDataError, match="does not hash"):
        pending(raw, raw["signed"][:-1])
