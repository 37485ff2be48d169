"""Bundles from signed transactions: identity by content, limits, the form on the wire."""

import uuid

import pytest

from tallyio.chains.signed import hash_of
from tallyio.core.errors import BugError
from tallyio.core.units import Address
from tallyio.devnet.accounts import from_key, sign
from tallyio.execution.bundle import OwnTransaction, make_bundle, replacement_uuid, to_wire

TO = Address("0x" + "11" * 20)


def raw(nonce: int, key: int = 1, data: bytes = b"") -> bytes:
    return sign(from_key(key.to_bytes(32)), 31337, nonce, TO, data, gas=100_000)[0]


def test_own_transactions_keep_their_opportunities_and_a_victim_is_nobodys() -> None:
    victim, first, second = raw(9, key=2), raw(3), raw(4)
    bundle = make_bundle(7, [victim, OwnTransaction(first, "a", 10), OwnTransaction(second, "b", 20)])
    assert bundle.transactions == (victim, first, second)
    assert bundle.own == (hash_of(first), hash_of(second))
    assert (bundle.opportunity_ids, bundle.predicted_net_wei, bundle.nonces) == (("a", "b"), (10, 20), (3, 4))


def test_the_id_follows_from_target_and_transactions() -> None:
    one = [OwnTransaction(raw(0), "a", 1)]
    assert make_bundle(7, one).id == make_bundle(7, one, replacement_uuid="u").id
    assert (
        len({make_bundle(7, one).id, make_bundle(8, one).id, make_bundle(7, [OwnTransaction(raw(1), "a", 1)]).id}) == 3
    )


def test_the_wire_form_holds_what_relays_ask_for() -> None:
    bundle = make_bundle(255, [OwnTransaction(raw(0), "a", 1)])
    assert to_wire(bundle) == {"txs": ["0x" + raw(0).hex()], "blockNumber": "0xff"}
    named = make_bundle(255, [OwnTransaction(raw(0), "a", 1)], replacement_uuid="u")
    assert to_wire(named)["replacementUuid"] == "u"


def test_a_replacement_uuid_is_a_version_4_uuid_and_repeats() -> None:
    found = replacement_uuid("plan", 7)
    assert found == replacement_uuid("plan", 7) != replacement_uuid("plan", 8)
    assert uuid.UUID(found).version == 4


def test_limits_and_nonces_are_checked() -> None:
    with pytest.raises(BugError, match="found 0"):
        make_bundle(7, [])
    with pytest.raises(BugError, match="found 101"):
        make_bundle(7, [OwnTransaction(raw(nonce), "a", 1) for nonce in range(101)])
    with pytest.raises(BugError, match="300000 bytes"):
        make_bundle(7, [OwnTransaction(raw(nonce, data=b"\1" * 100_000), "a", 1) for nonce in range(3)])
    with pytest.raises(BugError, match="expected nonce 1"):
        make_bundle(7, [OwnTransaction(raw(0), "a", 1), OwnTransaction(raw(2), "b", 1)])
    with pytest.raises(BugError, match="of our own"):
        make_bundle(7, [raw(0)])
