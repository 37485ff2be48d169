"""The JSON-RPC face: authentication, malformed requests, simulation, reports. Nothing malformed hurts the service."""

import io
import json
from typing import Any

import msgspec
import pytest
from eth_account import Account as EthAccount
from eth_account.messages import encode_defunct
from eth_utils.crypto import keccak

from tallyio.execution.bundle import OwnTransaction, make_bundle
from tallyio.execution.identity import HEADER, IdentityKey

PAYER, REVERTER, GATE = ("0x" + digits * 20 for digits in ("11", "22", "33"))
COINBASE = "0x" + "c0" * 20
ETHER = 10**18
KEY = (7).to_bytes(32)


def hash_of(raw: bytes) -> str:
    return "0x" + keccak(raw).hex()


async def post(bench: Any, body: bytes, header: str | None = None) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"} | ({HEADER: header} if header else {})
    async with bench.session.post(bench.server.url, data=body, headers=headers) as response:
        text = await response.read()
        return response.status, json.loads(text) if text else None


def request(method: str, *params: Any, request_id: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": list(params)}


async def signed(bench: Any, method: str, *params: Any) -> Any:
    body = msgspec.json.encode(request(method, *params))
    _, answer = await post(bench, body, IdentityKey(KEY)(body))
    return answer


async def test_a_signature_made_by_another_library_is_accepted(bench: Any) -> None:
    raw = bench.actor().transact(PAYER, value=ETHER)
    body = msgspec.json.encode(
        request("eth_sendBundle", {"txs": ["0x" + raw.hex()], "blockNumber": hex(bench.head + 1)})
    )
    account = EthAccount.from_key(KEY)
    signature = account.sign_message(encode_defunct(text="0x" + keccak(body).hex())).signature
    status, answer = await post(bench, body, f"{account.address}:{signature.to_0x_hex()}")
    assert (status, answer["result"]["bundleHash"]) == (200, hash_of(bytes.fromhex(hash_of(raw)[2:])))
    assert IdentityKey(KEY)(body) == f"{account.address.lower()}:{signature.to_0x_hex()}"


@pytest.mark.parametrize("method", ["eth_sendBundle", "eth_callBundle", "eth_cancelBundle"])
async def test_unsigned_or_wrongly_signed_requests_are_refused(bench: Any, method: str) -> None:
    body = msgspec.json.encode(request(method, {}))
    other = IdentityKey(KEY)(body + b" ")
    headers = [None, "", "nonsense", "0x12:0x34", other, "0x" + "00" * 20 + ":0x" + "00" * 65]
    for header in headers:
        _, answer = await post(bench, body, header)
        assert answer["error"]["code"] == -32001, header
        assert HEADER in answer["error"]["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b"[1]", -32600),
        (b'"text"', -32600),
        (b"null", -32600),
        (b"{}", -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"anvil_setBalance","params":[]}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":{}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0xzz"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x02c0"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x03c0"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"devnet_blockReport","params":["latest"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"devnet_blockReport","params":[-1]}', -32602),
    ],
)
async def test_malformed_requests_get_one_clear_error(bench: Any, body: bytes, code: int) -> None:
    _, answer = await post(bench, body)
    answer = answer[0] if isinstance(answer, list) else answer
    assert answer["error"]["code"] == code
    assert len(answer["error"]["message"]) < 300
    assert (await bench.ask("eth_chainId"))["result"] == "0x7a69"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"txs": []}, "txs: expected 1 to 100, found 0"),
        ({"txs": "0x"}, "txs: expected a list"),
        ({"txs": [None]}, "txs: expected 0x-hex"),
        ({"txs": ["0x00"] * 101}, "expected 1 to 100, found 101"),
        ({"txs": ["0x" + "00" * 300_001]}, "at most 300000 bytes"),
        ({"blockNumber": "latest"}, "blockNumber: expected a hex quantity"),
        ({"blockNumber": None}, "blockNumber: expected a hex quantity"),
        ({"blockNumber": "0x1"}, "out of range"),
        ({"blockNumber": "0xffffffffffffffff"}, "out of range"),
        ({"blockNumber": "0x" + "f" * 40}, "blockNumber: expected a hex quantity"),
        ({"blockNumber": True}, "blockNumber: expected a hex quantity"),
        ({"minTimestamp": "soon"}, "minTimestamp"),
        ({"minTimestamp": 9, "maxTimestamp": 8}, "is after maxTimestamp"),
        ({"revertingTxHashes": ["0x12"]}, "expected 32 bytes"),
        ({"replacementUuid": "x" * 65}, "replacementUuid"),
        ({"blocknumber": "0x1"}, "unknown key 'blocknumber'"),
    ],
)
async def test_malformed_bundles_are_refused(bench: Any, change: dict[str, Any], words: str) -> None:
    raw = bench.actor().transact(PAYER)
    answer = await signed(
        bench, "eth_sendBundle", {"txs": ["0x" + raw.hex()], "blockNumber": hex(bench.head + 1)} | change
    )
    assert answer["error"]["code"] in (-32602, -32000)
    assert words in answer["error"]["message"]
    assert len(bench.builder.bundles) == 0


async def test_a_transaction_twice_or_for_another_chain_is_refused(bench: Any) -> None:
    from tallyio.devnet.accounts import from_key, sign

    raw = "0x" + bench.actor().transact(PAYER).hex()
    foreign = "0x" + sign(from_key(KEY), 1, 0, PAYER, gas=21_000)[0].hex()
    for txs, words in (([raw, raw], "twice"), ([foreign], "chain id 31337, found 1")):
        answer = await signed(bench, "eth_sendBundle", {"txs": txs, "blockNumber": hex(bench.head + 1)})
        assert words in answer["error"]["message"]


