"""``kill -9`` on the writer of a shared market, in the middle of what it writes, again and again: readers go on and
never see half a state or a mixture of two blocks, and the next writer starts where nothing is left.
"""

import importlib.util
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tallyio.core.errors import RetryableError
from tallyio.hot_path.compiled import DISABLED
from tallyio.hot_path.memory.leftovers import clear_leftovers, find_leftovers
from tallyio.hot_path.shared.plan import PREFIX
from tallyio.hot_path.shared.reader import SharedMarket
from tallyio.hot_path.state.monitor import PriceMonitor

pytestmark = pytest.mark.skipif(DISABLED, reason="plain Python's writes are too slow to be met in the middle")

FORK = multiprocessing.get_context("fork")
Child = multiprocessing.context.ForkProcess
Start = Callable[..., Child]
SEED = 47


def _load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


code = _load("market_child")


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="tallyio-chaos-", dir="/dev/shm"))
    code.write(path, 1, lambda: None, most=3)  # compiled in the parent, so that a child is at work at once
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start() -> Iterator[Start]:
    """Runs a function in a process of its own; it is at work when this returns."""
    children: list[Child] = []

    def run(work: Callable[..., None], *arguments: Any) -> Child:
        here, there = FORK.Pipe(duplex=False)
        child = FORK.Process(target=work, args=(*arguments, lambda: there.send(True)))
        child.start()
        children.append(child)
        there.close()
        assert here.recv()
        here.close()
        return child

    yield run
    for child in children:
        child.kill()
        child.join()
        child.close()


def kill(child: Child, after_s: float) -> None:
    time.sleep(after_s)
    assert child.is_alive(), "it was at work"
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()


def left_behind(folder: Path) -> tuple[int, bool]:
    """How many single pools a dead writer left half written, and whether its last block was; all else is whole."""
    with SharedMarket.attach(code.NAME, folder=folder) as market:
        assert not market.writer_lives
        try:
            found = market.picture()
            assert [reading.stamp for reading in found.pools] == [found.number] * len(found.pools)
            torn_block = False
        except RetryableError:
            torn_block = True
        market.monitor = PriceMonitor(market._here["records"], tries=1000)
        torn = 0
        for number in range(code.COUNT):
            try:
                single = market.monitor.read(number)
            except RetryableError:
                torn += 1
            else:
                assert single is None or single[0] == code.state(number, single[1])
        return torn, torn_block


def many_kills(folder: Path, start: Start, kills: int) -> None:
    dice = random.Random(SEED)
    counts = FORK.RawArray("Q", 5)
    reader = start(code.read, folder, counts)
    torn = torn_blocks = early = 0
    for turn in range(10 * kills):
        if turn >= kills and torn:  # a busy machine takes more of them to meet a pool half written
            break
        writer = start(code.write, folder, (turn + 1) * 2**40)
        if turn % 4:
            deadline = time.monotonic() + 30
            while counts[code.NEWEST] <= (turn + 1) * 2**40:
                assert time.monotonic() < deadline, "the reader sees the new writer's blocks"
                time.sleep(0.001)
            kill(writer, dice.uniform(0, 0.01))
            single, block = left_behind(folder)
            assert single <= 1, "it writes one at a time"
            assert block or not single, "a pool is written inside a block"
            torn, torn_blocks = torn + single, torn_blocks + block
        else:
            kill(writer, dice.uniform(0, 0.01))  # while it makes its memory, or grows it
            early += 1
    assert reader.is_alive()
    assert torn > 0, "at least one died in the middle of a pool"
    assert torn_blocks >= torn
    assert counts[code.WRONG] == 0
    assert counts[code.PICTURES] > kills
    assert counts[code.SINGLE] > kills
    kill(reader, 0)
    left = find_leftovers(PREFIX, folder=folder)
    assert code.NAME in left.removed
    assert clear_leftovers(PREFIX, folder=folder) == left
    assert list(folder.iterdir()) == []


def test_killed_writers_are_never_seen_half(folder: Path, start: Start) -> None:
    many_kills(folder, start, 16)


@pytest.mark.nightly
def test_two_hundred_killed_writers_are_never_seen_half(folder: Path, start: Start) -> None:
    many_kills(folder, start, 200)


def test_killed_readers_hold_up_nobody(folder: Path, start: Start) -> None:
    writer = start(code.write, folder, 1)
    counts = FORK.RawArray("Q", 5)
    for _ in range(4):
        before = counts[code.PICTURES]
        reader = start(code.read, folder, counts)
        while counts[code.PICTURES] <= before:
            time.sleep(0.001)
        kill(reader, 0.005)
        with SharedMarket.attach(code.NAME, folder=folder) as market:
            number, end = market.picture().number, time.monotonic() + 60
            while market.picture().number == number:
                assert time.monotonic() < end, "the writer stands still"
                time.sleep(0.001)
    assert writer.is_alive()
    assert counts[code.WRONG] == 0
