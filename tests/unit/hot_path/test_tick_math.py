import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tallyio.core.errors import ChainDataError
from tallyio.hot_path.amm.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)

SNAPSHOT = "uniswap-v3-core-snapshots/TickMath.spec.ts.snap"


def test_ends_of_the_range_are_the_contracts() -> None:
    assert sqrt_ratio_at_tick(MIN_TICK) == MIN_SQRT_RATIO
    assert sqrt_ratio_at_tick(MAX_TICK) == MAX_SQRT_RATIO
    assert sqrt_ratio_at_tick(0) == 2**96


def test_ratios_equal_the_contracts_snapshot(shared_file: Callable[[str], Path]) -> None:
    text = shared_file(SNAPSHOT).read_text()
    found = re.findall(r"getSqrtRatioAtTick tick (-?\d+) result 1`\] = `\"(\d+)\"`", text)
    assert len(found) == 28
    for tick, ratio in found:
        assert sqrt_ratio_at_tick(int(tick)) == int(ratio)


def test_ticks_equal_the_contracts_snapshot(shared_file: Callable[[str], Path]) -> None:
    text = shared_file(SNAPSHOT).read_text()
    found = re.findall(r"getTickAtSqrtRatio ratio (\d+) result 1`\] = `(-?\d+)`", text)
    assert len(found) == 13
    for ratio, tick in found:
        assert tick_at_sqrt_ratio(int(ratio)) == int(tick)


@pytest.mark.parametrize("tick", [MIN_TICK, -500_000, -60, -1, 0, 1, 255, 256, 443_636, MAX_TICK - 1])
def test_a_tick_begins_exactly_at_its_ratio(tick: int) -> None:
    ratio = sqrt_ratio_at_tick(tick)
    assert tick_at_sqrt_ratio(ratio) == tick
    assert tick_at_sqrt_ratio(ratio + 1) == tick
    if tick > MIN_TICK:
        assert tick_at_sqrt_ratio(ratio - 1) == tick - 1


@pytest.mark.parametrize("tick", [MIN_TICK - 1, MAX_TICK + 1])
def test_ticks_outside_the_range_are_refused(tick: int) -> None:
    with pytest.raises(ChainDataError, match=str(tick)):
        sqrt_ratio_at_tick(tick)


@pytest.mark.parametrize("ratio", [0, MIN_SQRT_RATIO - 1, MAX_SQRT_RATIO])
def test_ratios_outside_the_range_are_refused(ratio: int) -> None:
    with pytest.raises(ChainDataError):
        tick_at_sqrt_ratio(ratio)
