import sys

import msgspec
import pytest

from tallyio.chains import jsonrpc
from tallyio.chains.jsonrpc import RpcError
from tallyio.core.errors import OutOfReachError

AT = "http://node:8545"
CALLS = [("eth_blockNumber", []), ("eth_call", [{}, "latest"])]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@mainnet.example/v3/0123456789abcdef?key=secret#secret", "https://mainnet.example"),
        ("http://127.0.0.1:8545/", "http://127.0.0.1:8545"),
        ("wss://example:1/ws/secret", "wss://example:1"),
    ],
)
def test_only_scheme_host_and_port_of_a_url_are_shown(url: str, shown: str) -> None:
    assert jsonrpc.where(url) == shown


def test_answers_are_put_in_the_order_of_the_calls() -> None:
    body = b'[{"jsonrpc":"2.0","id":8,"result":"0x"},{"jsonrpc":"2.0","id":7,"result":"0x10"}]'
    assert jsonrpc.decode(body, 7, CALLS, AT) == ["0x10", "0x"]


def test_null_is_a_result() -> None:
    assert jsonrpc.decode(b'{"id":1,"result":null}', 1, CALLS[:1], AT) == [None]


@pytest.mark.parametrize("data", ['"0x08c379a0"', '{"data":"0x08c379a0"}'])
def test_a_refusal_keeps_code_message_and_revert_data(data: str) -> None:
    body = f'{{"id":1,"error":{{"code":3,"message":"execution reverted","data":{data}}}}}'.encode()
    [refused] = jsonrpc.decode(body, 1, CALLS[1:], AT)
    assert isinstance(refused, RpcError)
    assert (refused.code, refused.reason, refused.data) == (3, "execution reverted", "0x08c379a0")
    assert "execution reverted" in str(refused)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>hello</html>",
        b"null",
        b"[]",
        b'{"id":1}',
        b'{"id":99,"result":"0x1"}',
        b'{"id":1,"error":"oops"}',
        b"\xff\xfe",
        b'[{"id":1,"result":"0x1"}]',
    ],
)
def test_nonsense_is_out_of_reach(body: bytes) -> None:
    with pytest.raises(OutOfReachError, match="nonsense"):
        jsonrpc.decode(body, 1, CALLS, AT)


@pytest.mark.parametrize("limit", [1_000, 100_000])
def test_deep_nesting_is_nonsense_and_not_the_end(limit: int) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        for body in (b'{"id":1,"result":' + b"[" * 200_000, b'{"id":1,"result":' + b"[" * 1_200 + b"]" * 1_200 + b"}"):
            with pytest.raises(OutOfReachError, match="nonsense"):
                jsonrpc.decode(body, 1, CALLS[:1], AT)
    finally:
        sys.setrecursionlimit(before)


def test_one_error_for_a_whole_batch_is_raised() -> None:
    with pytest.raises(RpcError, match="batch too large"):
        jsonrpc.decode(b'{"id":null,"error":{"code":-32600,"message":"batch too large"}}', 1, CALLS, AT)


def test_ids_count_up_in_a_request() -> None:
    body = msgspec.json.decode(jsonrpc.encode(7, CALLS, batch=True))
    assert [request["id"] for request in body] == [7, 8]
    assert isinstance(msgspec.json.decode(jsonrpc.encode(7, CALLS[:1], batch=False)), dict)


@pytest.mark.parametrize("method", ["eth_getLogs", "eth_call", "eth_blockNumber", "debug_traceCall"])
def test_reads_may_be_asked_again(method: str) -> None:
    assert jsonrpc.is_read(method)


@pytest.mark.parametrize(
    "method", ["eth_sendRawTransaction", "eth_sendBundle", "eth_callBundle", "evm_mine", "anvil_reorg", "eth_subscribe"]
)
def test_what_acts_is_asked_once(method: str) -> None:
    assert not jsonrpc.is_read(method)


@pytest.mark.parametrize("value", [None, 5, "5", "0xzz", "0x", [], {}])
def test_bad_quantities_are_named(value: object) -> None:
    with pytest.raises(OutOfReachError, match="gasUsed"):
        jsonrpc.quantity(value, "gasUsed")


@pytest.mark.parametrize("value", [None, 5, "5", "0xz", "0x123", []])
def test_bad_data_is_named(value: object) -> None:
    with pytest.raises(OutOfReachError, match="input"):
        jsonrpc.data(value, "input")
