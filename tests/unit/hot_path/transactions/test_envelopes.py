"""Every envelope against eth_account, which signs and recovers on its own."""

import random

import pytest
import rlp
from eth_account import Account
from eth_utils import to_checksum_address

from tallyio.hot_path.transactions.codes import Code
from tallyio.hot_path.transactions.decoded import Decoded, decode
from tallyio.hot_path.transactions.sender import sender, transaction_hash

KINDS = ("legacy", "unprotected", "2930", "1559", "4844", "7702")


def _transaction(rng, kind, key):
    fields = {
        "nonce": rng.choice([0, 1, 127, 128, 2**16, 2**63]),
        "gas": rng.choice([21_000, 2**24, 30_000_000]),
        "to": to_checksum_address(rng.randbytes(20)),
        "value": rng.choice([0, 1, 127, 128, 10**18, 2**64, 2**128 - 1, 2**255 + 7]),
        "data": rng.randbytes(rng.choice([0, 1, 3, 4, 55, 56, 255, 256, 70_000])),
    }
    if kind in ("legacy", "2930", "unprotected"):
        fields["gasPrice"] = rng.choice([0, 7, 10**9, 2**63])
    else:
        fields |= {"maxFeePerGas": 2**40, "maxPriorityFeePerGas": rng.choice([0, 10**9])}
    if kind != "unprotected":
        fields["chainId"] = rng.choice([1, 10, 8453, 2**31])
    if kind in ("2930", "1559", "4844", "7702"):
        fields["accessList"] = [
            {"address": to_checksum_address(rng.randbytes(20)), "storageKeys": ["0x" + rng.randbytes(32).hex()] * slots}
            for slots in rng.choice([(), (0,), (1, 0, 3)])
        ]
    if kind == "4844":
        fields |= {"maxFeePerBlobGas": 2**30, "blobVersionedHashes": ["0x01" + rng.randbytes(31).hex()] * 2, "type": 3}
    if kind == "2930":
        fields["type"] = 1
    if kind == "7702":
        one = {"chainId": 1, "address": to_checksum_address(rng.randbytes(20)), "nonce": rng.choice([0, 5])}
        fields |= {"authorizationList": [Account.sign_authorization(one, key)], "type": 4}
    if kind in ("legacy", "unprotected", "2930", "1559") and rng.random() < 0.2:
        fields["to"] = b""
    return fields


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_hash_and_sender_equals_eth_account(kind):
    rng = random.Random(f"envelope {kind}")
    for _ in range(40):
        key = rng.randbytes(32)
        fields = _transaction(rng, kind, key)
        signed = Account.sign_transaction(fields, key)
        raw = bytes(signed.raw_transaction)

        found = decode(raw)

        assert isinstance(found, Decoded), found
        assert found.type == {"legacy": 0, "unprotected": 0, "2930": 1, "1559": 2, "4844": 3, "7702": 4}[kind]
        assert found.chain_id == fields.get("chainId")
        assert (found.nonce, found.gas_limit, found.value_wei) == (fields["nonce"], fields["gas"], fields["value"])
        assert found.max_fee_wei == fields.get("maxFeePerGas", fields.get("gasPrice"))
        assert found.priority_fee_wei == fields.get("maxPriorityFeePerGas", fields.get("gasPrice"))
        assert found.to == (bytes.fromhex(fields["to"][2:]) if fields["to"] else None)
        assert raw[found.data] == fields["data"]
        assert found.signature[1:] == (signed.r, signed.s)
        assert transaction_hash(raw, found) == signed.hash
        assert sender(raw, found).hex() == Account.from_key(key).address[2:].lower()


def _wrapped(blobs, commitments, proofs, version=None):
    key = bytes([7]) * 32
    fields = _transaction(random.Random("blobs"), "4844", key)
    signed = Account.sign_transaction(fields, key)
    body = rlp.decode(bytes(signed.raw_transaction)[1:])
    parts = [body, *([] if version is None else [version]), blobs, commitments, proofs]
    return b"\x03" + rlp.encode(parts), signed


@pytest.mark.parametrize(("version", "proofs_each"), [(None, 1), (b"\x01", 128)])
def test_a_blob_transaction_with_its_blobs_has_the_same_hash_and_sender(version, proofs_each):
    raw, signed = _wrapped([bytes(131072)] * 2, [bytes(48)] * 2, [bytes(48)] * 2 * proofs_each, version)
    found = decode(raw)
    assert isinstance(found, Decoded), found
    assert transaction_hash(raw, found) == signed.hash
    assert sender(raw, found).hex() == Account.from_key(bytes([7]) * 32).address[2:].lower()


@pytest.mark.parametrize(
    ("blobs", "commitments", "proofs"),
    [(1, 2, 2), (2, 1, 2), (2, 2, 1), (0, 0, 0)],
)
def test_a_sidecar_that_does_not_match_the_hashes_is_refused(blobs, commitments, proofs):
    raw, _ = _wrapped([bytes(131072)] * blobs, [bytes(48)] * commitments, [bytes(48)] * proofs)
    assert decode(raw) is Code.BAD_BLOBS
    raw, _ = _wrapped([bytes(131071)] * 2, [bytes(48)] * 2, [bytes(48)] * 2)
    assert decode(raw) is Code.BAD_BLOBS


