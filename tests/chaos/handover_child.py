"""A producer that detects and a consumer that executes, until they are killed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tallyio.core.errors import OperatorError, RetryableError
from tallyio.core.pools import V2, Pool, V2State
from tallyio.core.units import Address
from tallyio.hot_path.detector.detector import Candidate, Detector
from tallyio.hot_path.detector.handover import Handover
from tallyio.hot_path.memory.segment import Segment
from tallyio.hot_path.state.layout import RECORD

NAME = "handover-chaos"
RECORDS = "records-chaos"
CAPACITY = 64
REPLAYED = 40
"""Updates that a producer tells again when it starts, as one does that reads some blocks again."""
UNIT = 10**18
POOLS = [Pool(Address(f"0x0{n}"), V2, "any", (Address("0x0a"), Address("0x0b")), 3000) for n in (1, 2)]
CYCLES = np.array([[0, 3]], np.int32)
WORDS = 4
"""Of the log, for each execution: stamp, rank, input, profit. Its first four are the number of executions."""


def states(stamp: int) -> tuple[V2State, V2State]:
    """As of update ``stamp``: it moves the first pool and always leaves one opportunity."""
    return V2State(UNIT * (120 + stamp % 37) // 100, UNIT), V2State(UNIT, UNIT)


def detector(folder: Path, **options: Any) -> Detector:
    segment = Segment.adopt(RECORDS, layout=1, size=RECORD * 8 * len(POOLS), folder=folder)
    return Detector(POOLS, CYCLES, records=segment.words, **options)


def produce(folder: Path, wait_for_room: bool, ready: Callable[[], None]) -> None:
    """Goes on from the last opportunity that was handed out, and some before it."""
    ready()
    handover = Handover.open(NAME, CAPACITY, folder=folder)
    handover.ring.take_producer()
    detecting = detector(folder, ring=handover.ring)
    stamp = max(1, handover.stamp - REPLAYED)
    detecting.write([(1, states(stamp)[1])], 0)
    while True:
        if not wait_for_room or len(handover.ring) < CAPACITY // 2:
            detecting.write([(0, states(stamp)[0])], stamp)
            stamp += 1


def execute(folder: Path, log: Any, ready: Callable[[], None]) -> None:
    """What is handed out is written to the log, which is what executing it stands for."""
    ready()
    while True:
        try:
            handover = Handover.attach(NAME, folder=folder)
            break
        except RetryableError:
            continue
        except OperatorError as error:
            if "died while making" not in str(error):
                raise
    handover.ring.take_consumer()
    while True:
        found = handover.take()
        if found is not None:
            write(log, found)


def write(log: Any, found: Candidate) -> None:
    at = (int(log[0]) + 1) * WORDS
    log[at : at + WORDS] = [found.stamp, found.rank, found.amount_in, found.profit]
    log[0] += 1
