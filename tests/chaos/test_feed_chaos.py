"""The feed over a bad line and from a bad node: each canonical block and log arrives once, in order."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from tallyio.chains.block_logs import UnreadableBlockError
from tallyio.chains.feed import WebSocketFeed
from tallyio.chains.rpc import Rpc
from tallyio.core.chain import FeedStatus, NewBlock, Rollback
from tallyio.devnet.anvil import Anvil

LOGGER = "0x" + "c0" * 20
LOGGER_CODE = "0x600035600052" + "43" + "33" + "60206000a2" + "00"
Tamper = Callable[[Any, Any], Any]


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    with Anvil() as node:
        node.rpc.call("anvil_setCode", LOGGER, LOGGER_CODE)
        yield node


class BadLine:
    """A TCP proxy whose line can be slow, cut, silent (half open) or noisy."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._writers: set[asyncio.StreamWriter] = set()
        self.latency_s = 0.0
        self.refusing = False
        self.silent = False
        self.noise = b""

    async def __aenter__(self) -> "BadLine":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.sleep(0.05)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        near, far = reader, await asyncio.open_connection("127.0.0.1", self._target_port)
        self._writers |= {writer, far[1]}
        await asyncio.gather(self._pump(near, far[1], noisy=False), self._pump(far[0], writer, noisy=True))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, noisy: bool) -> None:
        with suppress(OSError):
            while chunk := await reader.read(1 << 16):
                if self.latency_s:
                    await asyncio.sleep(self.latency_s)
                if self.silent:
                    continue
                if noisy and self.noise:
                    chunk, self.noise = self.noise + chunk, b""
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort()
        self._writers.discard(writer)


class Listener:
    """What a consumer of the feed believes: the chain that the events spell, and the statuses."""

    def __init__(self) -> None:
        self.chain: list[NewBlock] = []
        self.statuses: list[bool] = []
        self.rollbacks = 0

    async def listen(self, feed: WebSocketFeed) -> None:
        async with aclosing(feed.events()) as events:
            async for event in events:
                if isinstance(event, FeedStatus):
                    self.statuses.append(event.connected)
                elif isinstance(event, Rollback):
                    self.rollbacks += 1
                    for dropped in event.dropped:
                        assert self.chain.pop().block == dropped
                    assert not self.chain or self.chain[-1].block == event.to
                elif isinstance(event, NewBlock):
                    if self.chain:
                        assert event.block.parent_hash == self.chain[-1].block.hash
                        assert event.block.number == self.chain[-1].block.number + 1
                    self.chain.append(event)


def truth(node: Anvil) -> list[tuple[str, list[tuple[int, str]]]]:
    """Each canonical block's hash with its logs (index, data), asked of the node directly."""
    head = int(node.rpc.call("eth_blockNumber"), 16)
    result = []
    for number in range(1, head + 1):
        block = node.rpc.call("eth_getBlockByNumber", hex(number), False)
        logs = node.rpc.call("eth_getLogs", {"blockHash": block["hash"]})
        result.append((block["hash"], [(int(log["logIndex"], 16), log["data"]) for log in logs]))
    return result


def believed(listener: Listener) -> list[tuple[str, list[tuple[int, str]]]]:
    return [
        (block.block.hash, [(log.log_index, "0x" + log.data.hex()) for log in block.logs]) for block in listener.chain
    ]


def settled(listener: Listener, expected: list[tuple[str, list[tuple[int, str]]]]) -> bool:
    """The last block may be known before a new connection stands."""
    return believed(listener) == expected and listener.statuses[-1:] == [True]


async def settle(node: Anvil, listener: Listener, task: asyncio.Task[None], within_s: float = 20.0) -> None:
    expected = await asyncio.to_thread(truth, node)
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while not (task.done() or settled(listener, expected)):  # noqa: ASYNC110 - a condition, not an event
                await asyncio.sleep(0.05)
    if task.done():
        task.result()
    assert believed(listener) == expected


def grow(node: Anvil, rng: random.Random, value: int) -> int:
    """One block with 0 to 3 logs; sometimes a reorg first."""
    senders = node.rpc.call("eth_accounts")
    if rng.random() < 0.15 and int(node.rpc.call("eth_blockNumber"), 16) > 4:
        node.rpc.call("anvil_reorg", rng.randint(1, 3), [])
    for _ in range(rng.randint(0, 3)):
        value += 1
        node.rpc.call(
            "eth_sendTransaction",
            {"from": senders[value % 10], "to": LOGGER, "data": f"{value:#066x}", "gas": "0xffff"},
        )
    node.rpc.call("evm_mine")
    return value


