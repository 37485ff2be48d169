"""Anvil, the devnet's node, as a child process."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tallyio.chains.fees import next_base_fee
from tallyio.core.errors import OperatorError, OutOfReachError
from tallyio.devnet.node_rpc import NodeRpc
from tallyio.devnet.packages import anvil_binary

CHAIN_ID = 31337
GAS_LIMIT = 30_000_000
BASE_FEE_WEI = 10**9
START_S = 20.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_GUARD = 'read _; kill "$1"; while kill -0 "$1"; do sleep 0.1; done; rm -rf "$2"'
"""Waits for the end of a pipe that only our process holds open, then ends the node and takes away the states that it
kept on disk (a gigabyte in a long run): neither outlives us."""


class Anvil:
    """One node on 127.0.0.1 that mines only when told to (``evm_mine``), in the order of arrival.

    ``port`` 0 takes a free one. Its clock starts at ``genesis_time`` (Unix seconds; the machine's by default).
    ``log_file`` receives what anvil prints; by default a file that goes with the node.
    """

    def __init__(
        self,
        *,
        chain_id: int = CHAIN_ID,
        port: int = 0,
        gas_limit: int = GAS_LIMIT,
        mining: bool = False,
        genesis_time: int | None = None,
        log_file: Path | None = None,
        arguments: tuple[str, ...] = (),
    ) -> None:
        self.chain_id = chain_id
        self.port = port
        self.log_file = log_file
        self._folder: Path | None = None
        self._fixed_port = port != 0
        self._options: tuple[str, ...] = ("--chain-id", str(chain_id), "--gas-limit", str(gas_limit), "--order", "fifo")
        self._options += ("--base-fee", str(BASE_FEE_WEI), *(() if mining else ("--no-mining",)), *arguments)
        if genesis_time is not None:
            self._options += ("--timestamp", str(genesis_time))
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._rpc: NodeRpc | None = None

    @property
    def rpc_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def rpc(self) -> NodeRpc:
        """A blocking client of this node."""
        if self._rpc is None:
            self._rpc = NodeRpc(self.rpc_url)
        return self._rpc

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def head_time(self) -> int:
        """The timestamp of the latest block."""
        return int(self.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def mine(self, blocks: int = 1, *, block_time_s: int = 12) -> int:
        """Mine what the mempool holds, each block ``block_time_s`` after its parent; the new head's number."""
        for _ in range(blocks):
            self.rpc.call("evm_setNextBlockTimestamp", self.head_time() + block_time_s)
            self.rpc.call("evm_mine")
        return int(self.rpc.call("eth_blockNumber"), 16)

    def revert(self, snapshot: str) -> None:
        """Back to a snapshot, with an empty mempool and the base fee that belongs to its next block.

        ``evm_revert`` alone keeps the base fee of the abandoned blocks.
        """
        self.rpc.call("anvil_dropAllTransactions")
        self.rpc.call("evm_revert", snapshot)
        head = self.rpc.call("eth_getBlockByNumber", "latest", False)
        fee_wei = next_base_fee(*(int(head[key], 16) for key in ("baseFeePerGas", "gasUsed", "gasLimit")))
        self.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(fee_wei))

    def start(self) -> Self:
        """Start and wait until it answers. Raises ``OperatorError`` when a chosen port is in use."""
        for attempt in range(3):
            if not self._fixed_port:
                self.port = free_port()
            elif _in_use(self.port):
                raise OperatorError(
                    f"port {self.port} on 127.0.0.1 is in use, expected a free one", todo="Choose another port"
                )
            self._launch()
            if self._answers():
                return self
            words = self._last_words()
            self.stop()
            if self._fixed_port or attempt == 2:
                break
        raise OutOfReachError(f"anvil did not answer on port {self.port}: {words}")

    def stop(self) -> None:
        """End the process that ``start`` started; nothing when there is none."""
        if self._rpc:
            self._rpc.close()
            self._rpc = None
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.kill()
            guard.wait()
            if guard.stdin:
                guard.stdin.close()
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _launch(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tallyio-anvil-"))
        command = [str(anvil_binary()), "--host", "127.0.0.1", "--port", str(self.port), "--silent"]
        with self._log().open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--cache-path", str(self._folder), *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._guard = subprocess.Popen(
            ["sh", "-c", _GUARD, "guard", str(self._process.pid), str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _answers(self) -> bool:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            try:
                return int(self.rpc.call("eth_chainId"), 16) == self.chain_id
            except OutOfReachError:
                time.sleep(0.02)
        return False

    def _log(self) -> Path:
        return self.log_file or (self._folder or Path()) / "anvil.log"

    def _last_words(self) -> str:
        text = self._log().read_text(errors="replace") if self._log().exists() else ""
        return " ".join(text.split())[-300:] or "it printed nothing"


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
