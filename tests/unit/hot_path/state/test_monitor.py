"""The price monitor in another process than the writer, and beside a writer that died."""

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from tallyio.core.errors import ChainDataError, OperatorError, RetryableError
from tallyio.core.pools import V2, V3, Pool, PoolState, V2State, V3State
from tallyio.hot_path.amm.quote import output_of
from tallyio.hot_path.detector.detector import Detector
from tallyio.hot_path.memory.arena import Arena, Reservation, bytes_needed
from tallyio.hot_path.memory.segment import Segment
from tallyio.hot_path.state.layout import RECORD
from tallyio.hot_path.state.monitor import PriceMonitor
from tallyio.hot_path.state.stop_memory import StopMemory, own_stop_memory, stop_memory, stop_reservations

POOLS = [Pool("0x01", V2, "any", ("0x0a", "0x0b"), 3000), Pool("0x02", V3, "any", ("0x0a", "0x0b"), 500, 10)]
SIZE = 8 * RECORD * len(POOLS)
CYCLES = np.array([[0, 3]], np.int32)
ROOM = 256
RECORDS = Reservation("records", np.uint64, (RECORD * len(POOLS),))
BOTH = bytes_needed((RECORDS, *stop_reservations(len(POOLS), ROOM)))
UNIT = 10**18


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
        looks = answer.get(timeout=240)
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


def concentrated(number: int) -> V3State:
    """State ``number`` of a row of them: price, ticks and liquidity all move, and each gives its own quotes."""
    places = (-60 - 10 * (number % 7), -10, 20, 60 + 10 * (number % 5))
    depth, inner = UNIT * (1 + number % 97), UNIT * (1 + number % 13)
    return V3State((1 << 96) + number, 0, depth + inner, places, (depth, inner, -inner, -depth))


def test_a_quote_goes_through_ticks_and_is_refused_where_they_end() -> None:
    memory = own_stop_memory(2, ROOM)
    detector = Detector(POOLS, CYCLES, stops=memory)
    monitor = PriceMonitor(detector.arrays.records, stops=memory)
    states: list[PoolState] = [V2State(5 * UNIT, 7 * UNIT), concentrated(3)]
    with pytest.raises(ChainDataError, match="pool 1 does not take 5 whole"):
        monitor.quote(1, True, 5)
    detector.write(list(enumerate(states)))
    quoted = 0
    for pool, state in enumerate(states):
        for zero_for_one in (True, False):
            for amount in (1, 1000, UNIT // 100, UNIT // 50, UNIT, 2**100):
                expected = output_of(POOLS[pool], state, zero_for_one, amount)
                if expected:
                    assert monitor.quote(pool, zero_for_one, amount) == expected
                    quoted += 1
                else:
                    with pytest.raises(ChainDataError):
                        monitor.quote(pool, zero_for_one, amount)
    assert quoted > 12
    with pytest.raises(OperatorError, match="pool 2 is unknown"):
        monitor.quote(2, True, 1)
    with pytest.raises(ChainDataError, match="from 1 to below"):
        monitor.quote(0, True, 2**127)


def test_without_the_stops_a_v3_pool_has_no_quote() -> None:
    detector = Detector(POOLS, CYCLES)
    monitor = PriceMonitor(detector.arrays.records)
    detector.write([(0, V2State(UNIT, UNIT)), (1, concentrated(0))])
    assert monitor.quote(0, True, 1000) == 996
    with pytest.raises(ChainDataError):
        monitor.quote(1, True, 1000)


def test_ticks_left_half_changed_are_said_and_mended_by_the_next_change() -> None:
    memory = own_stop_memory(2, ROOM)
    detector = Detector(POOLS, CYCLES, stops=memory)
    monitor = PriceMonitor(detector.arrays.records, tries=1000, stops=memory)
    detector.write([(1, concentrated(0))])
    memory.versions[1] |= np.uint64(1)
    with pytest.raises(RetryableError, match="half written"):
        monitor.quote(1, True, 1000)
    detector.write([(1, concentrated(1))])
    assert monitor.quote(1, True, 1000) == output_of(POOLS[1], concentrated(1), True, 1000)


def test_the_next_writer_takes_over_what_a_dead_one_left() -> None:
    """Its own stops would be written over those that the memory still names: none is quoted before it is told anew."""
    memory = own_stop_memory(2, ROOM)
    first = Detector(POOLS, CYCLES, stops=memory)
    first.write([(1, concentrated(0))])
    memory.versions[0] |= np.uint64(1)
    second = Detector(POOLS, CYCLES, records=first.arrays.records, stops=memory)
    monitor = PriceMonitor(second.arrays.records, tries=1000, stops=memory)
    with pytest.raises(ChainDataError):
        monitor.quote(1, True, 1000)
    second.write([(0, V2State(UNIT, UNIT)), (1, concentrated(1))])
    assert monitor.quote(0, True, 1000) == 996
    assert monitor.quote(1, True, 1000) == output_of(POOLS[1], concentrated(1), True, 1000)


def _laid(segment: Segment) -> tuple["np.ndarray[tuple[int], np.dtype[np.uint64]]", StopMemory]:
    arena = Arena(segment.words)
    return arena.reserve(RECORDS), stop_memory(arena, len(POOLS), ROOM)


def _quote(folder: Path, last: int, answer: "multiprocessing.Queue[int | str]") -> None:
    allowed = {output_of(POOLS[1], concentrated(number), True, UNIT // 60) for number in range(last + 1)}
    with Segment.attach("pools", layout=2, size=BOTH, folder=folder) as segment:
        records, memory = _laid(segment)
        monitor = PriceMonitor(records, stops=memory)
        looks = stamp = 0
        while stamp < last:
            found = monitor.read(1)
            if found is not None:
                stamp = found[1]
                paid = monitor.quote(1, True, UNIT // 60)
                if paid not in allowed:
                    answer.put(f"{paid} at {stamp}")
                    return
                looks += 1
        answer.put(looks)
        del monitor, records, memory


def test_another_process_quotes_across_ticks_while_they_change(tmp_path: Path) -> None:
    """Every quote is that of one of the states there were: never of one state's price with another's ticks."""
    context, last = multiprocessing.get_context("spawn"), 3000
    with Segment.create("pools", layout=2, size=BOTH, folder=tmp_path) as segment:
        records, memory = _laid(segment)
        detector = Detector(POOLS, CYCLES, records=records, stops=memory)
        answer: multiprocessing.Queue[int | str] = context.Queue()
        watcher = context.Process(target=_quote, args=(tmp_path, last, answer))
        watcher.start()
        number = 0
        while watcher.is_alive() and answer.empty():
            number = min(number + 1, last)
            detector.write([(1, concentrated(number))], stamp=number)
        looks = answer.get(timeout=240)
        watcher.join(60)
        assert isinstance(looks, int), looks
        assert looks > 0
        del detector, records, memory
