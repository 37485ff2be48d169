"""What the commands of the embedded chain can be asked for."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tallyio.core.errors import OperatorError

DEFAULT_DIRECTORY = "~/.cache/tallyio/devnet"

LEAST = {"chain_id": 1, "block_time": 1, "interval_ms": 1, "blocks": 1, "pools": 1, "borrowers": 1}
"""Options that cannot be 0; no option is negative."""
MOST = {"rivals": 6, "port": 65_535, "builder_port": 65_535, "seed": 2**63 - 1, "chain_id": 2**53}
"""Each rival needs one of the world's spare keys."""


def _check(options: Any) -> None:
    """Raises ``OperatorError`` for a number that means nothing."""
    for field in fields(options):
        value = getattr(options, field.name)
        if isinstance(value, bool | str):
            continue
        least, most = LEAST.get(field.name, 0), MOST.get(field.name)
        if value < least or (most is not None and value > most):
            expected = f"at least {least}" if most is None else f"{least} to {most}"
            name = field.name.replace("_", "-")
            raise OperatorError(f"--{name}: found {value}, expected {expected}", todo="Try 'tallyio --help'")


@dataclass(frozen=True, kw_only=True)
class DevnetOptions:
    """The embedded chain.

    Parameters
    ----------
    dir
        Where this devnet keeps its state and logs.
    chain_id
        Chain id.
    seed
        Seed of everything that is random.
    block_time
        Seconds of chain time from block to block.
    interval_ms
        Wall-clock milliseconds from block to block.
    rivals
        How many rival searchers compete.
    reorg_every
        A reorganisation every N blocks; 0 never.
    pools
        How many pools at least.
    borrowers
        How many borrowers at least.
    port
        Port of the node; 0 takes a free one.
    builder_port
        Port of the block builder; 0 takes a free one.
    traffic
        Let traders and borrowers loose.
    """

    dir: str = DEFAULT_DIRECTORY
    chain_id: int = 31337
    seed: int = 1
    block_time: int = 12
    interval_ms: int = 2500
    rivals: int = 0
    reorg_every: int = 0
    pools: int = 44
    borrowers: int = 60
    port: int = 0
    builder_port: int = 0
    traffic: bool = True

    def __post_init__(self) -> None:
        _check(self)

    @property
    def directory(self) -> Path:
        return Path(self.dir).expanduser().resolve()


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """One demonstration.

    Parameters
    ----------
    blocks
        How many blocks the searcher runs for.
    seed
        Seed of everything that is random.
    rivals
        How many rival searchers compete.
    reorg_every
        A reorganisation every N blocks; 0 never.
    interval_ms
        Wall-clock milliseconds from block to block.
    block_time
        Seconds of chain time from block to block.
    chain_id
        Chain id of the embedded chain.
    dir
        Where the run keeps its files; made anew each time.
    html
        Where the HTML page goes; in the run's folder if not said.
    headless
        No live view.
    """

    blocks: int = 36
    seed: int = 1
    rivals: int = 0
    reorg_every: int = 0
    interval_ms: int = 2500
    block_time: int = 12
    chain_id: int = 31337
    dir: str = "~/.cache/tallyio/demo"
    html: str = ""
    headless: bool = False

    def __post_init__(self) -> None:
        _check(self)
