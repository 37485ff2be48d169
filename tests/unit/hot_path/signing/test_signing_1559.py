"""Transactions signed here and by eth-account: the same bytes; and a key that shows nowhere."""

import copy
import pickle
import traceback
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from tallyio.core.errors import BugError, RefusedError
from tallyio.hot_path.hashes.digest import keccak256
from tallyio.hot_path.signing.eip1559 import Transaction
from tallyio.hot_path.signing.key import Key
from tallyio.hot_path.signing.sign import sign

SECRET = bytes.fromhex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
PLAIN = Transaction(1, 7, 10**9, 10**11, 200_000, b"\x11" * 20, 5, b"\x01\x02")


def numbers(limit: int) -> st.SearchStrategy[int]:
    edges = [n for n in (0, 1, 127, 128, 255, 256, limit - 1) if n < limit]
    return st.sampled_from(edges) | st.integers(0, limit - 1)


accounts = st.binary(min_size=20, max_size=20)
slots = st.binary(min_size=32, max_size=32)
transactions = st.builds(
    Transaction,
    numbers(2**256 - 1).map(lambda n: n + 1),
    numbers(2**64 - 1),
    numbers(2**256),
    numbers(2**256),
    numbers(2**64),
    st.just(b"") | accounts,
    numbers(2**256),
    st.binary(max_size=80) | st.integers(200, 70_000).map(lambda n: b"\x7f" * n),
    st.lists(st.tuples(accounts, st.lists(slots, max_size=3)), max_size=3),
)
secrets = st.sampled_from([1, 2, ORDER - 1]) | st.integers(1, ORDER - 1)


def by_eth_account(tx: Transaction, secret: bytes) -> bytes:
    fields: dict[str, Any] = {
        "type": 2,
        "chainId": tx.chain_id,
        "nonce": tx.nonce,
        "maxPriorityFeePerGas": tx.priority_fee_wei,
        "maxFeePerGas": tx.max_fee_wei,
        "gas": tx.gas_limit,
        "to": tx.to,
        "value": tx.value_wei,
        "data": tx.data,
        "accessList": [
            {"address": "0x" + account.hex(), "storageKeys": ["0x" + slot.hex() for slot in keys]}
            for account, keys in tx.access_list
        ],
    }
    return bytes(Account.sign_transaction(fields, secret).raw_transaction)


@settings(max_examples=300, deadline=None)
@given(transactions, secrets)
def test_the_bytes_are_those_of_eth_account(tx: Transaction, number: int) -> None:
    secret = number.to_bytes(32, "big")
    assert sign(tx, Key(secret), keccak256) == by_eth_account(tx, secret)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@settings(max_examples=20_000, deadline=None)
@given(transactions, secrets)
def test_the_bytes_are_those_of_eth_account_on_many(tx: Transaction, number: int) -> None:
    secret = number.to_bytes(32, "big")
    assert sign(tx, Key(secret), keccak256) == by_eth_account(tx, secret)


def test_short_r_and_s_are_written_without_leading_zeros() -> None:
    key, short = Key(SECRET), 0
    for nonce in range(1500):
        tx = PLAIN._replace(nonce=nonce)
        if len(raw := sign(tx, key, keccak256)) < len(sign(PLAIN._replace(nonce=128), key, keccak256)) - 1:
            short += 1
            assert raw == by_eth_account(tx, SECRET)
    assert short


def test_signing_is_deterministic_and_takes_the_low_half_of_s() -> None:
    key = Key(SECRET)
    for i in range(200):
        hash_ = keccak256(bytes([i]))
        parity, _, s = key.sign(hash_)
        assert (parity, int.from_bytes(s, "big") <= HALF_ORDER) in {(0, True), (1, True)}
        assert key.sign(hash_) == Key(SECRET).sign(hash_)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"chain_id": 0}, "chain_id is 0"),
        ({"chain_id": 2**256}, "chain_id"),
        ({"nonce": -1}, "nonce is -1"),
        ({"nonce": 2**64 - 1}, "nonce"),
        ({"priority_fee_wei": 2**256}, "priority_fee_wei"),
        ({"max_fee_wei": -5}, "max_fee_wei"),
        ({"gas_limit": 2**64}, "gas_limit"),
        ({"value_wei": 2**256}, "value_wei"),
        ({"to": b"\x01" * 19}, "19 bytes"),
        ({"access_list": [(b"\x01" * 21, [])]}, "21 bytes"),
        ({"access_list": [(b"\x01" * 20, [b"\x01" * 31])]}, "not 32 bytes"),
    ],
)
def test_a_field_out_of_bounds_is_refused_by_name(change: dict[str, Any], told: str) -> None:
    with pytest.raises(RefusedError, match=told):
        sign(PLAIN._replace(**change), Key(SECRET), keccak256)


@pytest.mark.parametrize(
    "bad", [b"", bytes(32), ORDER.to_bytes(32, "big"), SECRET + b"\x01", SECRET[:31], b"\xff" * 32]
)
def test_what_is_no_key_is_refused_without_being_shown(bad: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        Key(bad)
    told = "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert not bad or bad.hex() not in told
    assert repr(bad) not in told or not bad


def test_a_key_shows_nowhere() -> None:
    key = Key(SECRET)
    shown = repr(key) + str(key) + f"{key}" + repr(dir(key))
    assert SECRET.hex() not in shown
    assert repr(SECRET) not in shown
    for leak in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(BugError):
            leak(key)
    with pytest.raises(BugError) as caught:
        key.sign(b"short")
    assert SECRET.hex() not in str(caught.value)
