"""Fixtures that every test may use: a bare chain, the devnet's world in three degrees of independence, and the whole
devnet with commands beside it.
"""

import asyncio
import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rlp  # type: ignore[import-untyped]

from tallyio.app import devnet
from tallyio.app.deploy import deploy_executor
from tallyio.app.devnet_config import give_key, write_directory
from tallyio.app.options import DevnetOptions
from tallyio.core.chain import PendingTransaction
from tallyio.core.pools import V2, V3, Pool, PoolState, V3State
from tallyio.core.units import Address, Hash32
from tallyio.devnet.anvil import Anvil
from tallyio.devnet.cache import start_world
from tallyio.devnet.node_rpc import NodeRpc
from tallyio.devnet.world import World, load
from tallyio.wallet import keystore

WORLD_SEED = 7
GAS_LIMIT = 2_000_000


class MirroredPools:
    """Pools in the hot path's memory, written as its loop writes them, and what transactions would leave of them."""

    def __init__(self, pools: Sequence[Pool]) -> None:
        import numpy as np

        from tallyio.hot_path.detector.detector import Arrays
        from tallyio.hot_path.state import layout
        from tallyio.hot_path.transactions.after import Effects
        from tallyio.hot_path.transactions.decoded import Decoder

        families = {V2: layout.V2, V3: layout.V3}
        headers = [layout.header(families[pool.family], pool.fee_pips, pool.tick_spacing) for pool in pools]
        self.pools, self.states = pools, dict[int, PoolState]()
        self._arrays = Arrays(np.array(headers, np.uint64), np.zeros((0, 3), np.int32))
        self.effects = Effects(pools, self._arrays, Decoder())

    def write(self, number: int, state: PoolState) -> None:
        from tallyio.hot_path.state import layout
        from tallyio.hot_path.state.events import event_words
        from tallyio.hot_path.state.positions import Positions

        words, spec, known = event_words(number, state), self.pools[number], self.states.get(number)
        at = self._arrays.records[number * layout.RECORD + layout.AMOUNTS :]
        if isinstance(state, V3State):
            at[:3], at[4:6], at[6] = words[1:4], words[4:6], state.tick % 2**64
            ticks = state.tick_index, state.liquidity_net
            if not isinstance(known, V3State) or (known.tick_index, known.liquidity_net) != ticks:
                positions = Positions()
                positions.follow(*ticks)
                rest = spec.tick_spacing, spec.fee_pips
                self._arrays.set_ticks(number, positions.ticks, positions.nets, *rest)
        else:
            at[:4] = words[1:5]
        self.states[number] = state


@pytest.fixture(scope="session")
def mirrored_pools() -> type[MirroredPools]:
    return MirroredPools


@pytest.fixture(scope="session")
def pending_call() -> Callable[..., PendingTransaction]:
    """``(sender, to, data, value_wei=0)`` → a call as the mempool shows it; its signature is nobody's."""

    def call(sender: Address, to: Address | None, data: bytes, value_wei: int = 0) -> PendingTransaction:
        target = bytes.fromhex(to[2:]) if to else b""
        raw = bytes(rlp.encode([1, 10**10, GAS_LIMIT, target, value_wei, data, 27, 1, 1]))
        return PendingTransaction(Hash32("0x1"), sender, to, 1, value_wei, GAS_LIMIT, 10**10, 10**10, data, raw)

    return call


class WorldChain(msgspec.Struct, frozen=True):
    """A node with the devnet's world on it."""

    anvil: Anvil
    world: World

    @property
    def rpc_url(self) -> str:
        return self.anvil.rpc_url

    @property
    def ws_url(self) -> str:
        return self.anvil.ws_url


@contextmanager
def _unchanged(anvil: Anvil) -> Iterator[None]:
    snapshot = anvil.rpc.call("evm_snapshot")
    try:
        yield
    finally:
        anvil.revert(snapshot)


@contextmanager
def _running_world() -> Iterator[WorldChain]:
    anvil, world = start_world(seed=WORLD_SEED)
    try:
        yield WorldChain(anvil, world)
    finally:
        anvil.stop()


@pytest.fixture(scope="session")
def bare_anvil() -> Iterator[Anvil]:
    with Anvil() as anvil:
        yield anvil


@pytest.fixture
def anvil_url(bare_anvil: Anvil) -> Iterator[str]:
    """The RPC address of a bare chain that mines only when told to; put back as it was after each test."""
    with _unchanged(bare_anvil):
        yield bare_anvil.rpc_url


@pytest.fixture(scope="session")
def world_chain() -> Iterator[WorldChain]:
    """The world, shared by the whole session: for reading only."""
    with _running_world() as chain:
        yield chain


@pytest.fixture
def scratch_chain(world_chain: WorldChain) -> Iterator[WorldChain]:
    """The shared world, put back as it was after the test: send and mine as you like."""
    with _unchanged(world_chain.anvil):
        yield world_chain


@pytest.fixture
def own_chain() -> Iterator[WorldChain]:
    """A node of the test's own with the world on it (half a second): for reorgs, restarts and WebSockets."""
    with _running_world() as chain:
        yield chain


