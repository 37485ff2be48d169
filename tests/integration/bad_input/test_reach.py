"""Chains and services that are down, slow, or answer nonsense; at the start and in the middle of a run."""

import time

import msgspec
import pytest

SOUND = {"jsonrpc": "2.0", "id": 1}
NONSENSE = {
    "a web page": (b"<html><body>Bad gateway</body></html>", 200),
    "a web page with an error status": (b"<html>Not found</html>", 404),
    "half an answer": (b'{"jsonrpc":"2.0","id":1,"resu', 200),
    "nothing": (b"", 200),
    "an answer to another question": (b'{"jsonrpc":"2.0","id":999,"result":"0x7a69"}', 200),
    "a number where a text belongs": (msgspec.json.encode(SOUND | {"result": 31337}), 200),
    "null": (msgspec.json.encode(SOUND | {"result": None}), 200),
    "neither result nor error": (msgspec.json.encode(SOUND), 200),
    "an array of nothing": (b"[]", 200),
}


def test_another_chain_than_configured(quick, config) -> None:
    config.replace("chains/devnet.toml", "chain_id = 31337", "chain_id = 1")
    for words in (["wallet", "show"], ["run", "--headless"], ["deploy", "--live"]):
        line = quick(*words, "--config", config).refused(2, "31337", "expects chain_id 1.", "Point http_url")
        assert config.ground.anvil.rpc_url in line


def test_a_node_that_is_down(quick, config, closed_port: int) -> None:
    config.http(f"http://127.0.0.1:{closed_port}")
    for words in (["run", "--headless"], ["wallet", "show"]):
        quick(*words, "--config", config).refused(3, f"http://127.0.0.1:{closed_port}", "Check that the node runs")


def test_a_node_that_is_slow(tallyio, config, silent_port: int) -> None:
    config.http(f"http://127.0.0.1:{silent_port}")
    began = time.monotonic()
    tallyio("wallet", "show", "--config", config).refused(3, f":{silent_port}", "eth_chainId", "within")
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("what", NONSENSE)
def test_a_node_that_answers_nonsense(quick, config, answering, what: str) -> None:
    body, status = NONSENSE[what]
    config.http(answering(body, status))
    line = quick("wallet", "show", "--config", config).refused(3, "")
    assert "expected" in line or "HTTP status" in line


def test_doctor_names_what_is_out_of_reach_and_looks_at_the_rest(quick, config, closed_port: int) -> None:
    config.http(f"http://127.0.0.1:{closed_port}")
    told = quick("doctor", "--config", config, "--json").object(1)
    assert f"127.0.0.1:{closed_port} did not answer" in told["chain"]
    assert "not looked at" in told["executor"]
    assert told["settings"].startswith("mode live")
    assert told["data"].endswith("new")


def test_a_relay_that_is_down_costs_a_bundle_and_not_the_searcher(start, ready) -> None:
    searcher = start("run", "--config", ready, "--live", "--headless", "--json")
    searcher.wait_for("searcher ready")
    for _ in range(3):
        ready.ground.mine()
        time.sleep(0.7)
    ended = searcher.end()
    assert ended.code == 0
    told = ended.object()
    assert told["landed"] == 0


def test_a_socket_that_is_down_while_http_works(start, ready, wire) -> None:
    proxy = wire()
    proxy.cut()
    ready.socket(f"ws://127.0.0.1:{proxy.port}")
    searcher = start("run", "--config", ready, "--headless", "--json")
    here = searcher.wait_for(f"lost ws://127.0.0.1:{proxy.port}")
    searcher.wait_for("searcher ready")
    before = ready.ground.mine()
    time.sleep(2.5)
    proxy.heal()
    searcher.wait_for(f"connected to {ready.ground.anvil.rpc_url} and ws://127.0.0.1:{proxy.port}", here)
    told = searcher.end().object()
    assert told["last_block"] >= before, "blocks are asked for over HTTP while the socket is down"


def test_a_node_that_goes_and_comes_back(start, ready, wire) -> None:
    proxy = wire()
    ready.http(f"http://127.0.0.1:{proxy.port}")
    ready.socket(f"ws://127.0.0.1:{proxy.port}")
    searcher = start("run", "--config", ready, "--live", "--headless", "--json")
    here = searcher.wait_for("connected to")
    ready.ground.mine()
    time.sleep(1.5)
    here = len(searcher.text)
    proxy.cut()
    here = searcher.wait_for(f"127.0.0.1:{proxy.port}", here)
    missed = ready.ground.mine()
    time.sleep(1.5)
    assert searcher.process.poll() is None
    proxy.heal()
    searcher.wait_for("connected to", here)
    time.sleep(1.5)
    last = ready.ground.mine()
    time.sleep(1.5)
    told = searcher.end().object()
    assert told["last_block"] == last > missed
