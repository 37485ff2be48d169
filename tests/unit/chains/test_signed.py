"""Decoding signed transactions, judged by an independent library's signatures."""

from typing import Any

import pytest
from eth_account import Account

from tallyio.chains.signed import HALF_ORDER, decode
from tallyio.core.errors import ChainDataError

KEY = "0x" + "4c" * 32
TO = "0x" + "12" * 20
BASE: dict[str, Any] = {"nonce": 7, "to": TO, "value": 5, "gas": 90_000, "data": b"\x01\x02"}
ACCESS = [{"address": TO, "storageKeys": ["0x" + "00" * 31 + "05"]}]
KINDS: dict[str, dict[str, Any]] = {
    "legacy": BASE | {"gasPrice": 11, "chainId": 31337},
    "legacy without replay protection": BASE | {"gasPrice": 11},
    "access list": BASE | {"type": 1, "gasPrice": 11, "chainId": 31337, "accessList": ACCESS},
    "fee market": BASE
    | {"type": 2, "maxFeePerGas": 11, "maxPriorityFeePerGas": 3, "chainId": 31337, "accessList": ACCESS},
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_and_the_sender_are_read(kind: str) -> None:
    fields = KINDS[kind]
    signed = Account.sign_transaction(fields, KEY)
    tx = decode(bytes(signed.raw_transaction))
    assert tx.hash == signed.hash.to_0x_hex()
    assert tx.sender == Account.from_key(KEY).address.lower()
    assert (tx.nonce, tx.to, tx.value_wei, tx.gas_limit, tx.data) == (7, TO, 5, 90_000, b"\x01\x02")
    assert (tx.chain_id, tx.type) == (fields.get("chainId"), fields.get("type", 0))
    assert (tx.max_fee_wei, tx.priority_fee_wei) == (11, 3 if kind == "fee market" else 11)
    assert tx.access_list == (((TO, (bytes(31) + b"\x05",)),) if "accessList" in fields else ())


def test_a_creation_has_no_target() -> None:
    signed = Account.sign_transaction(KINDS["fee market"] | {"to": b""}, KEY)
    assert decode(bytes(signed.raw_transaction)).to is None


@pytest.mark.parametrize(("base_fee", "tip"), [(0, 3), (8, 3), (9, 2), (11, 0), (12, -1)])
def test_the_tip_is_bounded_by_the_fee_cap(base_fee: int, tip: int) -> None:
    tx = decode(bytes(Account.sign_transaction(KINDS["fee market"], KEY).raw_transaction))
    assert tx.tip_wei(base_fee) == tip


def raw_fields(change: dict[int, bytes]) -> bytes:
    import rlp  # type: ignore[import-untyped]

    raw = bytes(Account.sign_transaction(KINDS["fee market"], KEY).raw_transaction)
    fields = rlp.decode(raw[1:])
    for index, value in change.items():
        fields[index] = value
    return b"\x02" + bytes(rlp.encode(fields))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00",
        b"\x02",
        b"\x02\xc0",
        b"\x03\xc0",
        b"\x7f",
        b"\xc0",
        b"\x80",
        b"\xf8",
        bytes(Account.sign_transaction(KINDS["legacy"], KEY).raw_transaction)[:-1],
        bytes(Account.sign_transaction(KINDS["legacy"], KEY).raw_transaction) + b"\x00",
        raw_fields({11: (HALF_ORDER + 1).to_bytes(32)}),
        raw_fields({10: b"", 11: b""}),
        raw_fields({9: b"\x05"}),
        raw_fields({1: b"\x00\x07"}),
        raw_fields({5: b"\x01" * 19}),
        raw_fields({2: b"\xff"}),
        raw_fields({6: b"\x01" * 33}),
    ],
)
def test_unusable_bytes_are_refused_with_one_error(raw: bytes) -> None:
    with pytest.raises(ChainDataError):
        decode(raw)
