"""Signing: equal to eth_account's, within policy, and a key that shows nowhere."""

import copy
import logging
import pickle
from typing import Any

import pytest
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tallyio.core.errors import BugError, RefusedError
from tallyio.core.units import UINT256_MAX, Address
from tallyio.wallet.policy import EMERGENCY_EXIT, EXECUTE, WITHDRAW, DeploymentPolicy, ExecutorPolicy
from tallyio.wallet.signer import KeystoreSigner
from tallyio.wallet.transaction import UnsignedTransaction, decode, encode

KEY = bytes.fromhex("4c" * 32)
OWNER = Address(Account.from_key(KEY).address.lower())
EXECUTOR = Address("0x" + "e1" * 20)
POLICY = ExecutorPolicy(chain_id=1, executor=EXECUTOR, max_fee_wei=100, max_gas=10**6, withdraw_to=frozenset({OWNER}))
CALL = UnsignedTransaction(1, 7, 2, 50, 500_000, EXECUTOR, 0, EXECUTE + bytes(96))


class Anything:
    def check(self, tx: UnsignedTransaction) -> None:
        return None


words = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20).map(lambda b: Address("0x" + b.hex()))
transactions = st.builds(
    UnsignedTransaction,
    chain_id=st.integers(1, 2**64),
    nonce=st.integers(0, 2**64 - 2),
    priority_fee_wei=st.integers(0, 2**128),
    max_fee_wei=st.integers(0, UINT256_MAX),
    gas_limit=st.integers(0, 2**64 - 1),
    to=st.none() | addresses,
    value_wei=st.integers(0, UINT256_MAX),
    data=st.binary(max_size=200),
    access_list=st.lists(st.tuples(addresses, st.lists(words, max_size=3).map(tuple)), max_size=3).map(tuple),
)


@settings(max_examples=1500, deadline=None)
@given(transactions)
def test_signatures_equal_those_of_eth_account(tx: UnsignedTransaction) -> None:
    signed = KeystoreSigner(KEY, Anything()).sign(tx)
    theirs: dict[str, Any] = {
        "type": 2,
        "chainId": tx.chain_id,
        "nonce": tx.nonce,
        "maxPriorityFeePerGas": tx.priority_fee_wei,
        "maxFeePerGas": tx.max_fee_wei,
        "gas": tx.gas_limit,
        "value": tx.value_wei,
        "data": tx.data,
        "accessList": [
            {"address": where, "storageKeys": ["0x" + s.hex() for s in slots]} for where, slots in tx.access_list
        ],
    }
    if tx.to:
        theirs["to"] = bytes.fromhex(tx.to[2:])
    unsigned = TypedTransaction.from_dict(theirs)
    assert bytes(unsigned.hash()) == _keccak(encode(tx))
    expected = Account.sign_transaction(theirs, KEY)
    assert (signed.raw, signed.hash) == (bytes(expected.raw_transaction), "0x" + bytes(expected.hash).hex())


def _keccak(data: bytes) -> bytes:
    from eth_utils.crypto import keccak

    return keccak(data)


@given(transactions)
def test_what_is_encoded_decodes_to_the_same(tx: UnsignedTransaction) -> None:
    assert decode(encode(tx)) == tx


@given(st.binary(max_size=80).map(lambda b: b"\x02" + b))
def test_unreadable_bytes_are_refused(payload: bytes) -> None:
    try:
        again = encode(decode(payload))
    except RefusedError:
        return
    assert again == payload


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"chain_id": 5}, "chain id 5, expected 1"),
        ({"to": OWNER}, f"{OWNER}, expected the executor"),
        ({"to": None}, "contract creation"),
        ({"value_wei": 1}, "value in wei of 1, expected at most 0"),
        ({"max_fee_wei": 101}, "fee cap in wei per gas of 101, expected at most 100"),
        ({"priority_fee_wei": 51}, "priority fee of 51"),
        ({"gas_limit": 10**6 + 1}, "gas limit"),
        ({"data": b""}, "function 0x, expected one of"),
        ({"data": b"\xa9\x05\x9c\xbb" + bytes(64)}, "function 0xa9059cbb"),
        ({"data": WITHDRAW + bytes(64) + bytes(12) + b"\x99" * 20}, "withdrawal to 0x9999"),
        ({"data": WITHDRAW}, "withdrawal to 0x"),
    ],
)
def test_what_the_policy_does_not_name_is_not_signed(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(RefusedError, match=named):
        KeystoreSigner(KEY, POLICY).sign(replace(CALL, **changes))


def test_the_executors_functions_are_signed() -> None:
    signer = KeystoreSigner(KEY, POLICY)
    home = WITHDRAW + bytes(64) + bytes(12) + bytes.fromhex(OWNER[2:])
    for data in (EXECUTE + bytes(96), home, EMERGENCY_EXIT + bytes(64)):
        signed = signer.sign(replace(CALL, data=data))
        assert Account.recover_transaction(signed.raw).lower() == OWNER == signer.address


def test_a_deployment_is_signed_only_with_the_known_code() -> None:
    policy = DeploymentPolicy(chain_id=1, creation_data=b"code", max_fee_wei=100, max_gas=10**7)
    signer = KeystoreSigner(KEY, POLICY).with_policy(policy)
    creation = replace(CALL, to=None, data=b"code")
    assert Account.recover_transaction(signer.sign(creation).raw).lower() == OWNER
    for wrong in (replace(creation, data=b"cod"), replace(creation, to=EXECUTOR), replace(creation, value_wei=1)):
        with pytest.raises(RefusedError):
            signer.sign(wrong)


def test_numbers_that_do_not_fit_are_refused_before_signing() -> None:
    for name, value in (("nonce", -1), ("nonce", 2**64 - 1), ("value_wei", 2**256), ("gas_limit", 2**64)):
        with pytest.raises(RefusedError, match=f"{name} is {value}, expected 0 to"):
            KeystoreSigner(KEY, Anything()).sign(replace(CALL, **{name: value}))
    with pytest.raises(RefusedError, match="chain_id is 0, expected 1 to"):
        encode(replace(CALL, chain_id=0))


def test_what_is_no_key_is_refused_without_being_shown() -> None:
    for bad in (bytes(32), KEY[:31], b"\xff" * 32):
        with pytest.raises(RefusedError) as caught:
            KeystoreSigner(bad, POLICY)
        assert bad.hex() not in str(caught.value)


def test_the_key_shows_in_no_repr_log_pickle_or_copy(caplog: pytest.LogCaptureFixture) -> None:
    signer = KeystoreSigner(KEY, POLICY)
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("signer %s %r", signer, [signer])
    for shown in (repr(signer), str(signer), caplog.text):
        assert KEY.hex() not in shown
        assert OWNER in shown
    assert not hasattr(signer, "__dict__")
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(BugError, match="holds a key"):
            take(signer)
