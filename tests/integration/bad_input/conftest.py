"""The real command in a process of its own, against a real chain, and the ways in which a network lies."""

import io
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog

from tallyio.app.devnet_config import give_key, write_directory
from tallyio.app.executor import RecordedExecutor, record_executor
from tallyio.cli import main
from tallyio.devnet.accounts import sign
from tallyio.devnet.cache import start_world
from tallyio.execution.deploy import creation_data

WORLD_SEED = 7
TIMEOUT_S = 45
OWNER = 5
"""Which of the world's spare keys the tests' searcher has."""


class Ended(msgspec.Struct, frozen=True):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What stderr says to people: everything but the log, whose lines are JSON objects."""
        return [line for line in self.err.splitlines() if not line.startswith("{")]

    @property
    def log(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(line) for line in self.err.splitlines() if line.startswith("{")]

    def refused(self, code: int, *parts: str) -> str:
        """Asserts one clear line with ``parts`` in it, the exit code, and nothing on stdout."""
        assert "Traceback" not in self.err, self.err
        assert len(self.lines) == 1, self.err
        [line] = self.lines
        assert line.startswith("error: ")
        assert self.code == code, f"exit code {self.code}, expected {code}: {line}"
        assert self.out == ""
        for part in parts:
            assert part in line, f"{part!r} is not in: {line}"
        return line

    def object(self, code: int = 0) -> dict[str, Any]:
        """Asserts a silent stderr (but for the log), the exit code, and one JSON object on stdout."""
        assert self.lines == [], self.err
        assert self.code == code, self.out
        decoded = msgspec.json.decode(self.out)
        assert isinstance(decoded, dict)
        return decoded


def _environment(extra: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k != "TALLYIO_PASSWORD"} | extra


@pytest.fixture(scope="session")
def tallyio() -> Callable[..., Ended]:
    """Runs ``tallyio`` with the given words as a user would, without a terminal."""

    def run(*words: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "tallyio", *map(str, words)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env=_environment(env or {}),
            cwd=cwd,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Ended]]:
    """The same command line in this process, for tables of mistakes: a second less for each."""

    def run(*words: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> Ended:
        monkeypatch.delenv("TALLYIO_PASSWORD", raising=False)
        for name, value in (env or {}).items():
            monkeypatch.setenv(name, value)
        if cwd:
            monkeypatch.chdir(cwd)
        out, err = io.StringIO(), io.StringIO()
        with open(os.devnull) as nothing, redirect_stdout(out), redirect_stderr(err):
            monkeypatch.setattr(sys, "stdin", nothing)
            code = main.run([str(word) for word in words])
        return Ended(code, out.getvalue(), err.getvalue())

    yield run
    structlog.reset_defaults()


class Running:
    """A searcher at work, whose log can be waited on."""

    def __init__(self, words: list[str], log: Path) -> None:
        self._log = log
        self._out = log.with_suffix(".out")
        with log.open("wb") as err, self._out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tallyio", *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=_environment({}),
            )

    @property
    def text(self) -> str:
        return self._log.read_text()

    def wait_for(self, text: str, since: int = 0, timeout_s: float = 120) -> int:
        """Until the log holds ``text`` after position ``since``; the position behind it."""
        waiting = threading.Event()
        for _ in range(int(timeout_s / 0.05)):
            found = self.text.find(text, since)
            if found >= 0:
                return found + len(text)
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.text[-2000:]}"
            waiting.wait(0.05)
        raise AssertionError(f"{text!r} is not in the log: {self.text[since:][-2000:]}")

    def end(self, timeout_s: float = 15) -> Ended:
        """Asks it to stop, as Ctrl-C's cousin SIGTERM does."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.ended(timeout_s)

    def ended(self, timeout_s: float = 15) -> Ended:
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return Ended(self.process.returncode, self._out.read_text(), self.text)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts ``tallyio`` and leaves it running; what still runs at the end of the test is ended."""
    running: list[Running] = []

    def spawn(*words: str | Path) -> Running:
        running.append(Running([str(w) for w in words], tmp_path / f"process-{len(running)}.log"))
        return running[-1]

    yield spawn
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


class Ground(msgspec.Struct, frozen=True):
    """A node with the world and an executor on it that belongs to the tests' searcher."""

    anvil: Any
    world: Any
    executor: str
    owner: str

    def mine(self) -> int:
        return int(self.anvil.mine())

    def deploy(self, role: str, number: int, data: bytes) -> str:
        """The address of a contract whose creation code is ``data``."""
        sender = self.world.account(role, number)
        return str(self.send(sender, None, data)["contractAddress"])

    def send(self, sender: Any, to: str | None, data: bytes, value_wei: int = 0) -> dict[str, Any]:
        nonce = int(self.anvil.rpc.call("eth_getTransactionCount", sender.address, "latest"), 16)
        fees = {"priority_fee_wei": 10**9, "max_fee_wei": 10**12}
        raw, tx_hash = sign(sender, self.world.chain_id, nonce, to, data, gas=6_000_000, value_wei=value_wei, **fees)
        self.anvil.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        self.mine()
        receipt: dict[str, Any] = self.anvil.rpc.call("eth_getTransactionReceipt", tx_hash)
        assert int(receipt["status"], 16) == 1
        return receipt


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    anvil, world = start_world(seed=WORLD_SEED)
    try:
        owner = world.searchers[OWNER]
        bare = Ground(anvil, world, "", owner.address)
        executor = str(bare.send(owner, None, creation_data(world.weth))["contractAddress"]).lower()
        yield Ground(anvil, world, executor, owner.address)
    finally:
        anvil.stop()


