"""Bundles on a real chain: ranked by what the proposer gets, whole and in order or not at all."""

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from eth_utils.crypto import keccak

from tallyio.chains.fees import next_base_fee

PAYER, REVERTER, GATE, DICE = ("0x" + digits * 20 for digits in ("11", "22", "33", "55"))
COINBASE = "0x" + "c0" * 20
ETHER = 10**18


def hash_of(raw: bytes) -> str:
    return "0x" + keccak(raw).hex()


async def test_bundles_are_ranked_by_what_the_coinbase_gets(bench: Any) -> None:
    small, large, middle = (bench.actor().transact(PAYER, value=n) for n in (ETHER, 3 * ETHER, 2 * ETHER))
    for raw in (small, large, middle):
        await bench.send(raw)
    before = bench.balance(COINBASE)
    report = await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw) for raw in (large, middle, small)]
    assert [bundle.proposer_wei > n for bundle, n in zip(report.bundles, (3 * ETHER, 2 * ETHER, ETHER), strict=True)]
    assert sum(bundle.proposer_wei for bundle in report.bundles) == bench.balance(COINBASE) - before


async def test_a_priority_fee_ranks_like_a_payment(bench: Any) -> None:
    paying = bench.actor().transact(PAYER, value=10**14, tip=0)
    tipping = bench.actor().transact(PAYER, tip=10**11)
    await bench.send(paying)
    await bench.send(tipping)
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(tipping), hash_of(paying)]


async def test_a_bundle_keeps_its_order_and_stays_together_before_richer_single_transactions(bench: Any) -> None:
    a, b, trader = bench.actor(), bench.actor(), bench.actor()
    bundle = [a.transact(PAYER, value=1), b.transact(PAYER, value=1), a.transact(PAYER, value=ETHER)]
    public = trader.transact(PAYER, tip=10**11)
    bench.publish(public)
    await bench.send(*bundle)
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw) for raw in (*bundle, public)]


async def test_a_bundle_with_a_revert_is_out_whole(bench: Any) -> None:
    actor = bench.actor()
    sent = await bench.send(actor.transact(PAYER, value=ETHER), actor.transact(REVERTER))
    before = bench.balance(COINBASE)
    report = await bench.builder.build_block()
    assert bench.in_block() == []
    assert bench.balance(COINBASE) == before
    assert report.failed == ((sent, "reverted"),)


async def test_a_revert_that_the_bundle_allows_lands(bench: Any) -> None:
    actor = bench.actor()
    raws = [actor.transact(REVERTER), actor.transact(PAYER, value=ETHER)]
    wire = {
        "txs": ["0x" + raw.hex() for raw in raws],
        "blockNumber": hex(bench.head + 1),
        "revertingTxHashes": [hash_of(raws[0])],
    }
    await bench.relay()._link.call("eth_sendBundle", wire)
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw) for raw in raws]
    statuses = [r["status"] for r in bench.anvil.rpc.call("eth_getBlockReceipts", "latest")]
    assert statuses == ["0x0", "0x1"]


async def test_of_two_alternatives_with_one_nonce_the_better_lands(bench: Any) -> None:
    actor = bench.actor()
    poor = actor.transact(PAYER, value=1, nonce=0)
    rich = actor.transact(PAYER, value=ETHER, nonce=0)
    dropped, _ = await bench.send(poor), await bench.send(rich)
    report = await bench.builder.build_block()
    assert bench.in_block() == [hash_of(rich)]
    assert report.failed == ((dropped, "nonce_used"),)


async def test_a_bundle_whose_state_a_better_one_took_is_out(bench: Any) -> None:
    opener = bench.actor()
    bench.publish(opener.transact(GATE))
    await bench.builder.build_block()
    winner = bench.actor().transact(GATE, value=2 * ETHER, data=b"x")
    loser = bench.actor().transact(GATE, value=ETHER, data=b"x")
    lost, _ = await bench.send(loser), await bench.send(winner)
    report = await bench.builder.build_block()
    assert bench.in_block() == [hash_of(winner)]
    assert report.failed == ((lost, "reverted"),)


async def test_a_backrun_lands_behind_its_public_victim_which_lands_once(bench: Any) -> None:
    victim = bench.actor().transact(GATE)
    ours = bench.actor().transact(GATE, value=ETHER, data=b"x")
    bench.publish(victim)
    await bench.send(victim, ours)
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(victim), hash_of(ours)]
    assert bench.anvil.rpc.call("txpool_status") == {"pending": "0x0", "queued": "0x0"}


async def test_a_victim_whose_backrun_fails_still_lands_alone(bench: Any) -> None:
    victim = bench.actor().transact(PAYER)
    bench.publish(victim)
    await bench.send(victim, bench.actor().transact(GATE, value=ETHER, data=b"x"))
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(victim)]


async def test_bundles_with_following_nonces_all_land(bench: Any) -> None:
    actor = bench.actor()
    first, second, third = (actor.transact(PAYER, value=n) for n in (1, 3 * ETHER, 2))
    for raw in (third, second, first):
        await bench.send(raw)
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw) for raw in (first, second, third)]


