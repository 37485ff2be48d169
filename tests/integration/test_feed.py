"""The feed against a live node: history, live blocks, reorgs, rollbacks, pending transactions."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from typing import TypeVar

import pytest

from tallyio.chains import reads
from tallyio.chains.bloom import logs_bloom
from tallyio.chains.feed import WebSocketFeed
from tallyio.chains.rpc import Rpc
from tallyio.core.chain import BlockRef, ChainEvent, FeedStatus, NewBlock, PendingTransaction, Rollback
from tallyio.core.errors import ConfigError, DivergenceError
from tallyio.devnet.anvil import Anvil

T = TypeVar("T")

LOGGER = "0x" + "c0" * 20
LOGGER_CODE = "0x600035600052" + "43" + "33" + "60206000a2" + "600035600055" + "00"
"""Logs the first word of the calldata under the topics caller and block number, then stores it."""


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    with Anvil() as node:
        node.rpc.call("anvil_setCode", LOGGER, LOGGER_CODE)
        yield node


@asynccontextmanager
async def feeding(node: Anvil, start: int | BlockRef, **options: float) -> AsyncIterator[AsyncIterator[ChainEvent]]:
    async with Rpc(node.rpc_url, 5.0) as rpc:
        feed = WebSocketFeed(rpc, node.ws_url, start, poll_s=0.2, **options)  # type: ignore[arg-type]
        async with aclosing(feed.events()) as events:
            yield events


def send(node: Anvil, value: int, sender: int = 0) -> str:
    source = node.rpc.call("eth_accounts")[sender]
    return str(node.rpc.call("eth_sendTransaction", {"from": source, "to": LOGGER, "data": f"{value:#066x}"}))


def mine(node: Anvil, count: int = 1) -> None:
    for _ in range(count):
        node.rpc.call("evm_mine")


async def until(events: AsyncIterator[ChainEvent], kind: type[T], count: int = 1, within_s: float = 10.0) -> list[T]:
    found: list[T] = []
    async with asyncio.timeout(within_s):
        async for event in events:
            if isinstance(event, kind):
                found.append(event)
                if len(found) == count:
                    return found
    raise AssertionError("the feed ended")


def check_chain(blocks: list[NewBlock], first: int) -> None:
    assert [block.block.number for block in blocks] == list(range(first, first + len(blocks)))
    for parent, child in pairwise(blocks):
        assert child.block.parent_hash == parent.block.hash


def values(block: NewBlock) -> list[int]:
    return [int.from_bytes(log.data, "big") for log in block.logs]


async def test_history_then_live_blocks_carry_every_log(anvil: Anvil) -> None:
    for number in range(1, 31):
        for i in range(number % 4):
            send(anvil, number * 10 + i, sender=i)
        mine(anvil)
    async with feeding(anvil, 0, range_size=7) as events:
        blocks = await until(events, NewBlock, 31)
        check_chain(blocks, 0)
        for block in blocks:
            assert sorted(values(block)) == [block.block.number * 10 + i for i in range(block.block.number % 4)]
        for value in (7, 8, 9):
            send(anvil, value, sender=value)
        mine(anvil, 3)
        live = await until(events, NewBlock, 3)
    check_chain([*blocks, *live], 0)
    assert sorted(values(live[0])) == [7, 8, 9]
    async with Rpc(anvil.rpc_url) as rpc:
        header = await reads.get_block(rpc, live[0].block.hash)
    assert header is not None
    assert header.block(live[0].logs) == live[0]
    assert logs_bloom(live[0].logs) == header.logs_bloom


async def test_a_reorg_drops_the_blocks_and_brings_their_replacements(anvil: Anvil) -> None:
    for value in range(1, 6):
        send(anvil, value)
        mine(anvil)
    async with feeding(anvil, 1) as events:
        before = await until(events, NewBlock, 5)
        anvil.rpc.call("anvil_reorg", 3, [])
        [rollback] = await until(events, Rollback)
        after = await until(events, NewBlock, 3)
        send(anvil, 99)
        mine(anvil)
        after += await until(events, NewBlock)
    assert rollback.to == before[1].block
    assert rollback.dropped == (before[4].block, before[3].block, before[2].block)
    check_chain([*before[:2], *after], 1)
    assert [values(block) for block in after] == [[], [], [], [99]]


async def test_a_rollback_without_a_notice_is_found(anvil: Anvil) -> None:
    mine(anvil, 6)
    async with feeding(anvil, 1) as events:
        before = await until(events, NewBlock, 6)
        anvil.rpc.call("anvil_rollback", 4)
        [shorter] = await until(events, Rollback)
        assert shorter.to == before[1].block
        assert len(shorter.dropped) == 4
        send(anvil, 5)
        mine(anvil, 2)
        after = await until(events, NewBlock, 2)
    check_chain([*before[:2], *after], 1)
    assert values(after[0]) == [5]


async def test_a_rollback_below_the_first_block_names_its_parent(anvil: Anvil) -> None:
    mine(anvil, 4)
    async with feeding(anvil, 3) as events:
        before = await until(events, NewBlock, 2)
        anvil.rpc.call("anvil_reorg", 2, [])
        [rollback] = await until(events, Rollback)
        assert rollback.to.number == 2
        assert rollback.to.hash == before[0].block.parent_hash
        check_chain(await until(events, NewBlock, 2), 3)


async def test_a_reorg_deeper_than_the_kept_history_is_an_error(anvil: Anvil) -> None:
    mine(anvil, 12)
    async with feeding(anvil, 1, finality_depth=4) as events:
        await until(events, NewBlock, 12)
        anvil.rpc.call("anvil_reorg", 8, [])
        with pytest.raises(DivergenceError, match="deeper than the kept history"):
            await until(events, Rollback)


async def test_a_start_block_that_is_still_to_come_is_waited_for(anvil: Anvil) -> None:
    async with feeding(anvil, 3) as events:
        waiting = asyncio.create_task(until(events, NewBlock, 2))
        await asyncio.sleep(0.3)
        mine(anvil, 4)
        check_chain(await waiting, 3)


async def test_a_known_block_as_start_goes_on_with_its_child(anvil: Anvil) -> None:
    mine(anvil, 5)
    async with Rpc(anvil.rpc_url) as rpc:
        header = await reads.get_block(rpc, 3)
    assert header is not None
    async with feeding(anvil, header.ref) as events:
        check_chain(await until(events, NewBlock, 2), 4)
    stranger = BlockRef(3, header.ref.parent_hash, header.ref.hash, 0)
    async with feeding(anvil, stranger) as events:
        with pytest.raises(ConfigError, match="not on the chain"):
            await until(events, NewBlock)


async def test_pending_transactions_come_once_with_their_signed_bytes(anvil: Anvil) -> None:
    async with feeding(anvil, 0) as events:
        await until(events, FeedStatus)
        hashes = [send(anvil, value, sender=value) for value in range(3)]
        legacy = {"from": anvil.rpc.call("eth_accounts")[4], "to": LOGGER, "gasPrice": hex(3 * 10**9), "value": "0x5"}
        hashes.append(anvil.rpc.call("eth_sendTransaction", legacy))
        seen = await until(events, PendingTransaction, 4)
        mine(anvil)
        raws = [bytes.fromhex(anvil.rpc.call("eth_getRawTransactionByHash", h)[2:]) for h in hashes]
        send(anvil, 77)
        [later] = await until(events, PendingTransaction)
    assert sorted(tx.hash for tx in seen) == sorted(hashes)
    by_hash = {tx.hash: tx for tx in seen}
    assert [by_hash[h].raw for h in hashes] == raws
    last = by_hash[hashes[3]]
    assert (last.max_fee_wei, last.priority_fee_wei, last.value_wei, last.data) == (3 * 10**9, 3 * 10**9, 5, b"")
    assert later.data == (77).to_bytes(32, "big")


async def test_a_full_queue_drops_the_oldest_and_blocks_go_first(anvil: Anvil) -> None:
    async with Rpc(anvil.rpc_url, 5.0) as rpc:
        feed = WebSocketFeed(rpc, anvil.ws_url, 0, poll_s=0.2, pending_limit=4)
        async with aclosing(feed.events()) as events:
            await until(events, FeedStatus)
            hashes = [send(anvil, value, sender=value) for value in range(9)]
            await asyncio.sleep(0.5)
            seen = await until(events, PendingTransaction, 1)
            mine(anvil)
            await asyncio.sleep(0.3)
            following = await asyncio.wait_for(anext(events), 5)
    assert seen[0].hash in hashes[5:]
    assert isinstance(following, NewBlock)
    assert len(following.logs) == 9
    assert feed.counts["pending_overflow"] >= 5


async def test_a_restarted_node_is_found_again(anvil: Anvil) -> None:
    mine(anvil, 2)
    async with feeding(anvil, 1) as events:
        before = await until(events, NewBlock, 2)
        mine(anvil)
        before += await until(events, NewBlock)
        state = anvil.rpc.call("anvil_dumpState")
        port = anvil.port
        anvil.stop()
        while (await until(events, FeedStatus))[0].connected:
            pass
        with Anvil(port=port) as again:
            again.rpc.call("anvil_loadState", state)
            [back] = await until(events, FeedStatus)
            assert back.connected
            mine(again)
            after = await until(events, NewBlock)
    check_chain([*before, *after], 1)
