"""What a reader sees is what was published: all families, rollbacks, growth, and what must be refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tallyio.core.errors import OperatorError, RetryableError
from tallyio.core.pools import PoolState, V2State, V3State
from tallyio.hot_path.memory import arena
from tallyio.hot_path.memory.leftovers import clear_leftovers
from tallyio.hot_path.memory.segment import Segment
from tallyio.hot_path.shared import plan
from tallyio.hot_path.shared.reader import SharedMarket
from tallyio.hot_path.shared.writer import MarketWriter

Make = Callable[..., Any]
NAME = "market-1-test"


def test_a_reader_sees_every_state_with_its_block(shm: Path, block: Make, pool: Make, state: Make) -> None:
    with MarketWriter(NAME, 31337, 8, folder=shm) as writing:
        writing.publish(block(5), [(pool(0), None), (pool(1), state(1, 1)), (pool(2), state(2, 1))])
        writing.publish(block(9), [(pool(2), state(2, 2))])
        with SharedMarket.attach(NAME, folder=shm) as market:
            found = market.picture()
            assert (found.chain_id, found.number, found.hash, found.timestamp) == (31337, 9, block(9).hash, 108)
            assert found.refused == 0
            assert [reading.pool for reading in found.pools] == [pool(0), pool(1), pool(2)]
            assert [reading.state for reading in found.pools] == [None, state(1, 1), state(2, 2)]
            assert [reading.stamp for reading in found.pools] == [0, 5, 9]
            assert found.pools[0].rates == (0.0, 0.0)
            root, reserves = state(1, 1).sqrt_price_x96 / 2**96, state(2, 2)
            assert found.pools[1].rates == pytest.approx((root**2 * (1 - 5e-4), root**-2 * (1 - 5e-4)))
            ratio = reserves.reserve1 / reserves.reserve0
            assert found.pools[2].rates == pytest.approx((ratio * 0.997, 0.997 / ratio))
            assert market.monitor.read(2) == (state(2, 2), 9)
            assert market.writer_lives
            assert not market.retired


def test_a_rollback_takes_a_state_away(shm: Path, block: Make, pool: Make, state: Make) -> None:
    with MarketWriter(NAME, 1, 2, folder=shm) as writing, SharedMarket.attach(NAME, folder=shm) as market:
        writing.publish(block(5), [(pool(0), V2State(0, 0)), (pool(1), state(1, 1))])
        assert market.picture().pools[0].state == V2State(0, 0)
        writing.publish(block(4), [(pool(0), state(0, 1)), (pool(1), None)])
        found = market.picture()
        assert found.number == 4
        assert [reading.state for reading in found.pools] == [state(0, 1), None]
        assert found.pools[1].rates == (0.0, 0.0)
        assert market.monitor.read(1) is None


def test_the_largest_numbers_come_through(shm: Path, block: Make, pool: Make) -> None:
    highest = V3State(1461446703485210103287273052203988822378723970341, 887271, 2**128 - 1)
    lowest = V3State(4295128739, -887272, 0)
    with MarketWriter(NAME, 1, 4, folder=shm) as writing, SharedMarket.attach(NAME, folder=shm) as market:
        given: list[PoolState] = [V2State(2**112 - 1, 1), highest, V2State(1, 2**112 - 1), lowest]
        writing.publish(block(2**40), [(pool(number), each) for number, each in enumerate(given)])
        assert [reading.state for reading in market.picture().pools] == given
        assert writing.impossible == 0
        writing.publish(block(2**40), [(pool(0), V2State(2**112, 1))])
        assert writing.impossible == 1
        assert market.picture().pools[0].state is None, "no state rather than one of before"


def test_more_pools_than_room_get_a_larger_memory(shm: Path, block: Make, pool: Make, state: Make) -> None:
    with MarketWriter(NAME, 1, 3, folder=shm) as writing, SharedMarket.attach(NAME, folder=shm) as market:
        writing.publish(block(1), [(pool(number), state(number, 1)) for number in range(3)])
        before = market.picture()
        writing.publish(block(2), [(pool(number), state(number, 2)) for number in range(2, 20)])
        assert market.retired
        assert not market.writer_lives
        assert market.picture() == before, "the old memory stays as it was"
        with SharedMarket.attach(NAME, folder=shm) as larger:
            assert larger.monitor.pools == 24
            found = larger.picture()
            assert [reading.pool for reading in found.pools] == [pool(number) for number in range(20)]
            assert [reading.state for reading in found.pools] == [
                state(number, 1 if number < 2 else 2) for number in range(20)
            ]
            assert [reading.stamp for reading in found.pools] == [1, 1, *[2] * 18]
        assert [path.name for path in shm.iterdir()] == [NAME]
    assert list(shm.iterdir()) == []


def test_pools_without_room_are_counted_and_the_others_go_on(
    shm: Path, block: Make, pool: Make, state: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    with MarketWriter(NAME, 1, 2, folder=shm, on_refusal=told.append) as writing:
        monkeypatch.setattr(plan, "MOST", 2)
        writing.publish(block(1), [(pool(number), state(number, 1)) for number in range(5)])
        writing.publish(block(2), [(pool(number), state(number, 2)) for number in (4, 1)])
        with SharedMarket.attach(NAME, folder=shm) as market:
            found = market.picture()
            assert (found.refused, found.number) == (3, 2)
            assert [reading.state for reading in found.pools] == [state(0, 1), state(1, 2)]
            assert not market.retired
        assert len(told) == 1
        assert "2 pools at most" in told[0]


def test_one_writer_a_name(shm: Path) -> None:
    with MarketWriter(NAME, 1, 2, folder=shm), pytest.raises(OperatorError, match="which is running"):
        MarketWriter(NAME, 1, 2, folder=shm)


def test_memory_that_is_not_there_is_said(shm: Path) -> None:
    with pytest.raises(OperatorError, match="are free"):
        MarketWriter(NAME, 1, 2**37 // 332, folder=shm)
    assert list(shm.iterdir()) == []


def test_what_cannot_be_read_is_refused(shm: Path, block: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RetryableError, match="is absent"):
        SharedMarket.attach(NAME, folder=shm)
    (shm / NAME).write_bytes(b"something else" * 1000)
    with pytest.raises(OperatorError, match="is not shared memory of TallyIO"):
        SharedMarket.attach(NAME, folder=shm)
    (shm / NAME).unlink()
    empty = Segment.create(NAME, layout=plan.layout_word(), size=plan.size_of(2), folder=shm)
    with empty, pytest.raises(RetryableError, match="about to fill it"):
        SharedMarket.attach(NAME, folder=shm)
    with MarketWriter(NAME, 1, 2, folder=shm) as writing:
        monkeypatch.setattr(arena, "DIGEST", "another version")
        with pytest.raises(OperatorError, match="run the same version"):
            SharedMarket.attach(NAME, folder=shm)
        monkeypatch.undo()
        writing._here["head"][plan.CAPACITY] = 77
        with pytest.raises(OperatorError, match=r"is torn: .* for 77 pools"):
            SharedMarket.attach(NAME, folder=shm)


def test_a_writer_that_stopped_in_a_block_is_said(shm: Path, block: Make, pool: Make, state: Make) -> None:
    with MarketWriter(NAME, 1, 2, folder=shm) as writing, SharedMarket.attach(NAME, folder=shm) as market:
        writing.publish(block(1), [(pool(0), state(0, 1))])
        writing._here["head"][plan.SEQUENCE] |= np.uint64(1)
        with pytest.raises(RetryableError, match="stopped while it wrote a block"):
            market.picture(patience_s=0.01)
        assert market.monitor.read(0) == (state(0, 1), 1), "single pools are as readable as before"


def test_names_differ_by_chain_and_data_folder(tmp_path: Path) -> None:
    names = {plan.segment_name(chain, tmp_path / part) for chain in (1, 10) for part in "ab"}
    assert len(names) == 4
    assert plan.segment_name(1, tmp_path / "x" / ".." / "a") in names
    assert all(name.startswith(plan.PREFIX) for name in names)


def test_an_orderly_end_leaves_nothing(shm: Path, block: Make, pool: Make, state: Make) -> None:
    writing = MarketWriter(NAME, 1, 2, folder=shm)
    market = SharedMarket.attach(NAME, folder=shm)
    writing.publish(block(1), [(pool(0), state(0, 1))])
    writing.close()
    assert market.retired
    market.close()
    assert clear_leftovers(plan.PREFIX, folder=shm).removed == ()
    assert list(shm.iterdir()) == []
