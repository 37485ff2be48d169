"""Single transactions: by effective tip, then arrival, in nonce order, within the gas limit, none lost."""

import asyncio
import time
from typing import Any

from eth_utils.crypto import keccak

from tallyio.devnet.node_rpc import NodeRpc

PAYER, BURNER = "0x" + "11" * 20, "0x" + "44" * 20
ETHER = 10**18
GWEI = 10**9


def hash_of(raw: bytes) -> str:
    return "0x" + keccak(raw).hex()


def base_fee(bench: Any) -> int:
    return int(bench.anvil.rpc.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)


async def test_tips_rank_and_equal_tips_keep_arrival(bench: Any) -> None:
    low, first, second, high = (bench.actor().transact(PAYER, tip=tip * GWEI) for tip in (1, 2, 2, 3))
    for raw in (low, first, second, high):
        bench.publish(raw)
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw) for raw in (high, first, second, low)]


async def test_the_fee_cap_bounds_the_tip(bench: Any) -> None:
    cap = base_fee(bench) + 100_000_000
    capped = bench.actor().transact(PAYER, tip=cap, fee=cap)
    free = bench.actor().transact(PAYER, tip=GWEI)
    bench.publish(capped)
    bench.publish(free)
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(free), hash_of(capped)]


async def test_nonce_order_holds_whatever_the_tips(bench: Any) -> None:
    a, b = bench.actor(), bench.actor()
    slow, fast = a.transact(PAYER, tip=GWEI), a.transact(PAYER, tip=9 * GWEI)
    other = b.transact(PAYER, tip=2 * GWEI)
    for raw in (fast, slow, other):
        bench.publish(raw)
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw) for raw in (other, slow, fast)]


async def test_a_nonce_gap_waits_for_its_turn(bench: Any) -> None:
    actor = bench.actor()
    first, second = actor.transact(PAYER), actor.transact(PAYER)
    bench.publish(second)
    await bench.builder.build_block()
    assert bench.in_block() == []
    bench.publish(first)
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(first), hash_of(second)]


async def test_a_private_transaction_lands_without_ever_being_public(bench: Any) -> None:
    raw = bench.actor().transact(PAYER, tip=2 * GWEI)
    public = bench.actor().transact(PAYER, tip=GWEI)
    bench.publish(public)
    answer = await bench.ask("eth_sendRawTransaction", "0x" + raw.hex())
    assert answer["result"] == hash_of(raw)
    assert bench.anvil.rpc.call("txpool_status")["pending"] == "0x1"
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw), hash_of(public)]


async def test_what_does_not_fit_waits_and_smaller_ones_still_land(bench: Any) -> None:
    big = [bench.actor().transact(BURNER, gas=12_000_000, tip=tip * GWEI) for tip in (9, 8, 7)]
    small = bench.actor().transact(PAYER, tip=GWEI)
    for raw in (*big, small):
        bench.publish(raw)
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw) for raw in (big[0], big[1], small)]
    assert bench.anvil.rpc.call("txpool_status")["pending"] == "0x1"
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(big[2])]


async def test_a_bundle_takes_its_gas_before_the_public(bench: Any) -> None:
    public = bench.actor().transact(BURNER, gas=20_000_000, tip=50 * GWEI)
    bench.publish(public)
    bundle = bench.actor().transact(BURNER, gas=1_000_000), bench.actor().transact(PAYER, gas=15_000_000, value=ETHER)
    wire = {
        "txs": ["0x" + raw.hex() for raw in bundle],
        "blockNumber": hex(bench.head + 1),
        "revertingTxHashes": [hash_of(bundle[0])],
    }
    await bench.relay()._link.call("eth_sendBundle", wire)
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw) for raw in (*bundle, public)]  # gas used counts, not limits


async def test_a_bundle_above_the_gas_limit_is_out(bench: Any) -> None:
    sent = await bench.send(bench.actor().transact(PAYER, gas=30_000_001, value=ETHER))
    report = await bench.builder.build_block()
    assert report.failed == ((sent, "gas_limit"),)


async def test_a_fee_cap_below_the_base_fee_waits_until_it_falls(bench: Any) -> None:
    cap = base_fee(bench) - 1
    raw = bench.actor().transact(PAYER, fee=cap, tip=0)
    bench.anvil.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(cap))
    filler = [bench.actor().transact(BURNER, gas=14_900_000, tip=GWEI) for _ in range(2)]
    bench.publish(raw)
    for one in filler:
        bench.publish(one)
    seen = []
    for _ in range(4):
        await bench.builder.build_block()
        seen.append((base_fee(bench) <= cap, hash_of(raw) in bench.in_block()))
    assert [fits for fits, _ in seen].count(True) > 0
    assert [landed for _, landed in seen].count(True) == 1
    assert all(fits for fits, landed in seen if landed)


async def test_one_without_funds_waits_and_the_others_land(bench: Any) -> None:
    broke, funded = bench.actor(), bench.actor()
    unpayable = broke.transact(PAYER, value=900 * ETHER, tip=5 * GWEI)
    fine = [funded.transact(PAYER, tip=tip * GWEI) for tip in (9, 4, 3)]
    for raw in (unpayable, *fine):
        bench.publish(raw)
    bench.anvil.rpc.call("anvil_setBalance", broke.account.address, hex(ETHER))
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(raw) for raw in fine]
    bench.anvil.rpc.call("anvil_setBalance", broke.account.address, hex(1000 * ETHER))
    await bench.builder.build_block()
    assert bench.in_block() == [hash_of(unpayable)]


async def test_many_arrivals_while_a_block_is_built_are_all_mined(bench: Any) -> None:
    traders = [bench.actor() for _ in range(6)]
    raws = [trader.transact(PAYER, tip=(i + 1) * GWEI) for i, trader in enumerate(traders * 10)]

    def trade() -> None:
        own_connection = NodeRpc(bench.anvil.rpc_url)
        for raw in raws:
            own_connection.call("eth_sendRawTransaction", "0x" + raw.hex())
            time.sleep(0.01)
        own_connection.close()

    trading = asyncio.create_task(asyncio.to_thread(trade))
    landed: list[str] = []
    bundles = [bench.actor() for _ in range(3)]
    while not trading.done():
        for actor in bundles:
            await bench.send(actor.transact(PAYER, value=ETHER), actor.transact(PAYER, value=1))
        report = await bench.builder.build_block()
        assert len(report.bundles) == 3
        landed += report.transactions
    await trading
    landed += (await bench.builder.build_block()).transactions
    assert {hash_of(raw) for raw in raws} <= set(landed)
    assert len(landed) == len(set(landed))
    assert bench.builder.counters["blocks"] > 3
    assert bench.builder.counters["blocks_rolled_back"] == 0
