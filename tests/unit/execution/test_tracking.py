"""The life of a submitted transaction, case by case."""

from typing import Any

import pytest

from tallyio.core.chain import BlockRef, Log
from tallyio.core.executor_events import EXECUTED
from tallyio.core.trade import Bundle, Outcome, Submission
from tallyio.core.units import Address, Hash32
from tallyio.execution.tracking import Receipt, Tracker

EXECUTOR = Address("0x" + "ee" * 20)


def block(number: int, branch: str = "a") -> BlockRef:
    return BlockRef(number, Hash32(f"{branch}{number}"), Hash32(f"{branch}{number - 1}"), 12 * number)


def bundle(name: str, target: int, *transactions: tuple[str, int]) -> Bundle:
    hashes = tuple(Hash32(tx) for tx, _ in transactions)
    nonces = tuple(nonce for _, nonce in transactions)
    return Bundle(name, target, tuple(b"" for _ in hashes), hashes, hashes, tuple(7 for _ in hashes), nonces)


def receipt(tx: str, at: BlockRef, *, success: bool = True, gained: int = 0, bid: int = 0, **more: Any) -> Receipt:
    data = gained.to_bytes(32) + bid.to_bytes(32)
    log = Log(EXECUTOR, (EXECUTED,), data, at.number, at.hash, Hash32(tx), 0, 0)
    return Receipt(Hash32(tx), at, success, 100, 3, (log,) if success else (), **more)


def summary(outcomes: list[Outcome]) -> list[tuple[str, str, str]]:
    return [(outcome.bundle_id, outcome.tx_hash, outcome.status) for outcome in outcomes]


@pytest.fixture
def tracker() -> Tracker:
    return Tracker(EXECUTOR, unbound=["public"])


def test_the_topic_is_the_executors_event() -> None:
    from eth_utils.crypto import keccak

    assert "0x" + keccak(text="Executed(uint256,uint256)").hex() == EXECUTED


def test_a_landed_transaction_earned_what_the_executor_says(tracker: Tracker) -> None:
    tracker.sent(bundle("b", 5, ("t", 0)))
    (outcome,) = tracker.on_block(block(5), [receipt("t", block(5), gained=1000, bid=400, l1_fee_wei=11)], 1)
    assert (outcome.status, outcome.block) == ("landed", block(5))
    assert (outcome.gas_used, outcome.gas_cost_wei, outcome.gross_wei, outcome.bid_wei) == (100, 311, 1000, 400)
    assert (outcome.net_wei, outcome.predicted_net_wei) == (1000 - 400 - 311, 7)


def test_an_event_of_another_contract_earns_nothing(tracker: Tracker) -> None:
    tracker.sent(bundle("b", 5, ("t", 0)))
    found = receipt("t", block(5), gained=1000)
    other = Log(Address("0x" + "dd" * 20), *(getattr(found.logs[0], name) for name in Log.__struct_fields__[1:]))
    (outcome,) = tracker.on_block(block(5), [Receipt(found.tx_hash, found.block, True, 100, 3, (other,))], 1)
    assert outcome.gross_wei == 0


def test_a_revert_costs_its_gas(tracker: Tracker) -> None:
    tracker.sent(bundle("b", 5, ("t", 0)))
    (outcome,) = tracker.on_block(block(5), [receipt("t", block(5), success=False)], 1)
    assert (outcome.status, outcome.net_wei) == ("reverted", -300)


def test_a_bundle_that_its_target_passed_is_dropped_once(tracker: Tracker) -> None:
    tracker.sent(bundle("b", 5, ("t", 0), ("u", 1)))
    assert tracker.on_block(block(4), [], 0) == []
    assert summary(tracker.on_block(block(5), [], 0)) == [("b", "t", "dropped"), ("b", "u", "dropped")]
    assert tracker.on_block(block(6), [], 0) == []
    assert tracker.open_bundles() == ()
    assert tracker.watched() == ("t", "u")


@pytest.mark.parametrize("status", ["accepted", "rejected", "unknown"])
def test_whatever_the_relay_said_the_chain_decides(tracker: Tracker, status: str) -> None:
    tracker.sent(bundle("b", 5, ("t", 0)))
    tracker.answered(Submission("b", "flashbots", status))
    assert summary(tracker.on_block(block(5), [receipt("t", block(5))], 1)) == [("b", "t", "landed")]


