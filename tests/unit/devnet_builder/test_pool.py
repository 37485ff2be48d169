"""Bundles that wait: targets, replacement, cancellation, limits, expiry."""

from collections import Counter

import msgspec
import pytest

from tallyio.chains.signed import decode
from tallyio.core.units import Address
from tallyio.devnet.accounts import from_key, sign
from tallyio.devnet.builder.jsonrpc import RpcError
from tallyio.devnet.builder.pool import BundlePool, bundle_hash
from tallyio.devnet.builder.records import StoredBundle

ALICE, BOB = (Address("0x" + digit * 40) for digit in "ab")


def bundle(target: int, *, signer: Address = ALICE, uuid: str = "", nonce: int = 0, arrival: int = 0) -> StoredBundle:
    tx = decode(sign(from_key((1).to_bytes(32)), 31337, nonce, BOB, gas=21_000)[0])
    return StoredBundle(bundle_hash([tx]), (tx,), target, signer, arrival, replacement_uuid=uuid)


@pytest.fixture
def pool() -> BundlePool:
    return BundlePool(Counter())


def test_only_the_target_block_sees_a_bundle_in_order_of_arrival(pool: BundlePool) -> None:
    late, early, other = bundle(5, nonce=1, arrival=2), bundle(5, arrival=1), bundle(6, nonce=2)
    for one in (late, early, other):
        pool.add(one, 4)
    assert pool.for_block(5) == [early, late]
    assert pool.for_block(7) == []


@pytest.mark.parametrize("target", [0, 4, 30, 2**63])
def test_a_target_that_is_past_or_too_far_is_refused(pool: BundlePool, target: int) -> None:
    with pytest.raises(RpcError, match="expected 5 to 29"):
        pool.add(bundle(target), 4)


def test_the_same_bundle_twice_is_held_once(pool: BundlePool) -> None:
    pool.add(bundle(5), 4)
    pool.add(bundle(5, arrival=9), 4)
    assert len(pool) == 1


def test_a_uuid_moves_a_bundle_to_another_block(pool: BundlePool) -> None:
    pool.add(bundle(5, uuid="u"), 4)
    pool.add(bundle(6, uuid="u", nonce=1), 4)
    assert pool.for_block(5) == []
    assert len(pool.for_block(6)) == 1
    assert pool.fate(bundle(5).hash, 5) == "replaced"


def test_a_uuid_resent_unchanged_stays(pool: BundlePool) -> None:
    pool.add(bundle(5, uuid="u"), 4)
    pool.add(bundle(5, uuid="u"), 4)
    assert len(pool) == 1
    assert pool.cancel(ALICE, "u")
    assert len(pool) == 0


def test_one_bundle_under_two_uuids_survives_the_cancellation_of_one(pool: BundlePool) -> None:
    pool.add(bundle(5, uuid="u"), 4)
    pool.add(bundle(5, uuid="v"), 4)
    assert pool.cancel(ALICE, "u")
    assert len(pool) == 1


def test_nobody_cancels_for_another(pool: BundlePool) -> None:
    pool.add(bundle(5, uuid="u"), 4)
    assert not pool.cancel(BOB, "u")
    assert pool.cancel(ALICE, "u")
    assert not pool.cancel(ALICE, "u")
    assert pool.fate(bundle(5).hash, 5) == "cancelled"


def test_what_its_block_passed_expires(pool: BundlePool) -> None:
    for target in (5, 6, 7):
        pool.add(bundle(target, uuid=str(target)), 4)
    assert pool.expire(6) == 2
    assert len(pool) == 1
    assert not pool.cancel(ALICE, "5")
    assert pool.fate(bundle(5).hash, 5) == "expired"
    assert pool.fate(bundle(7).hash, 7) == "pending"
    assert pool.fate(bundle(8).hash, 8) == "unknown"


def test_limits_of_one_bundle(pool: BundlePool) -> None:
    with pytest.raises(RpcError, match="found 0"):
        pool.add(msgspec.structs.replace(bundle(5), transactions=()), 4)
    twice = bundle(5).transactions * 2
    with pytest.raises(RpcError, match="twice"):
        pool.add(msgspec.structs.replace(bundle(5), transactions=twice), 4)