LEGACY = [b"\x05", b"\x07", b"\x52\x08", bytes(range(20)), b"\x01", b"data!", b"\x25", b"\x01" * 32, b"\x01" * 32]
FEE_MARKET = [b"\x01", b"", b"\x01", b"\x02", b"\x52\x08", b"\x11" * 20, b"", b"", [], b"", b"\x01", b"\x01"]
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def _with(fields, place, value):
    return rlp.encode([*fields[:place], value, *fields[place + 1 :]])


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", Code.EMPTY),
        (b"\x00", Code.UNKNOWN_TYPE),
        (b"\x05\xc0", Code.UNKNOWN_TYPE),
        (b"\x80", Code.UNKNOWN_TYPE),
        (b"\x02", Code.ENDS_EARLY),
        (b"\x02\x80", Code.EXPECTED_LIST),
        (b"\xc0", Code.ENDS_EARLY),
        (b"\xc1", Code.ENDS_EARLY),
        (rlp.encode(LEGACY) + b"\0", Code.TRAILING_BYTES),
        (rlp.encode(LEGACY[:-1]), Code.ENDS_EARLY),
        (rlp.encode([*LEGACY, b""]), Code.EXTRA_FIELDS),
        (_with(LEGACY, 0, b"\0"), Code.LEADING_ZERO),
        (_with(LEGACY, 0, b"\0\x05"), Code.LEADING_ZERO),
        (_with(LEGACY, 4, b"\0" * 31 + b"\x05"), Code.LEADING_ZERO),
        (_with(LEGACY, 0, b"\x01" * 9), Code.TOO_WIDE),
        (_with(LEGACY, 4, b"\x01" * 33), Code.TOO_WIDE),
        (_with(LEGACY, 0, [b""]), Code.EXPECTED_STRING),
        (_with(LEGACY, 5, [b""]), Code.EXPECTED_STRING),
        (_with(LEGACY, 3, bytes(19)), Code.BAD_TARGET),
        (_with(LEGACY, 6, b"\x1d"), Code.BAD_SIGNATURE),
        (_with(LEGACY, 7, b""), Code.BAD_SIGNATURE),
        (_with(LEGACY, 7, ORDER.to_bytes(32)), Code.BAD_SIGNATURE),
        (_with(LEGACY, 8, b""), Code.BAD_SIGNATURE),
        (_with(LEGACY, 8, (ORDER // 2 + 1).to_bytes(32)), Code.BAD_SIGNATURE),
        (b"\x02" + _with(FEE_MARKET, 9, b"\x02"), Code.BAD_SIGNATURE),
        (b"\x02" + _with(FEE_MARKET, 2, b"\x03"), Code.TIP_ABOVE_CAP),
        (b"\x02" + _with(FEE_MARKET, 8, b""), Code.EXPECTED_LIST),
        (b"\x02" + _with(FEE_MARKET, 8, [[b"\x01" * 19, []]]), Code.BAD_ACCESS_LIST),
        (b"\x02" + _with(FEE_MARKET, 8, [[b"\x01" * 20, [b"\x01" * 31]]]), Code.BAD_ACCESS_LIST),
        (b"\x02" + _with(FEE_MARKET, 8, [[b"\x01" * 20, [], b""]]), Code.BAD_ACCESS_LIST),
        (b"\x04" + rlp.encode([*FEE_MARKET[:9], [], *FEE_MARKET[9:]]), Code.BAD_AUTHORIZATION),
        (b"\x04" + rlp.encode([*FEE_MARKET[:9], [[b""] * 6], *FEE_MARKET[9:]]), Code.BAD_AUTHORIZATION),
        (b"\x04" + rlp.encode([*FEE_MARKET[:5], b"", *FEE_MARKET[6:]]), Code.NO_TARGET),
        (b"\x03" + rlp.encode([*FEE_MARKET[:9], b"", [], *FEE_MARKET[9:]]), Code.BAD_BLOBS),
        (b"\x03" + rlp.encode([*FEE_MARKET[:9], b"", [bytes(31)], *FEE_MARKET[9:]]), Code.BAD_BLOBS),
        (b"\xc2\x81\x05", Code.NON_CANONICAL_SIZE),
        (b"\xf8\x01\x05", Code.NON_CANONICAL_SIZE),
        (b"\xf9\x00\x40" + bytes(64), Code.NON_CANONICAL_SIZE),
        (b"\xff" + b"\xff" * 8, Code.ENDS_EARLY),
        (b"\xff\x7f" + b"\xff" * 20, Code.ENDS_EARLY),
        (b"\xca\xbf" + b"\xff" * 9, Code.TOO_WIDE),
    ],
)
def test_each_malformation_has_its_code(raw, code):
    assert decode(raw) is code


def test_the_unspoilt_transactions_of_that_table_are_taken():
    for raw in (rlp.encode(LEGACY), b"\x02" + rlp.encode(FEE_MARKET)):
        assert isinstance(decode(raw), Decoded)
    assert isinstance(decode(_with(LEGACY, 8, (ORDER // 2).to_bytes(32))), Decoded)
    assert isinstance(decode(_with(LEGACY, 7, (ORDER - 1).to_bytes(32))), Decoded)


def test_every_prefix_of_a_transaction_is_refused():
    raw = b"\x02" + rlp.encode([*FEE_MARKET[:8], [[b"\x01" * 20, [b"\x02" * 32]]], *FEE_MARKET[9:]])
    assert isinstance(decode(raw), Decoded)
    for length in range(len(raw)):
        assert isinstance(decode(raw[:length]), Code)
