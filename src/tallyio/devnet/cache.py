"""Worlds are built once and kept: a later start loads the node's state, blocks and logs in a fraction of a second."""

import hashlib
import shutil
import tempfile
from pathlib import Path

import msgspec

from tallyio.devnet import world as worlds
from tallyio.devnet.anvil import CHAIN_ID, Anvil
from tallyio.devnet.deploy.build import build_world
from tallyio.devnet.deploy.session import BLOCK_TIME_S, GENESIS_TIME
from tallyio.devnet.packages import LOCK_FILE, cache_root
from tallyio.devnet.world import Sizes, World

KEPT_WORLDS = 12


def start_world(
    *,
    seed: int,
    sizes: Sizes | None = None,
    chain_id: int = CHAIN_ID,
    port: int = 0,
    log_file: Path | None = None,
    arguments: tuple[str, ...] = (),
) -> tuple[Anvil, World]:
    """A running node with the world of ``seed`` on it, as of ``world.end_block``; the caller stops the node.

    The node mines only when told to, and its clock goes on from the last block's time.
    """
    folder = prepare(seed=seed, sizes=sizes or Sizes(), chain_id=chain_id)
    world = worlds.load(folder / "world.json")
    anvil = Anvil(chain_id=chain_id, port=port, log_file=log_file, arguments=("--no-request-size-limit", *arguments))
    anvil.start()
    try:
        anvil.rpc.call("anvil_loadState", "0x" + (folder / "state.gz").read_bytes().hex())
        anvil.rpc.call("evm_setTime", anvil.head_time() + BLOCK_TIME_S)
    except BaseException:
        anvil.stop()
        raise
    return anvil, world


def prepare(*, seed: int, sizes: Sizes, chain_id: int = CHAIN_ID) -> Path:
    """The folder with ``world.json`` and the node's state; builds the world where it is missing."""
    target = cache_root() / "worlds" / _name(seed, sizes, chain_id)
    if target.is_dir():
        target.touch()
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as scratch:
        made = Path(scratch) / "world"
        made.mkdir()
        with Anvil(chain_id=chain_id, genesis_time=GENESIS_TIME, log_file=Path(scratch) / "anvil.log") as anvil:
            world = build_world(anvil, seed, sizes)
            (made / "state.gz").write_bytes(bytes.fromhex(anvil.rpc.call("anvil_dumpState")[2:]))
        worlds.save(world, made / "world.json")
        try:
            made.rename(target)
        except OSError:
            if not target.is_dir():  # else another process built the same world meanwhile
                raise
    _forget_old(target.parent)
    return target


def _name(seed: int, sizes: Sizes, chain_id: int) -> str:
    here = Path(__file__).parent
    code = hashlib.sha256(msgspec.json.encode((seed, sizes, chain_id)))
    made = [*here.glob("*.py"), *here.glob("deploy/*.py"), *here.glob("venues/*.py"), *here.rglob("*.sol"), LOCK_FILE]
    for file in sorted(made):
        code.update(file.read_bytes())
    return f"{chain_id}-{seed}-{code.hexdigest()[:16]}"


def _forget_old(folder: Path) -> None:
    kept = sorted((f for f in folder.iterdir() if not f.name.startswith(".")), key=lambda f: f.stat().st_mtime)
    for old in kept[:-KEPT_WORLDS]:
        shutil.rmtree(old, ignore_errors=True)