async def test_a_body_above_the_limit_is_refused(bench: Any) -> None:
    async with bench.session.post(bench.server.url, data=io.BytesIO(b" " * 2_000_001)) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (413, -32005)


async def test_a_batch_is_answered_in_order_and_notifications_are_not(bench: Any) -> None:
    calls = [request("eth_chainId"), {"jsonrpc": "2.0", "method": "eth_chainId"}, request("nope", request_id="b")]
    _, answers = await post(bench, msgspec.json.encode(calls))
    assert [answer["id"] for answer in answers] == [1, "b"]
    assert answers[1]["error"]["code"] == -32601
    _, answer = await post(bench, msgspec.json.encode([request("eth_chainId")] * 101))
    assert answer["error"]["code"] == -32600


async def test_a_simulation_says_what_the_block_then_does(bench: Any) -> None:
    a, b = bench.actor(), bench.actor()
    raws = [a.transact(GATE), b.transact(GATE, value=ETHER, data=b"x", tip=3 * 10**9), a.transact(PAYER, value=5)]
    wire = {"txs": ["0x" + raw.hex() for raw in raws], "blockNumber": hex(bench.head + 1)}
    said = (await signed(bench, "eth_callBundle", wire | {"stateBlockNumber": "latest"}))["result"]
    await signed(bench, "eth_sendBundle", wire)
    before = bench.balance(COINBASE)
    report = await bench.builder.build_block()
    receipts = bench.anvil.rpc.call("eth_getBlockReceipts", "latest")
    assert int(said["coinbaseDiff"]) == bench.balance(COINBASE) - before == report.bundles[0].proposer_wei
    assert int(said["ethSentToCoinbase"]) == ETHER + 5
    assert int(said["gasFees"]) == int(said["coinbaseDiff"]) - ETHER - 5
    assert [result["gasUsed"] for result in said["results"]] == [int(r["gasUsed"], 16) for r in receipts]
    assert said["totalGasUsed"] == int(bench.anvil.rpc.call("eth_getBlockByNumber", "latest", False)["gasUsed"], 16)
    assert said["bundleGasPrice"] == str(int(said["coinbaseDiff"]) // said["totalGasUsed"])
    assert [result["txHash"] for result in said["results"]] == [hash_of(raw) for raw in raws]
    assert said["bundleHash"] == report.bundles[0].hash


async def test_a_simulation_leaves_no_trace_and_can_look_back(bench: Any) -> None:
    actor = bench.actor()
    raw = actor.transact(PAYER, value=ETHER)
    state = bench.head
    await bench.builder.build_block()
    wire = {"txs": ["0x" + raw.hex()], "blockNumber": hex(state + 1), "stateBlockNumber": hex(state)}
    before = bench.anvil.rpc.call("eth_getBlockByNumber", "latest", False)["hash"]
    answer = await signed(bench, "eth_callBundle", wire)
    assert answer["result"]["stateBlockNumber"] == state
    assert bench.anvil.rpc.call("eth_getBlockByNumber", "latest", False)["hash"] == before
    assert bench.anvil.rpc.call("txpool_status") == {"pending": "0x0", "queued": "0x0"}


async def test_a_simulation_names_reverts_and_impossible_nonces(bench: Any) -> None:
    actor = bench.actor()
    reverting, ahead = actor.transact(REVERTER), actor.transact(PAYER, nonce=5)
    wire = {"txs": ["0x" + reverting.hex()], "blockNumber": hex(bench.head + 1), "stateBlockNumber": "latest"}
    result = (await signed(bench, "eth_callBundle", wire))["result"]["results"][0]
    assert (result["error"], result["revert"]) == ("execution reverted", "reverted without data")
    answer = await signed(bench, "eth_callBundle", wire | {"txs": ["0x" + ahead.hex()]})
    assert "nonce too high" in answer["error"]["message"]
    answer = await signed(bench, "eth_callBundle", wire | {"stateBlockNumber": "0xffff"})
    assert "does not exist" in answer["error"]["message"]


async def test_reports_counters_and_stats_can_be_read(bench: Any) -> None:
    raw = bench.actor().transact(PAYER, value=ETHER)
    sent = await bench.send(raw, uuid="u")
    where = {"bundleHash": sent, "blockNumber": hex(bench.head + 1)}
    assert (await signed(bench, "flashbots_getBundleStatsV2", where))["result"] == {"status": "pending"}
    report = await bench.builder.build_block()
    assert (await signed(bench, "flashbots_getBundleStatsV2", where))["result"] == {"status": "landed"}
    wire = (await bench.ask("devnet_blockReport", hex(report.number)))["result"]
    assert wire["bundles"] == [
        {
            "bundleHash": sent,
            "txHashes": [hash_of(raw)],
            "coinbasePayment": hex(report.bundles[0].proposer_wei),
            "sender": IdentityKey(KEY).address,
            "replacementUuid": "u",
        }
    ]
    assert (await bench.ask("devnet_blockReport", "0xffff"))["result"] is None
    counters = (await bench.ask("devnet_counters"))["result"]
    assert (counters["blocks"], counters["bundles_received"], counters["bundles_landed"]) == (1, 1, 1)


async def test_the_limits_hold_for_bundles_at_the_edge(bench: Any) -> None:
    actor = bench.actor()
    raws = [actor.transact(PAYER, value=1) for _ in range(100)]
    bundle = make_bundle(bench.head + 1, [OwnTransaction(raw, "o", 0) for raw in raws])
    assert (await bench.relay().send_bundle(bundle)).status == "accepted"
    report = await bench.builder.build_block()
    assert report.transactions == tuple(hash_of(raw) for raw in raws)
