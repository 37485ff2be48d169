"""``kill -9`` on the detector's process and on the executor's, in turn: every opportunity is exact, none is executed
twice although restarted producers tell what they told before, and at most the one at hand of each killed executor is
lost.
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

from tallyio.core.errors import OperatorError, RetryableError
from tallyio.hot_path.amm.v2 import amount_out
from tallyio.hot_path.compiled import DISABLED
from tallyio.hot_path.detector.handover import Handover
from tallyio.hot_path.memory.leftovers import clear_leftovers
from tallyio.hot_path.memory.segment import Segment
from tallyio.hot_path.state.layout import RECORD

pytestmark = pytest.mark.skipif(DISABLED, reason="plain Python's read-modify-write is not atomic between processes")

FORK = multiprocessing.get_context("fork")
Child = multiprocessing.context.ForkProcess
Start = Callable[..., Child]
SEED = 53
ROOM = 2**19


def _load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


code = _load("handover_child")


@pytest.fixture
def folder() -> Iterator[Path]:
    """The detector's kernels are compiled in the parent, so that a child is at work at once."""
    path = Path(tempfile.mkdtemp(prefix="tallyio-chaos-", dir="/dev/shm"))
    with Segment.create(code.RECORDS, layout=1, size=RECORD * 8 * len(code.POOLS), folder=path):
        handover = Handover.open("warm", 4, folder=path)
        code.detector(path, ring=handover.ring).write(list(enumerate(code.states(1))))
        handover.take()
        handover.remove()
    records = Segment.create(code.RECORDS, layout=1, size=RECORD * 8 * len(code.POOLS), folder=path)
    records._header[4] = 0  # nobody's: the first producer adopts it
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start() -> Iterator[Start]:
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


def kill(child: Child) -> None:
    assert child.is_alive(), "it was at work"
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def executed(log: Any) -> list[tuple[int, int, int, int]]:
    words = log[code.WORDS : (int(log[0]) + 1) * code.WORDS]
    return [tuple(words[at : at + code.WORDS]) for at in range(0, len(words), code.WORDS)]


def profit(stamp: int, amount: int) -> int:
    """Of the one cycle, backwards or not whichever pays, by the contracts' own formula."""
    moved, still = code.states(stamp)
    middle = amount_out(amount, still.reserve1, still.reserve0, 3000)
    forth = amount_out(middle, moved.reserve0, moved.reserve1, 3000) - amount
    middle = amount_out(amount, still.reserve0, still.reserve1, 3000)
    return max(forth, amount_out(middle, moved.reserve1, moved.reserve0, 3000) - amount)


def kill_and_restart(folder: Path, start: Start, kills: int) -> None:
    dice = random.Random(SEED)
    log = FORK.RawArray("Q", ROOM * code.WORDS)
    producer, consumer = start(code.produce, folder, True), start(code.execute, folder, log)
    killed_consumers = 0
    for turn in range(kills):
        before = log[0]
        wait_for(lambda before=before: log[0] > before + code.REPLAYED)  # type: ignore[misc]
        time.sleep(dice.uniform(0, 0.02))
        if turn % 2:
            kill(consumer)
            killed_consumers += 1
            consumer = start(code.execute, folder, log)
        else:
            kill(producer)
            producer = start(code.produce, folder, True)
    before = log[0]
    wait_for(lambda: log[0] > before + 500)
    kill(producer)
    handover = Handover.attach(code.NAME, folder=folder)
    wait_for(lambda: len(handover.ring) == 0)
    time.sleep(0.05)
    kill(consumer)

    done = executed(log)
    stamps = [stamp for stamp, *_ in done]
    assert stamps == sorted(set(stamps)), "none twice, and in order"
    missing = (stamps[-1] - stamps[0] + 1) - len(stamps)
    assert stamps[0] <= 2
    assert missing <= killed_consumers, "only what a killed executor had in hand"
    assert {rank for _, rank, _, _ in done} == {0}
    for stamp, _, amount, gain in done[:: max(1, len(done) // 500)]:
        assert gain == profit(stamp, amount) > 0
    counts = handover.counts
    assert counts["repeated"] > 0, "restarted producers did tell again"
    assert counts["lost"] == 0, "the producer waited for room"
    assert 0 <= counts["handed"] - len(done) <= killed_consumers
    handover.close()
    assert code.NAME in clear_leftovers("handover-", folder=folder).removed


def test_none_is_executed_twice(folder: Path, start: Start) -> None:
    kill_and_restart(folder, start, 14)


@pytest.mark.nightly
def test_none_is_executed_twice_over_a_hundred_kills(folder: Path, start: Start) -> None:
    kill_and_restart(folder, start, 100)


def test_what_a_full_ring_refuses_is_counted_and_what_waits_stays(folder: Path, start: Start) -> None:
    producer = start(code.produce, folder, False)

    def attached() -> Handover | None:
        try:
            return Handover.attach(code.NAME, folder=folder)
        except (RetryableError, OperatorError):
            return None

    wait_for(lambda: (found := attached()) is not None and found.counts["lost"] > 1000)
    handover = attached()
    assert handover is not None
    assert len(handover.ring) == code.CAPACITY
    kill(producer)
    handover.ring.take_consumer()
    waiting = []
    while (found := handover.take()) is not None:
        waiting.append(found.stamp)
    assert waiting == list(range(1, code.CAPACITY + 1)), "the oldest, as they came"
    assert handover.counts["handed"] == code.CAPACITY


def test_one_producer_and_one_consumer_at_a_time(folder: Path, start: Start) -> None:
    log = FORK.RawArray("Q", ROOM * code.WORDS)
    start(code.produce, folder, True)
    start(code.execute, folder, log)
    wait_for(lambda: log[0] > 10)
    with pytest.raises(OperatorError, match="which is running"):
        Handover.open(code.NAME, code.CAPACITY, folder=folder)
    handover = Handover.attach(code.NAME, folder=folder)
    with pytest.raises(OperatorError, match="consumer of this ring is process"):
        handover.ring.take_consumer()
