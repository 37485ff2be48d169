"""Blocks of a local chain under every fork: fetched, and executed to the same gas, receipts and logs."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tallyio.archive.fetching import fetch_blocks, parse_range
from tallyio.archive.records import ArchiveError
from tallyio.archive.store import path_of, read_block, write_block
from tallyio.core.errors import OperatorError, OutOfReachError
from tallyio.devnet.anvil import Anvil
from tallyio.simulation.block_execution import BlockExecution
from tallyio.simulation.verification import verify

# no Istanbul: anvil 1.7 charges SSTORE there as if Berlin had come
FORKS = ("berlin", "london", "paris", "shanghai", "cancun", "prague", "osaka")
Program = Callable[[random.Random, str], bytes]


def _mine_programs(node: Anvil, fork: str, programs: list[bytes]) -> int:
    senders = node.rpc.call("eth_accounts")
    for index, program in enumerate(programs):
        fields = {"data": "0x" + program.hex(), "gas": hex(400_000), "gasPrice": hex(10**10), "value": hex(index % 3)}
        node.rpc.call("eth_sendTransaction", {"from": senders[index % 10]} | fields)
    return node.mine()


def _compare(tmp_path: Path, fork: str, seed: int, count: int, random_program: Program) -> None:
    rng = random.Random(seed)
    with Anvil(arguments=("--hardfork", fork)) as node:
        programs = [random_program(rng, fork) for _ in range(count)]
        last = _mine_programs(node, fork, programs)
        fetch_blocks(node.rpc_url, last, last, tmp_path)
        block = read_block(path_of(tmp_path, last))
        assert len(block.transactions) == count
        execution = BlockExecution(block)
        for index, raw in enumerate(block.transactions):
            done = execution.step()
            told = node.rpc.call("eth_getTransactionReceipt", "0x" + _hash(raw))
            found = (done.success, done.gas_used, len(done.logs))
            assert found == (told["status"] == "0x1", int(told["gasUsed"], 16), len(told["logs"])), (
                f"program {index}: 0x{programs[index].hex()}: {done.revert_reason}"
            )
        assert verify(block).difference == ""


def _hash(raw: bytes) -> str:
    from tallyio.chains.keccak import keccak256

    return keccak256(raw).hex()


@pytest.mark.parametrize("fork", FORKS)
def test_random_programs_run_as_on_the_chain(tmp_path: Path, fork: str, random_program: Program) -> None:
    _compare(tmp_path, fork, 7, 40, random_program)


@pytest.mark.nightly
@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("seed", range(20))
def test_many_random_programs(tmp_path: Path, fork: str, seed: int, random_program: Program) -> None:
    _compare(tmp_path, fork, seed, 70, random_program)


def test_a_delegated_account_and_every_type(tmp_path: Path) -> None:
    sponsor, lender = Account.from_key("0x" + "11" * 32), Account.from_key("0x" + "22" * 32)
    with Anvil(arguments=("--hardfork", "prague")) as node:
        for each in (sponsor, lender):
            node.rpc.call("anvil_setBalance", each.address, hex(10**20))
        code = "0x" + "00" * 19 + "77"
        node.rpc.call("anvil_setCode", code, "0x" + "3460015560015460025560016000a000")
        base = {"chainId": node.chain_id, "gas": 300_000}
        fees = {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9}
        lent = lender.sign_authorization({"chainId": node.chain_id, "address": code, "nonce": 0})
        stale = lender.sign_authorization({"chainId": 0, "address": code, "nonce": 9})
        sent: list[dict[str, Any]] = [
            base | fees | {"nonce": 0, "to": lender.address, "value": 5, "authorizationList": [lent, stale]},
            base | fees | {"nonce": 1, "to": lender.address, "value": 9},
            base | {"nonce": 2, "gasPrice": 10**10, "to": code, "value": 1, "data": "0x01"},
            base | {"nonce": 3, "gasPrice": 10**10, "to": code, "value": 1, "data": b"\0" * 4_000 + b"\1" * 4_000},
            base
            | {"type": 1, "nonce": 4, "gasPrice": 10**10, "to": code, "value": 1}
            | {"accessList": [{"address": code, "storageKeys": ["0x" + "00" * 31 + "01"]}]},
        ]
        for transaction in sent:
            raw = sponsor.sign_transaction(transaction).raw_transaction
            node.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        last = node.mine()
        fetch_blocks(node.rpc_url, last, last, tmp_path)
    block = read_block(path_of(tmp_path, last))
    assert [raw[0] if raw[0] < 0x80 else 0 for raw in block.transactions] == [4, 2, 0, 0, 1]
    assert verify(block).difference == ""
    execution = BlockExecution(block)
    execution.finish()
    assert execution.storage(lender.address.lower(), 1) == 9
    assert execution.nonce(lender.address.lower()) == 1


def test_a_range_is_resumed_and_a_damaged_block_fetched_again(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    with Anvil() as node:
        node.mine(6)
        assert fetch_blocks(node.rpc_url, 2, 3, tmp_path).fetched == (2, 3)
        path_of(tmp_path, 3).write_bytes(path_of(tmp_path, 3).read_bytes()[:-20])
        result = fetch_blocks(node.rpc_url, 1, 5, tmp_path, tell=lambda *each: told.append(each))
        assert (result.fetched, result.kept) == ((1, 3, 4, 5), (2,))
        assert told[0] == ("block 1", 0, 5)
        assert told[-1] == ("", 5, 5)
        with pytest.raises(OutOfReachError, match="does not know block 99"):
            fetch_blocks(node.rpc_url, 99, 99, tmp_path)
        block = read_block(path_of(tmp_path, 2))
    with Anvil(chain_id=5) as other:
        other.mine(2)
        with pytest.raises(ArchiveError, match="is of chain 31337, the node's is 5"):
            fetch_blocks(other.rpc_url, 2, 2, tmp_path)
    assert write_block(tmp_path, block) == path_of(tmp_path, 2)
    assert all(not each.name.startswith(".") for each in tmp_path.iterdir())


@pytest.fixture
def plain_node() -> Iterator[str]:
    """A node as most are: without the debug namespace."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            body = json.dumps(_answer(asked)).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def _answer(asked: Any) -> Any:
    if isinstance(asked, list):
        return [_answer(each) for each in asked]
    zero = "0x" + "00" * 32
    block = dict.fromkeys(
        ("parentHash", "sha3Uncles", "stateRoot", "transactionsRoot", "receiptsRoot", "mixHash"), zero
    )
    block |= dict.fromkeys(("difficulty", "gasLimit", "gasUsed", "timestamp"), "0x1")
    block |= {"number": asked["params"][0] if asked["params"] else "0x1", "logsBloom": "0x", "extraData": "0x"}
    block |= {"nonce": "0x", "miner": "0x" + "00" * 20, "hash": zero, "transactions": [{"to": zero}]}
    known = {"eth_chainId": "0x1", "eth_getBlockByNumber": block}
    if asked["method"] in known:
        return {"jsonrpc": "2.0", "id": asked["id"], "result": known[asked["method"]]}
    error = {"code": -32601, "message": "the method debug_traceBlockByNumber does not exist/is not available"}
    return {"jsonrpc": "2.0", "id": asked["id"], "error": error}


def test_a_node_without_the_tracer_is_refused(tmp_path: Path, plain_node: str) -> None:
    with pytest.raises(OutOfReachError, match="does not offer debug_traceBlockByNumber with the prestate tracer"):
        fetch_blocks(plain_node, 1, 3, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["", "a", "5..", "..5", "7..6", "0", "-1..2", "1...3"])
def test_a_range_that_is_none(text: str) -> None:
    with pytest.raises(OperatorError):
        parse_range(text)