@pytest.fixture(scope="session")
def template(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("template") / "config"
    write_directory(
        out,
        ground.world,
        http_url=ground.anvil.rpc_url,
        ws_url=ground.anvil.ws_url,
        builder_url="http://127.0.0.1:9",
        block_seconds=12,
        interval_ms=1000,
        verify_every_blocks=0,
    )
    give_key(out, ground.world.searchers[OWNER].key)
    return out


class Directory(msgspec.Struct, frozen=True):
    """A configuration directory that a test may spoil."""

    root: Path
    ground: Ground

    def __fspath__(self) -> str:
        return str(self.root)

    def __str__(self) -> str:
        return str(self.root)

    def replace(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text()
        assert old in text, f"{old!r} is not in {file}"
        (self.root / file).write_text(text.replace(old, new, 1))

    def http(self, url: str) -> None:
        self.replace("chains/devnet.toml", f'http_url = "{self.ground.anvil.rpc_url}"', f'http_url = "{url}"')

    def socket(self, url: str) -> None:
        self.replace("chains/devnet.toml", f'ws_url = "{self.ground.anvil.ws_url}"', f'ws_url = "{url}"')

    def know_executor(self, address: str | None = None, chain_id: int | None = None) -> None:
        record_executor(
            self.root / "data",
            RecordedExecutor(
                chain_id or self.ground.world.chain_id, address or self.ground.executor, self.ground.owner
            ),
        )


@pytest.fixture
def config(template: Path, ground: Ground, tmp_path: Path) -> Directory:
    """A directory of the test's own, sound until the test spoils it; the executor is not recorded yet."""
    shutil.copytree(template, tmp_path / "config")
    return Directory(tmp_path / "config", ground)


@pytest.fixture
def ready(config: Directory) -> Directory:
    """As ``config``, with the executor recorded: a searcher starts with it."""
    config.know_executor()
    return config


@contextmanager
def _listening() -> Iterator[tuple[socket.socket, int]]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener, listener.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with _listening() as (_, port):
        return int(port)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with _listening() as (_, port):
        yield port


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """Starts a web server that answers every POST with one body, whatever was asked; returns its URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(body: bytes, status: int = 200) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class Wire:
    """A TCP proxy to one port that can be cut, and healed again."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open: set[socket.socket] = set()
        self._whole = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Every connection breaks, and new ones break at once."""
        self._whole = False
        for one in list(self._open):
            _close(one)

    def heal(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        _close(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                inward, _ = self._listener.accept()
            except OSError:
                return
            if not self._whole:
                _close(inward)
                continue
            try:
                outward = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                _close(inward)
                continue
            self._open |= {inward, outward}
            for source, sink in ((inward, outward), (outward, inward)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        _close(source)
        _close(sink)


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@pytest.fixture
def wire(ground: Ground) -> Iterator[Callable[[], Wire]]:
    """Makes proxies to the ground's node."""
    wires: list[Wire] = []

    def make() -> Wire:
        wires.append(Wire(ground.anvil.port))
        return wires[-1]

    yield make
    for one in wires:
        one.close()