async def test_a_bundle_is_not_in_the_mempool_and_dies_with_its_block(bench: Any) -> None:
    actor = bench.actor()
    actor.nonce = 1
    sent = await bench.send(actor.transact(PAYER, value=ETHER))
    assert bench.anvil.rpc.call("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    report = await bench.builder.build_block()
    assert report.failed == ((sent, "nonce_ahead"),)
    bench.publish(actor.transact(PAYER, nonce=0))
    await bench.builder.build_block()
    assert len(bench.in_block()) == 1


async def test_a_bundle_for_a_later_block_waits(bench: Any) -> None:
    raw = bench.actor().transact(PAYER, value=ETHER)
    await bench.send(raw, target=bench.head + 2)
    await bench.builder.build_block()
    assert bench.in_block() == []
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw)]


async def test_the_newest_under_one_uuid_replaces_the_others(bench: Any) -> None:
    actor = bench.actor()
    for value in (3, 2, 1):
        newest = actor.transact(PAYER, value=value * ETHER, nonce=0)
        await bench.send(newest, uuid="one")
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(newest)]
    assert bench.builder.counters["bundles_replaced"] == 2


async def test_a_uuid_belongs_to_its_identity(bench: Any) -> None:
    mine, theirs = bench.actor().transact(PAYER, value=ETHER), bench.actor().transact(PAYER, value=1)
    await bench.send(mine, uuid="one", identity=7)
    await bench.send(theirs, uuid="one", identity=8)
    assert not await bench.relay(9).cancel("one")
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(mine), hash_of(theirs)]


async def test_a_cancelled_bundle_does_not_land(bench: Any) -> None:
    await bench.send(bench.actor().transact(PAYER, value=ETHER), uuid="gone")
    assert await bench.relay().cancel("gone")
    assert not await bench.relay().cancel("gone")
    await bench.builder.build_block()
    assert bench.in_block() == []


async def test_timestamps_bound_the_block(bench: Any) -> None:
    now = int(bench.anvil.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    raws = [bench.actor().transact(PAYER, value=ETHER) for _ in range(3)]
    bounds: list[dict[str, int]] = [{"minTimestamp": now + 13}, {"maxTimestamp": now + 11}, {"maxTimestamp": now + 12}]
    for raw, bound in zip(raws, bounds, strict=True):
        wire = {"txs": ["0x" + raw.hex()], "blockNumber": hex(bench.head + 1), **bound}
        await bench.relay()._link.call("eth_sendBundle", wire)
    report = await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raws[2])]
    assert [reason for _, reason in report.failed] == ["timestamp", "timestamp"]
    assert report.timestamp == now + 12


async def test_a_bundle_that_fails_only_when_mined_is_rolled_back_and_the_rest_rebuilt(bench: Any) -> None:
    bench.load_dice()
    unlucky = bench.actor()
    bad = await bench.send(unlucky.transact(PAYER, value=1), unlucky.transact(DICE, value=5 * ETHER))
    good = bench.actor().transact(PAYER, value=ETHER)
    public, private = bench.actor().transact(PAYER), bench.actor().transact(PAYER)
    await bench.send(good)
    bench.publish(public)
    await bench.ask("eth_sendRawTransaction", "0x" + private.hex())
    report = await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw) for raw in (good, public, private)]
    assert report.failed == ((bad, "misplaced"),)
    assert bench.builder.counters["blocks_rolled_back"] == 1
    assert bench.anvil.rpc.call("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    parent = bench.anvil.rpc.call("eth_getBlockByNumber", hex(report.number - 1), False)
    assert report.parent_hash == parent["hash"]
    assert report.timestamp == int(parent["timestamp"], 16) + 12


async def test_the_base_fee_follows_the_parent_even_after_a_rollback(bench: Any) -> None:
    for _ in range(3):
        bench.load_dice()
        await bench.send(bench.actor().transact(DICE, value=ETHER))
        await bench.builder.build_block()
    assert bench.builder.counters["blocks_rolled_back"] == 3
    blocks = [bench.anvil.rpc.call("eth_getBlockByNumber", hex(n), False) for n in range(1, bench.head + 1)]
    for parent, child in pairwise(blocks):
        fees = (int(block["baseFeePerGas"], 16) for block in (parent, child))
        before, after = fees
        assert after == next_base_fee(before, int(parent["gasUsed"], 16), int(parent["gasLimit"], 16))


async def test_running_builds_the_blocks_asked_for_at_the_interval(make_bench: Callable[..., Any]) -> None:
    bench = await make_bench(interval_ms=50, block_seconds=3)
    start = bench.anvil.rpc.call("eth_getBlockByNumber", "latest", False)
    began = time.monotonic()
    await bench.builder.run(4)
    assert time.monotonic() - began >= 0.2
    end = bench.anvil.rpc.call("eth_getBlockByNumber", "latest", False)
    assert int(end["number"], 16) - int(start["number"], 16) == 4
    assert int(end["timestamp"], 16) - int(start["timestamp"], 16) == 12


async def test_a_large_block_keeps_its_exact_order(bench: Any) -> None:
    searchers, traders = [bench.actor() for _ in range(30)], [bench.actor() for _ in range(80)]
    singles = [trader.transact(PAYER, value=1, tip=(i + 1) * 10**9) for i, trader in enumerate(traders)]
    bundles = [[who.transact(PAYER, value=(i + 1) * 10**15) for _ in range(3)] for i, who in enumerate(searchers)]
    for raw in singles:
        bench.publish(raw)
    for bundle in bundles:
        await bench.send(*bundle)
    await bench.builder.build_block()
    expected = [raw for bundle in reversed(bundles) for raw in bundle] + singles[::-1]
    assert bench.in_block() == [hash_of(raw) for raw in expected]
    assert bench.builder.counters["blocks_rolled_back"] == 0
