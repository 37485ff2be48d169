"""Every relay is held to the same conduct, against a real builder or node and against a wire that fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tallyio.core.errors import OutOfReachError, RefusedError
from tallyio.execution.bundle import OwnTransaction, make_bundle
from tallyio.execution.identity import IdentityKey
from tallyio.execution.relays import FlashbotsRelay, PublicMempool, Relay

PAYER = "0x" + "11" * 20
ETHER = 10**18
KEY = (7).to_bytes(32)

Make = Callable[[str, aiohttp.ClientSession], Relay]
SIBLINGS: dict[str, Make] = {
    "flashbots": lambda url, session: FlashbotsRelay(url, IdentityKey(KEY), session, timeout_s=0.5),
    "public": lambda url, session: PublicMempool(url, session, timeout_s=0.5),
}


@pytest.fixture(params=sorted(SIBLINGS))
def make(request: pytest.FixtureRequest) -> Make:
    return SIBLINGS[request.param]


@pytest.fixture
def relay(make: Make, bench: Any) -> Relay:
    url = bench.server.url if make is SIBLINGS["flashbots"] else bench.anvil.rpc_url
    return make(url, bench.session)


def bundle_of(bench: Any, raw: bytes) -> Any:
    return make_bundle(bench.head + 1, [OwnTransaction(raw, "o", 1)])


async def test_an_accepted_bundle_lands(relay: Relay, bench: Any) -> None:
    bundle = bundle_of(bench, bench.actor().transact(PAYER, value=1))
    submission = await relay.send_bundle(bundle)
    assert (submission.bundle_id, submission.relay, submission.status) == (bundle.id, relay.name, "accepted")
    report = await bench.builder.build_block()
    assert report.transactions == bundle.own


async def test_the_same_bundle_twice_is_accepted_twice_and_lands_once(relay: Relay, bench: Any) -> None:
    bundle = bundle_of(bench, bench.actor().transact(PAYER, value=1))
    assert [(await relay.send_bundle(bundle)).status for _ in range(2)] == ["accepted", "accepted"]
    assert (await bench.builder.build_block()).transactions == bundle.own


async def test_a_refusal_carries_the_relays_words(relay: Relay, bench: Any) -> None:
    from tallyio.devnet.accounts import from_key, sign

    foreign = sign(from_key(KEY), 1, 0, PAYER, gas=21_000)[0]
    submission = await relay.send_bundle(bundle_of(bench, foreign))
    assert submission.status == "rejected"
    assert "chain" in submission.detail.lower()


async def test_cancelling_what_nobody_holds_is_no_error(relay: Relay) -> None:
    assert await relay.cancel("00000000-0000-4000-8000-000000000000") is False


async def test_simulating_either_answers_or_refuses(relay: Relay, bench: Any) -> None:
    bundle = bundle_of(bench, bench.actor().transact(PAYER, value=ETHER, tip=0))
    try:
        simulated = await relay.simulate(bundle, bench.head)
    except RefusedError:
        assert isinstance(relay, PublicMempool)
    else:
        assert simulated.success
        assert simulated.coinbase_diff_wei == ETHER
        assert [tx.hash for tx in simulated.transactions] == list(bundle.own)


class Wire:
    """A server that answers as told; it counts the requests that reached it."""

    def __init__(self) -> None:
        self.requests = 0
        self.answer: Callable[[web.Request], Any] = lambda request: web.Response()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        self.requests += 1
        answer = self.answer(request)
        found: web.StreamResponse = await answer if asyncio.iscoroutine(answer) else answer
        return found


@pytest.fixture
async def wire() -> AsyncIterator[tuple[str, Wire]]:
    wire = Wire()
    app = web.Application()
    app.router.add_post("/", wire.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", wire
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def some_bundle() -> Any:
    from tallyio.devnet.accounts import from_key, sign

    return make_bundle(5, [OwnTransaction(sign(from_key(KEY), 31337, 0, PAYER, gas=21_000)[0], "o", 1)])


async def slow(request: web.Request) -> web.Response:
    await asyncio.sleep(0.8)
    return web.Response(text="late")


def hang_up(request: web.Request) -> web.Response:
    assert request.transport
    request.transport.close()
    return web.Response()


def error(code: int, status: int = 200) -> Callable[[web.Request], web.Response]:
    return lambda request: web.json_response(
        {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "the words"}}, status=status
    )


FAILURES: dict[str, tuple[Callable[[web.Request], Any], str]] = {
    "slow": (slow, "unknown"),
    "hangs up": (hang_up, "unknown"),
    "not json": (lambda request: web.Response(text="<html>"), "unknown"),
    "no result": (lambda request: web.json_response({"jsonrpc": "2.0", "id": 1}), "unknown"),
    "another id": (lambda request: web.json_response({"jsonrpc": "2.0", "id": 99, "result": {}}), "unknown"),
    "a bomb": (lambda request: web.Response(body=b"[" * 100_000), "unknown"),
    "not text": (lambda request: web.Response(body=b'"\xff'), "unknown"),
    "a list": (lambda request: web.json_response([1]), "unknown"),
    "http 502": (lambda request: web.Response(status=502, text="bad gateway"), "unknown"),
    "error with http 500": (error(-32000, 500), "unknown"),
    "internal error": (error(-32603), "unknown"),
    "http 403": (lambda request: web.Response(status=403, text="forbidden"), "rejected"),
    "http 429": (lambda request: web.Response(status=429, text="slow down"), "rejected"),
    "json-rpc error": (error(-32000), "rejected"),
    "error as text": (lambda request: web.json_response({"id": 1, "error": "no signature"}, status=403), "rejected"),
}


@pytest.mark.parametrize("failure", sorted(FAILURES))
async def test_an_answer_that_is_lost_or_strange_is_never_taken_for_a_refusal(
    make: Make, session: aiohttp.ClientSession, wire: tuple[str, Wire], failure: str
) -> None:
    url, server = wire
    server.answer, expected = FAILURES[failure]
    submission = await make(url, session).send_bundle(some_bundle())
    assert submission.status == expected, submission
    assert submission.detail
    assert server.requests == 1  # a send is never repeated in silence


async def test_a_refused_connection_was_not_sent(
    make: Make, session: aiohttp.ClientSession, unused_tcp_port: int
) -> None:
    submission = await make(f"http://127.0.0.1:{unused_tcp_port}", session).send_bundle(some_bundle())
    assert submission.status == "rejected"
    assert "cannot be reached" in submission.detail


async def test_no_answer_to_a_cancellation_or_simulation_is_out_of_reach(
    session: aiohttp.ClientSession, wire: tuple[str, Wire]
) -> None:
    url, server = wire
    relay = SIBLINGS["flashbots"](url, session)
    for answer in (slow, hang_up, lambda request: web.json_response({"jsonrpc": "2.0", "id": 3, "result": {"a": 1}})):
        server.answer = answer
        with pytest.raises(OutOfReachError):
            await relay.simulate(some_bundle(), 4)
    server.answer = slow
    with pytest.raises(OutOfReachError):
        await relay.cancel("u")


async def test_the_mempool_takes_no_bundle_of_two(session: aiohttp.ClientSession, wire: tuple[str, Wire]) -> None:
    from tallyio.devnet.accounts import from_key, sign

    raws = [sign(from_key(KEY), 31337, nonce, PAYER, gas=21_000)[0] for nonce in (0, 1)]
    bundle = make_bundle(5, [OwnTransaction(raw, "o", 1) for raw in raws])
    submission = await PublicMempool(wire[0], session).send_bundle(bundle)
    assert (submission.status, wire[1].requests) == ("rejected", 0)


def test_an_identity_never_shows_its_key() -> None:
    key = IdentityKey(bytes(range(1, 33)))
    assert bytes(range(1, 33)).hex() not in repr(key) + str(key)
    assert repr(key) == f"IdentityKey({key.address})"
