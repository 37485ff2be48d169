"""The node as a child process."""

import socket
import subprocess
import sys
import time

import pytest

from tallyio.core.errors import OperatorError
from tallyio.devnet.anvil import Anvil
from tallyio.devnet.node_rpc import RpcRefusedError


def test_starts_on_a_chosen_chain_and_stops(tmp_path):
    with Anvil(chain_id=424242, log_file=tmp_path / "anvil.log") as anvil:
        assert int(anvil.rpc.call("eth_chainId"), 16) == 424242
        assert anvil.pid is not None
        port = anvil.port
    assert anvil.pid is None
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_port_in_use_is_said_plainly():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError, match=f"port {port} on 127.0.0.1 is in use"):
            Anvil(port=port).start()


def test_mines_only_when_told_to_with_the_time_it_is_told(anvil_url, bare_anvil):
    before, time = int(bare_anvil.rpc.call("eth_blockNumber"), 16), bare_anvil.head_time()
    assert bare_anvil.rpc.url == anvil_url
    assert bare_anvil.mine(3, block_time_s=5) == before + 3
    assert bare_anvil.head_time() == time + 15


def test_batches_answer_in_order_and_errors_name_the_method(bare_anvil):
    answers = bare_anvil.rpc.batch([("eth_chainId", ()), ("web3_sha3", ("0x00",)), ("eth_chainId", ())] * 150)
    assert answers[0] == answers[2] == "0x7a69"
    assert len(answers) == 450
    with pytest.raises(RpcRefusedError, match="eth_nonsense"):
        bare_anvil.rpc.call("eth_nonsense")


def test_revert_restores_the_base_fee_too(anvil_url, bare_anvil):
    def after_two_blocks() -> str:
        bare_anvil.mine(2)
        return bare_anvil.rpc.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"]

    snapshot = bare_anvil.rpc.call("evm_snapshot")
    first = after_two_blocks()
    bare_anvil.revert(snapshot)
    assert after_two_blocks() == first


MORE_THAN_MEMORY_HOLDS = 600
"""Blocks: the node keeps a few hundred states in memory and writes out the older ones."""
KILLED = f"""
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from tallyio.devnet.anvil import Anvil
node = Anvil().start()
node.rpc.call("anvil_mine", "{MORE_THAN_MEMORY_HOLDS:#x}")
print(node.port, flush=True)
input()
"""


def states(folder):
    return [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".log"]


def test_its_states_go_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Anvil() as anvil:
        anvil.rpc.call("anvil_mine", hex(MORE_THAN_MEMORY_HOLDS))
        assert states(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_neither_node_nor_states_outlive_a_killed_parent(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert states(tmp_path)
        parent.kill()
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0 and not list(tmp_path.iterdir()):
                return
        time.sleep(0.05)
    pytest.fail(f"port {port} or {list(tmp_path.iterdir())} outlived the process that started the node")
