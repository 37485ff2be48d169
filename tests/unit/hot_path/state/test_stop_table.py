"""The stop table beside a dictionary of what each pool was given last."""

from random import Random

import numpy as np
import pytest

from tallyio.core.errors import OperatorError
from tallyio.hot_path.state.layout import STOP
from tallyio.hot_path.state.stop_table import StopTable
from tallyio.hot_path.state.stops import Stops


def stops(random: Random, count: int) -> Stops:
    source = np.random.default_rng(random.getrandbits(32))
    words = source.integers(0, 2**63, (count, STOP), np.uint64)
    return Stops(words, source.random((count, 2)), source.integers(-99, 99, count, np.int64))


def same(table: StopTable, begin: int, end: int, given: Stops) -> bool:
    return (
        np.array_equal(table.words[begin * STOP : end * STOP], given.words.ravel())
        and np.array_equal(table.floats[begin * 2 : end * 2], given.floats.ravel())
        and np.array_equal(table.ticks[begin:end], given.ticks)
    )


def test_every_pool_keeps_its_own_stops() -> None:
    random, table, held = Random(5), StopTable(), {}
    for _ in range(600):
        pool = random.randrange(12)
        given = stops(random, random.randrange(80)), stops(random, random.randrange(80))
        held[pool] = (*table.put(pool, *given), *given)
        for begin, middle, end, below, above in held.values():
            assert same(table, begin, middle, below)
            assert same(table, middle, end, above)
    assert len(table.ticks) < 12 * 1024


def test_full_table_says_so_and_keeps_what_it_has() -> None:
    random, table = Random(6), StopTable(most=32)
    below, above = stops(random, 8), stops(random, 8)
    begin, middle, end = table.put(0, below, above)
    with pytest.raises(OperatorError, match="the table holds 32"):
        table.put(0, stops(random, 20), stops(random, 20))
    assert same(table, begin, middle, below)
    assert same(table, middle, end, above)


def test_pools_lie_behind_adopted_stops() -> None:
    random, table = Random(7), StopTable()
    first, below, above = stops(random, 5), stops(random, 3), stops(random, 4)
    table.adopt(first.words.ravel(), first.floats.ravel(), first.ticks)
    begin, middle, end = table.put(0, below, above)
    assert begin >= 5
    assert same(table, 0, 5, first)
    assert same(table, begin, middle, below)
    assert same(table, middle, end, above)