async def test_every_block_and_log_survives_a_bad_line(anvil: Anvil) -> None:
    rng = random.Random(20260101)
    listener, value = Listener(), 0
    async with BadLine(anvil.port) as line, Rpc(f"http://127.0.0.1:{line.port}", 0.4, backoff_s=0.02) as rpc:
        feed = WebSocketFeed(
            rpc, f"ws://127.0.0.1:{line.port}", 1, poll_s=0.3, heartbeat_s=0.6, timeout_s=0.6, max_backoff_s=0.3
        )
        task = asyncio.create_task(listener.listen(feed))
        for step in range(90):
            value = await asyncio.to_thread(grow, anvil, rng, value)
            match step % 18:
                case 2:
                    line.latency_s = 0.01
                case 5:
                    line.latency_s = 0.0
                    line.cut()
                case 8:
                    line.refusing = True
                    line.cut()
                case 10:
                    line.refusing = False
                    line.silent = True
                case 13:
                    line.silent = False
                case 15:
                    line.noise = rng.randbytes(40)
                case 17:
                    line.noise = b'{"jsonrpc":"2.0"'
            await asyncio.sleep(0.2 if 10 <= step % 18 < 13 else 0.03)
        line.silent, line.latency_s = False, 0.0
        await settle(anvil, listener, task)
        value = await asyncio.to_thread(grow, anvil, rng, value)
        await settle(anvil, listener, task)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert listener.rollbacks > 0
    assert False in listener.statuses
    assert listener.statuses[-1] is True
    assert all(a != b for a, b in zip(listener.statuses, listener.statuses[1:], strict=False))


@asynccontextmanager
async def bad_node(node: Anvil, tamper: Tamper) -> AsyncIterator[str]:
    """An HTTP proxy that passes each call to the node and its answer through ``tamper(call, answer)``."""
    async with aiohttp.ClientSession() as session:

        async def one(call: Any) -> Any:
            async with session.post(node.rpc_url, json=call) as response:
                return tamper(call, await response.json())

        async def handle(request: web.Request) -> web.Response:
            calls = msgspec.json.decode(await request.read())
            body = [await one(call) for call in calls] if isinstance(calls, list) else await one(calls)
            return web.Response(body=msgspec.json.encode(body), content_type="application/json")

        app = web.Application()
        app.router.add_post("/", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def hear(node: Anvil, tamper: Tamper, check: Callable[[Listener, asyncio.Task[None]], Awaitable[None]]) -> Any:
    listener = Listener()
    async with bad_node(node, tamper) as url, Rpc(url, 2.0, backoff_s=0.01) as rpc:
        feed = WebSocketFeed(rpc, node.ws_url, 1, poll_s=0.1, range_size=16)
        task = asyncio.create_task(listener.listen(feed))
        try:
            await check(listener, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    return feed


async def test_logs_that_come_late_are_waited_for(anvil: Anvil) -> None:
    held_back: dict[str, int] = {}

    def tamper(call: Any, answer: Any) -> Any:
        if call["method"] == "eth_getLogs" and answer.get("result"):
            key = str(call["params"])
            held_back[key] = held_back.get(key, 0) + 1
            if held_back[key] <= 2:
                answer["result"] = answer["result"][: -held_back[key]]
        return answer

    rng, value = random.Random(3), 0
    for _ in range(20):
        value = grow(anvil, rng, value)

    async def check(listener: Listener, task: asyncio.Task[None]) -> None:
        await settle(anvil, listener, task)
        await asyncio.to_thread(grow, anvil, rng, 1000)
        await asyncio.to_thread(grow, anvil, rng, 2000)
        await settle(anvil, listener, task)

    feed = await hear(anvil, tamper, check)
    assert feed.counts["log_retries"] > 0


async def test_a_node_that_refuses_wide_ranges_is_asked_in_narrow_ones(anvil: Anvil) -> None:
    widths: list[int] = []

    def tamper(call: Any, answer: Any) -> Any:
        if call["method"] == "eth_getLogs" and "fromBlock" in call["params"][0]:
            width = int(call["params"][0]["toBlock"], 16) - int(call["params"][0]["fromBlock"], 16) + 1
            widths.append(width)
            if width > 3:
                return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32005, "message": "range too wide"}}
        return answer

    rng, value = random.Random(4), 0
    for _ in range(30):
        value = grow(anvil, rng, value)

    async def check(listener: Listener, task: asyncio.Task[None]) -> None:
        await settle(anvil, listener, task)

    await hear(anvil, tamper, check)
    assert max(widths) > 3
    assert min(widths) <= 3


async def test_a_node_that_never_gives_all_logs_ends_the_feed_with_a_clear_error(anvil: Anvil) -> None:
    def tamper(call: Any, answer: Any) -> Any:
        if call["method"] == "eth_getLogs":
            answer["result"] = answer["result"][:-1]
        return answer

    for sender in anvil.rpc.call("eth_accounts")[:3]:
        anvil.rpc.call("eth_sendTransaction", {"from": sender, "to": LOGGER, "data": "0x01"})
    anvil.rpc.call("evm_mine")

    async def check(_: Listener, task: asyncio.Task[None]) -> None:
        with pytest.raises(UnreadableBlockError, match="expected all logs of the block"):
            await asyncio.wait_for(task, 20)

    await hear(anvil, tamper, check)
