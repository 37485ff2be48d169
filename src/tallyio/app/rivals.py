"""Rival searchers on the devnet: the same searcher with other keys, other bids and narrower sight."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

from tallyio.app.devnet import DevnetState
from tallyio.app.devnet_config import give_key, write_directory
from tallyio.devnet.world import World

BIDS_BPS = (2_000, 9_000)
"""Rivals bid between these shares of what they would earn."""
FIRST_KEY = 2
"""Of the world's spare keys the first two belong to the user."""


class Rivals:
    """``count`` child processes; each has its own directory, key and executor contract."""

    def __init__(self, root: Path, world: World, state: DevnetState, count: int, dice: random.Random) -> None:
        self._root, self._world, self._state, self._count, self._dice = root, world, state, count, dice
        self._processes: list[subprocess.Popen[bytes]] = []

    async def start(self) -> None:
        for number in range(self._count):
            directory = self._root / str(number)
            write_directory(
                directory,
                self._world,
                http_url=self._state.http_url,
                ws_url=self._state.ws_url,
                builder_url=self._state.builder_url,
                block_seconds=self._state.block_seconds,
                interval_ms=self._state.interval_ms,
                bid_bps=self._dice.randint(*BIDS_BPS),
                max_hops=self._dice.choice((2, 3)),
                strategies=self._dice.choice((("arbitrage",), ("arbitrage", "liquidation"))),
                verify_every_blocks=0,
            )
            await asyncio.to_thread(give_key, directory, self._world.searchers[FIRST_KEY + number].key)
            self._processes.append(self._spawn(directory))

    def _spawn(self, directory: Path) -> subprocess.Popen[bytes]:
        options = ("--config", str(directory), "--live", "--deploy", "--headless", "--log-level", "warning")
        with (directory / "searcher.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tallyio", "run", *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    async def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            await asyncio.to_thread(process.wait)