class Ended(msgspec.Struct, frozen=True):
    """What a command left behind; ``errors`` are the lines on stderr that are for people, not the log."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if not line.startswith("{")]

    def json(self) -> Any:
        """The one JSON object on stdout of a command that went well."""
        assert self.code == 0, self.err
        return msgspec.json.decode(self.out)

    def refused(self, code: int, *parts: str) -> None:
        """Asserts the exit code and one clear line on stderr that holds ``parts``."""
        assert self.code == code, (self.code, self.err)
        [line] = self.errors
        assert line.startswith("error: ")
        for part in parts:
            assert part in line


class Command:
    """``tallyio`` in a process of its own, as a user starts it. stderr and stdout go to files beside each other."""

    def __init__(self, files: Path, *words: str | Path) -> None:
        self._out, self._err = files.with_suffix(".out"), files.with_suffix(".err")
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tallyio", *map(str, words)], stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )

    @property
    def log(self) -> str:
        return self._err.read_text()

    def wait_for(self, what: str | Callable[[], object], timeout_s: float = 180) -> Any:
        """Until the log holds a text or a condition is met; fails at once when the process ends first."""
        deadline = time.monotonic() + timeout_s
        condition = (lambda: what in self.log) if isinstance(what, str) else what
        while not (found := condition()):
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.log[-2000:]}"
            assert time.monotonic() < deadline, f"not within {timeout_s} s: {self.log[-2000:]}"
            time.sleep(0.02)
        return found

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, timeout_s: float = 180) -> Ended:
        self.process.wait(timeout_s)
        return Ended(self.process.returncode, self._out.read_text(), self.log)


class Commands:
    """Starts commands and ends those that a test left running."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[Command] = []

    def start(self, *words: str | Path) -> Command:
        self._started.append(Command(self._folder / f"command-{len(self._started)}", *words))
        return self._started[-1]

    def run(self, *words: str | Path, timeout_s: float = 240) -> Ended:
        return self.start(*words).ended(timeout_s)

    def close(self) -> None:
        for command in self._started:
            if command.process.poll() is None:
                command.process.kill()
            command.process.wait()


class Devnet:
    """The devnet's service in a process of its own, as ``tallyio devnet up`` starts it."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self._folder = folder
        self._keys = itertools.count()
        self.options = DevnetOptions(dir=str(folder / "chain"), **options)
        self._process = devnet.spawn(self.options)
        try:
            self.state = devnet.wait_until_ready(self._process, self.options.directory)
        except BaseException:
            self.close()
            raise
        self.world = load(Path(self.state.world_file))
        self.node = NodeRpc(self.state.http_url)

    def directory(self, *, executor: bool = True, **settings: Any) -> Path:
        """A configuration directory with a funded key that nobody else has; with its executor on the chain."""
        number = next(self._keys)
        key = self.world.searchers[-1 - number]  # rivals take theirs from the other end
        out = self._folder / f"config-{number}"
        state = self.state
        write_directory(
            out,
            self.world,
            http_url=state.http_url,
            ws_url=state.ws_url,
            builder_url=settings.pop("builder_url", state.builder_url),
            block_seconds=state.block_seconds,
            interval_ms=state.interval_ms,
            **settings,
        )
        give_key(out, key.key)
        if executor:
            asyncio.run(deploy_executor(out, live=True))
        return out

    def sent_by(self, owner: str) -> list[dict[str, Any]]:
        """Every transaction of ``owner`` on the chain, oldest first."""
        numbers = range(self.world.end_block, self.head + 1)
        blocks = self.node.batch([("eth_getBlockByNumber", (hex(number), True)) for number in numbers])
        return [tx for block in blocks for tx in block["transactions"] if tx["from"] == owner]

    def owner(self, config: Path) -> str:
        return keystore.address_in(config / "wallet" / "keystore.json")

    @property
    def head(self) -> int:
        return int(self.node.call("eth_blockNumber"), 16)

    def freeze(self) -> None:
        """No more blocks; the node goes on answering."""
        self._process.send_signal(signal.SIGSTOP)

    def close(self) -> None:
        if hasattr(self, "node"):
            self.node.close()
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    started = Commands(tmp_path)
    yield started
    started.close()


@pytest.fixture(scope="session")
def start_devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Devnet]]:
    """Starts a devnet with the given options; all are stopped when the session ends."""
    started: list[Devnet] = []

    def start(**options: Any) -> Devnet:
        started.append(Devnet(tmp_path_factory.mktemp("devnet"), **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture(scope="session")
def quiet_devnet(start_devnet: Callable[..., Devnet]) -> Devnet:
    """One devnet without rivals and reorganisations, shared by the session: a block a second."""
    return start_devnet(seed=11, interval_ms=1000)


@pytest.fixture(scope="session")
def shared_folder() -> Callable[[str], Path]:
    """A folder of ``../shared/data``; the test is skipped, saying so, where it is absent."""
    roots = [parent / "shared" / "data" for parent in Path(__file__).parents[2:4]]

    def find(name: str) -> Path:
        path = next((root / name for root in roots if (root / name).exists()), None)
        if path is None:
            pytest.skip(f"{name} is absent from ../shared/data: this judge cannot speak here")
        return path

    return find
