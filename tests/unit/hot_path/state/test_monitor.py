"""The price monitor in another process than the writer, and beside a writer that died."""

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from tallyio.core.errors import OperatorError, RetryableError
from tallyio.core.pools import V2, V3, Pool, V2State, V3State
from tallyio.hot_path.detector.detector import Detector
from tallyio.hot_path.memory.segment import Segment
from tallyio.hot_path.state.layout import RECORD
from tallyio.hot_path.state.monitor import PriceMonitor

POOLS = [Pool("0x01", V2, "any", "0x0a", "0x0b", 3000), Pool("0x02", V3, "any", "0x0a", "0x0b", 500, 10)]
SIZE = 8 * RECORD * len(POOLS)
CYCLES = np.array([[0, 3]], np.int32)


def _watch(folder: Path, last: int, answer: "multiprocessing.Queue[int | str]") -> None:
    with Segment.attach("pools", layout=1, size=SIZE, folder=folder) as segment:
        monitor = PriceMonitor(segment.words)
        looks = stamp = 0
        while stamp < last:
            found = monitor.read(0)
            if found is not None:
                state, stamp = found
                if not isinstance(state, V2State) or (state.reserve0, state.reserve1) != (stamp + 1, 7 * (stamp + 1)):
                    answer.put(f"torn: {found}")
                    return
                looks += 1
        answer.put(looks)
        del monitor


def test_another_process_reads_consistent_states_while_they_are_written(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    with Segment.create("pools", layout=1, size=SIZE, folder=tmp_path) as segment:
        detector = Detector(POOLS, CYCLES, records=segment.words)
        answer: multiprocessing.Queue[int | str] = context.Queue()
        watcher = context.Process(target=_watch, args=(tmp_path, 20_000, answer))
        watcher.start()
        for stamp in range(1, 20_001):
            detector.write([(0, V2State(stamp + 1, 7 * (stamp + 1)))], stamp)
        looks = answer.get(timeout=60)
        watcher.join(60)
        assert isinstance(looks, int), looks
        assert looks > 0
        del detector


def test_states_and_prices_of_both_families() -> None:
    detector = Detector(POOLS, CYCLES)
    monitor = PriceMonitor(detector.arrays.records)
    assert monitor.read(0) is monitor.price(1) is None
    state = V3State(3 << 96, -20, 2**127)
    detector.write([(0, V2State(2**111, 5)), (1, state)], stamp=77)
    assert monitor.read(0) == (V2State(2**111, 5), 77)
    assert monitor.read(1) == (state, 77)
    assert monitor.price(0) == 5 / 2**111
    assert monitor.price(1) == 9.0
    assert (monitor.fee_pips(0), monitor.fee_pips(1)) == (3000, 500)
    with pytest.raises(OperatorError, match="pool 2 is unknown"):
        monitor.read(2)


def test_writer_that_died_in_the_middle_is_said_and_mended_by_the_next_update() -> None:
    detector = Detector(POOLS, CYCLES)
    monitor = PriceMonitor(detector.arrays.records, tries=1000)
    detector.write([(0, V2State(3, 4))])
    detector.arrays.records[0] |= np.uint64(1)
    with pytest.raises(RetryableError, match="half written"):
        monitor.read(0)
    detector.write([(0, V2State(5, 6))])
    assert monitor.read(0) == (V2State(5, 6), 0)