def test_in_the_public_mempool_a_target_does_not_bind_but_the_nonce_does(tracker: Tracker) -> None:
    tracker.sent(bundle("b", 5, ("t", 3)))
    tracker.answered(Submission("b", "public", "unknown"))
    assert tracker.on_block(block(5), [], 3) == []
    assert tracker.on_block(block(6), [], 3) == []
    assert summary(tracker.on_block(block(7), [], 4)) == [("b", "t", "dropped")]


def test_of_alternatives_with_one_nonce_the_other_is_dropped(tracker: Tracker) -> None:
    tracker.sent(bundle("b", 9, ("t", 3)))
    tracker.sent(bundle("c", 9, ("u", 3)))
    found = summary(tracker.on_block(block(5), [receipt("u", block(5))], 4))
    assert found == [("c", "u", "landed"), ("b", "t", "dropped")]


def test_a_transaction_in_two_bundles_lands_for_the_one_that_aimed_there(tracker: Tracker) -> None:
    for name, target in (("b", 5), ("c", 6), ("d", 7)):
        tracker.sent(bundle(name, target, ("t", 0)))
    assert summary(tracker.on_block(block(5), [], 0)) == [("b", "t", "dropped")]
    found = summary(tracker.on_block(block(6), [receipt("t", block(6))], 1))
    assert found == [("c", "t", "landed"), ("d", "t", "dropped")]


def test_a_reorg_opens_it_again_and_it_may_land_elsewhere(tracker: Tracker) -> None:
    tracker.sent(bundle("b", 5, ("t", 0)))
    tracker.on_block(block(5), [receipt("t", block(5), gained=10)], 1)
    (gone,) = tracker.on_rollback(block(4))
    assert (gone.status, gone.block, gone.gross_wei, gone.gas_cost_wei) == ("reorged", block(5), 0, 0)
    assert summary(tracker.on_block(block(5, "b"), [], 0)) == [("b", "t", "dropped")]
    (late,) = tracker.on_block(block(6, "b"), [receipt("t", block(6, "b"), gained=10)], 1)
    assert (late.status, late.block) == ("landed", block(6, "b"))
    assert summary(tracker.on_rollback(block(5, "b"))) == [("b", "t", "reorged")]
    assert summary(tracker.on_block(block(6, "c"), [], 0)) == [("b", "t", "dropped")]


def test_a_rollback_below_nothing_of_ours_changes_nothing(tracker: Tracker) -> None:
    tracker.sent(bundle("b", 5, ("t", 0)))
    tracker.on_block(block(5), [receipt("t", block(5))], 1)
    assert tracker.on_rollback(block(5)) == []


def test_a_receipt_in_another_block_of_the_same_height_tells_of_the_reorg_itself(tracker: Tracker) -> None:
    tracker.sent(bundle("b", 5, ("t", 0)))
    tracker.on_block(block(5), [receipt("t", block(5))], 1)
    assert tracker.on_block(block(5), [receipt("t", block(5))], 1) == []
    found = summary(tracker.on_block(block(6, "b"), [receipt("t", block(5, "b"))], 1))
    assert found == [("b", "t", "reorged"), ("b", "t", "landed")]


def test_after_a_restart_blocks_that_passed_are_caught_up_at_once(tracker: Tracker) -> None:
    tracker.sent(bundle("b", 5, ("t", 0)))
    tracker.sent(bundle("c", 6, ("u", 1)))
    records = [bundle("b", 5, ("t", 0)), Submission("b", "flashbots", "unknown"), bundle("c", 6, ("u", 1))]
    restored = Tracker.restore(records, EXECUTOR)
    found = restored.on_block(block(20), [receipt("t", block(5), gained=5)], 1)
    assert summary(found) == [("b", "t", "landed"), ("c", "u", "dropped")]
    assert found[0].block == block(5)


def test_what_is_final_is_forgotten_and_nothing_else(tracker: Tracker) -> None:
    tracker.sent(bundle("b", 5, ("t", 0)))
    tracker.sent(bundle("c", 9, ("u", 1)))
    tracker.on_block(block(5), [receipt("t", block(5))], 1)
    tracker.forget(4)
    assert tracker.on_rollback(block(4)) != []
    tracker.on_block(block(5), [receipt("t", block(5))], 1)
    tracker.forget(5)
    assert tracker.on_rollback(block(4)) == []
    assert [b.id for b in tracker.open_bundles()] == ["c"]
