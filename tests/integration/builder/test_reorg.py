"""Reorgs on demand: the newest blocks are replaced, the chain grows, and nothing public is lost."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from eth_utils.crypto import keccak

PAYER = "0x" + "11" * 20
ETHER = 10**18


def hash_of(raw: bytes) -> str:
    return "0x" + keccak(raw).hex()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_third_block_replaces_one_or_two(make_bench: Callable[..., Any], seed: int) -> None:
    bench = await make_bench(reorg_every=3, seed=seed)
    traders = [bench.actor() for _ in range(5)]
    sent: list[str] = []
    for _ in range(10):
        for trader in traders:
            sent.append(bench.publish(trader.transact(PAYER, value=1)))
        before = bench.head
        await bench.builder.build_block()
        assert bench.head == before + 1
    for _ in range(3):
        await bench.builder.build_block()

    reorgs = [report for report in bench.blocks if report.dropped]
    assert len(reorgs) == bench.builder.counters["reorgs"] >= 3
    first_seen = {report.hash: report for report in bench.blocks}
    for report in reorgs:
        replaced = first_seen[report.dropped[-1]]
        assert (replaced.number, replaced.parent_hash) == (report.number, report.parent_hash)
        assert replaced.hash != report.hash
    canonical = [bench.anvil.rpc.call("eth_getBlockByNumber", hex(n), False) for n in range(2, bench.head + 1)]
    assert [block["hash"] for block in canonical] == [bench.builder.reports[n].hash for n in range(2, bench.head + 1)]
    for parent, child in pairwise(canonical):
        assert child["parentHash"] == parent["hash"]
        assert int(child["timestamp"], 16) == int(parent["timestamp"], 16) + 12
    landed = [tx for block in canonical for tx in block["transactions"]]
    assert sorted(landed) == sorted(sent)


async def test_bundles_of_the_replaced_blocks_are_gone_and_their_victims_return(
    make_bench: Callable[..., Any],
) -> None:
    bench = await make_bench(reorg_every=4, seed=1)
    victim = bench.actor().transact(PAYER)
    ours = bench.actor().transact(PAYER, value=ETHER)
    await bench.builder.build_block()
    assert bench.head == 2
    bench.publish(victim)
    await bench.send(victim, ours)
    landed = await bench.builder.build_block()
    assert landed.transactions == (hash_of(victim), hash_of(ours))
    await bench.builder.build_block()
    await bench.builder.build_block()
    gone = [h for report in bench.blocks for h in report.dropped]
    assert landed.hash in gone
    assert bench.anvil.rpc.call("eth_getTransactionReceipt", hash_of(ours)) is None
    assert bench.anvil.rpc.call("eth_getTransactionReceipt", hash_of(victim))["status"] == "0x1"


async def test_a_bundle_for_the_block_after_the_reorg_still_lands(make_bench: Callable[..., Any]) -> None:
    bench = await make_bench(reorg_every=4, seed=1)
    raw = bench.actor().transact(PAYER, value=ETHER)
    await bench.builder.build_block()
    await bench.builder.build_block()
    await bench.send(raw, target=4)
    report = await bench.builder.build_block()
    assert (report.number, report.failed) == (4, ())
    assert report.transactions == (hash_of(raw),)
    assert bench.builder.counters["reorgs"] == 1


async def test_private_transactions_return_to_the_builder(make_bench: Callable[..., Any]) -> None:
    bench = await make_bench(reorg_every=4, seed=1)
    raw = bench.actor().transact(PAYER)
    await bench.builder.build_block()
    await bench.ask("eth_sendRawTransaction", "0x" + raw.hex())
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw)]
    await bench.builder.build_block()
    assert bench.builder.counters["blocks_dropped"] >= 1
    assert bench.in_block() == [hash_of(raw)]


async def test_blocks_of_others_are_never_replaced(make_bench: Callable[..., Any]) -> None:
    bench = await make_bench(reorg_every=1, seed=1)
    before = bench.anvil.rpc.call("eth_getBlockByNumber", "latest", False)["hash"]
    await bench.builder.build_block()
    assert bench.builder.counters["reorgs"] == 0
    bench.anvil.rpc.call("evm_mine")
    await bench.builder.build_block()
    assert bench.builder.counters["reorgs"] == 0
    assert bench.anvil.rpc.call("eth_getBlockByNumber", "0x1", False)["hash"] == before


async def test_heads_tell_of_a_reorg_by_parent_hash(make_bench: Callable[..., Any]) -> None:
    bench = await make_bench(reorg_every=4, seed=1)
    heads: list[dict[str, Any]] = []
    async with bench.session.ws_connect(bench.anvil.ws_url) as socket:
        await socket.send_json({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
        await socket.receive_json()
        for _ in range(3):
            await bench.builder.build_block()
        for _ in range(len(bench.blocks)):
            heads.append((await socket.receive_json())["params"]["result"])
    assert [head["hash"] for head in heads] == [report.hash for report in bench.blocks]
    numbers = [int(head["number"], 16) for head in heads]
    assert numbers != sorted(set(numbers))
    assert numbers[-1] == 4
