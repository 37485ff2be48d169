"""Starting, finding and stopping the local chain's service process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from tallyio.app.options import DevnetOptions
from tallyio.core.errors import OperatorError, OutOfReachError

START_TIMEOUT_S = 240
STOP_TIMEOUT_S = 20
DEMO_KEY, USER_KEY = 0, 1
"""Of the world's spare keys: the demo's searcher, and the one that ``devnet config`` gives away."""


class DevnetState(msgspec.Struct, frozen=True):
    """Written by the service when it answers; ``pid`` is the service's own."""

    pid: int
    http_url: str
    ws_url: str
    builder_url: str
    chain_id: int
    seed: int
    block_seconds: int
    interval_ms: int
    world_file: str


def state_file(directory: Path) -> Path:
    return directory / "devnet.json"


def read_state(directory: Path) -> DevnetState | None:
    """The running service's state, or None; a file left by a killed service counts as none."""
    try:
        state = msgspec.json.decode(state_file(directory).read_bytes(), type=DevnetState)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return state if _is_service(state.pid) else None


def require_state(directory: Path) -> DevnetState:
    state = read_state(directory)
    if state is None:
        raise OutOfReachError(f"no devnet runs in {directory}", todo="Start one: tallyio devnet up")
    return state


def spawn(options: DevnetOptions, log_level: str = "info") -> subprocess.Popen[bytes]:
    """Start the service as a child of its own session; it writes its log beside its state."""
    directory = options.directory
    directory.mkdir(parents=True, exist_ok=True)
    if running := read_state(directory):
        raise OperatorError(
            f"a devnet already runs in {directory} (pid {running.pid})", todo="Stop it: tallyio devnet down"
        )
    state_file(directory).unlink(missing_ok=True)
    with (directory / "service.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tallyio", "devnet", "serve", "--log-level", log_level, *_arguments(options)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def wait_until_ready(process: subprocess.Popen[bytes], directory: Path) -> DevnetState:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if state := read_state(directory):
            return state
        if process.poll() is not None:
            wrong = OperatorError if process.returncode == OperatorError.exit_code else OutOfReachError
            raise wrong(f"the devnet stopped while starting: {_last_error(directory)}", todo=_see(directory))
        time.sleep(0.05)
    process.terminate()
    raise OutOfReachError(f"the devnet did not answer within {START_TIMEOUT_S} s", todo=_see(directory))


def start(options: DevnetOptions) -> dict[str, Any]:
    state = wait_until_ready(spawn(options), options.directory)
    return _shown(state, options.directory)


def status(directory: str) -> dict[str, Any]:
    path = Path(directory).expanduser().resolve()
    state = read_state(path)
    return _shown(state, path) if state else {"running": False, "directory": str(path)}


def stop(directory: str) -> dict[str, Any]:
    path = Path(directory).expanduser().resolve()
    state = read_state(path)
    if state is None:
        return {"running": False, "directory": str(path), "stopped": False}
    terminate(state.pid)
    state_file(path).unlink(missing_ok=True)
    return {"running": False, "directory": str(path), "stopped": True}


def terminate(pid: int) -> None:
    """Ask the service to stop; it stops its own children. Kills it only when it does not obey."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while _is_service(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.05)


def configure(target: Path, state: DevnetState, key: int) -> str:
    """Write a configuration for the devnet with the ``key``-th of the world's spare keys; returns its address."""
    from tallyio.app.devnet_config import give_key, write_directory
    from tallyio.devnet.world import load

    world = load(Path(state.world_file))
    write_directory(
        target,
        world,
        http_url=state.http_url,
        ws_url=state.ws_url,
        builder_url=state.builder_url,
        block_seconds=state.block_seconds,
        interval_ms=state.interval_ms,
    )
    return give_key(target, world.searchers[key].key)


def write_config(directory: str, out: str) -> dict[str, Any]:
    """A configuration directory for the running devnet, with one of its funded keys that nobody else uses."""
    state = require_state(Path(directory).expanduser().resolve())
    target = Path(out).expanduser().resolve()
    if (target / "tallyio.toml").exists():
        raise OperatorError(f"{target} holds a configuration already", todo="Name another folder, or remove it")
    owner = configure(target, state, USER_KEY)
    return {"config": str(target), "owner": owner, "chain_id": state.chain_id}


def install(say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Fetch and compile what a devnet needs; ``say`` is told what happens, a line at a time."""
    from tallyio.devnet.deploy.compile import compile_all

    started = time.monotonic()
    compile_all(say)
    return {"installed": True, "seconds": round(time.monotonic() - started, 1)}


def _shown(state: DevnetState, directory: Path) -> dict[str, Any]:
    return {"running": True, "directory": str(directory), **msgspec.to_builtins(state)}


def _arguments(options: DevnetOptions) -> list[str]:
    arguments = []
    for field in fields(options):
        value = getattr(options, field.name)
        name = field.name.replace("_", "-")
        arguments += (
            [f"--{name}" if value else f"--no-{name}"] if isinstance(value, bool) else [f"--{name}", str(value)]
        )
    return arguments


def _is_service(pid: int) -> bool:
    """Whether ``pid`` is a living devnet service and not a stranger that got a recycled number."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"serve" in command and b"devnet" in command


def _last_error(directory: Path) -> str:
    lines = (directory / "service.log").read_text(errors="replace").strip().splitlines()
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return errors[-1] if errors else (lines[-1] if lines else "it wrote no log")


def _see(directory: Path) -> str:
    return f"Its log: {directory / 'service.log'}"
