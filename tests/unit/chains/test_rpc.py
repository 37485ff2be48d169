"""The client against a server that fails in every way a node can."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from aiohttp import web

from tallyio.chains.blocking import BlockingRpc
from tallyio.chains.rpc import Rpc, RpcError
from tallyio.core.errors import OutOfReachError

Answer = Callable[[int, bytes], web.Response]
SECRETS = ("hunter2", "0123456789abcdef")


class Server:
    port = 0
    asked = 0

    @property
    def url(self) -> str:
        return f"http://user:hunter2@127.0.0.1:{self.port}/v3/0123456789abcdef"


@asynccontextmanager
async def serving(answer: Answer, delay_s: float = 0.0) -> AsyncIterator[Server]:
    server = Server()

    async def handle(request: web.Request) -> web.Response:
        server.asked += 1
        body = await request.read()
        await asyncio.sleep(delay_s)
        return answer(server.asked, body)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


def right(_: int, body: bytes) -> web.Response:
    calls = msgspec.json.decode(body)
    one = isinstance(calls, dict)
    answers = [{"jsonrpc": "2.0", "id": c["id"], "result": c["params"][0]} for c in ([calls] if one else calls)]
    return web.Response(body=msgspec.json.encode(answers[0] if one else answers))


def wrong(status: int, body: bytes) -> Answer:
    return lambda _, __: web.Response(status=status, body=body)


def hides_secrets(error: BaseException) -> bool:
    text = repr(error) + str(error) + repr(error.__cause__)
    return not any(secret in text for secret in SECRETS)


async def test_calls_and_chunked_batches() -> None:
    async with serving(right) as server, Rpc(server.url, batch_size=7) as rpc:
        assert await rpc.call("eth_call", ["0x5"]) == "0x5"
        assert await rpc.batch([("eth_call", [i]) for i in range(20)]) == list(range(20))
        assert server.asked == 1 + 3
        assert hides_secrets(RuntimeError(repr(rpc)))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (wrong(500, b"oh no"), "HTTP status 500"),
        (wrong(429, b'{"error":"slow down"}'), "HTTP status 429"),
        (wrong(200, b"<html>"), "nonsense"),
        (wrong(200, b'{"jsonrpc":"2.0","id":1}'), "nonsense"),
    ],
)
async def test_a_failing_node_is_asked_again_and_then_out_of_reach(answer: Answer, found: str) -> None:
    async with serving(answer) as server, Rpc(server.url, retries=2, backoff_s=0.001) as rpc:
        with pytest.raises(OutOfReachError, match=found) as caught:
            await rpc.call("eth_blockNumber")
        assert server.asked == 3
    assert hides_secrets(caught.value)
    assert "127.0.0.1" in str(caught.value)


async def test_a_node_that_recovers_is_believed() -> None:
    def third_time(asked: int, body: bytes) -> web.Response:
        return right(asked, body) if asked == 3 else web.Response(status=503)

    async with serving(third_time) as server, Rpc(server.url, backoff_s=0.001) as rpc:
        assert await rpc.call("eth_call", [1]) == 1


async def test_what_acts_is_never_asked_twice() -> None:
    async with serving(wrong(503, b"")) as server, Rpc(server.url, backoff_s=0.001) as rpc:
        with pytest.raises(OutOfReachError):
            await rpc.call("eth_sendRawTransaction", ["0x"])
        with pytest.raises(OutOfReachError):
            await rpc.batch([("eth_call", [1]), ("eth_sendRawTransaction", ["0x"])])
        assert server.asked == 2


async def test_a_refusal_is_not_asked_again() -> None:
    body = b'{"id":1,"error":{"code":3,"message":"execution reverted","data":"0xdead"}}'
    async with serving(wrong(200, body)) as server, Rpc(server.url, backoff_s=0.001) as rpc:
        with pytest.raises(RpcError) as caught:
            await rpc.call("eth_call", [1])
        assert (server.asked, caught.value.data) == (1, "0xdead")


async def test_a_slow_node() -> None:
    async with serving(right, delay_s=5) as server, Rpc(server.url, 0.05, retries=1, backoff_s=0.001) as rpc:
        with pytest.raises(OutOfReachError, match=r"within 0\.05 s") as caught:
            await rpc.call("eth_call", [1])
    assert hides_secrets(caught.value)


@pytest.mark.parametrize(
    "url", ["http://user:hunter2@127.0.0.1:9/0123456789abcdef", "nonsense://x:hunter2@y", "http://"]
)
async def test_no_node_at_all(url: str) -> None:
    async with Rpc(url, 1.0, retries=1, backoff_s=0.001) as rpc:
        with pytest.raises(OutOfReachError) as caught:
            await rpc.call("eth_chainId")
    assert hides_secrets(caught.value)


async def test_the_blocking_client_behaves_alike() -> None:
    def work(url: str) -> None:
        rpc = BlockingRpc(url, 1.0, batch_size=3)
        try:
            assert rpc.call("eth_call", [5]) == 5
            assert rpc.batch([("eth_call", [i]) for i in range(8)]) == list(range(8))
        finally:
            rpc.close()

    async with serving(right) as server:
        await asyncio.to_thread(work, server.url)

    def fail(url: str) -> OutOfReachError:
        rpc = BlockingRpc(url, 0.5)
        try:
            with pytest.raises(OutOfReachError) as caught:
                rpc.call("eth_blockNumber")
        finally:
            rpc.close()
        return caught.value

    for answer in (wrong(500, b"oh no"), wrong(200, b"<html>")):
        async with serving(answer) as server:
            assert hides_secrets(await asyncio.to_thread(fail, server.url))
    assert hides_secrets(await asyncio.to_thread(fail, "http://user:hunter2@127.0.0.1:9/0123456789abcdef"))
