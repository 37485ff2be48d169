"""Every arithmetic kernel against its twin; and that a comparison finds a kernel that is wrong."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tallyio.hot_path.amm.tick_math import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, sqrt_ratio_at_tick
from tallyio.hot_path.amm.tick_math import tick_at_sqrt_ratio as tick_twin
from tallyio.hot_path.check.arithmetic import COMPARISONS
from tallyio.hot_path.check.arithmetic_cases import add_checked
from tallyio.hot_path.check.arithmetic_cases import sqrt_ratio_at_tick as tick_case
from tallyio.hot_path.check.arithmetic_cases import tick_at_sqrt_ratio as price_case
from tallyio.hot_path.check.comparison import Comparison, comparisons
from tallyio.hot_path.check.loops import LIMBS, answers_of, comparison, packed
from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.kernels.tick_math import tick_at_sqrt_ratio
from tallyio.hot_path.pointer import pointer
from tallyio.hot_path.uint256 import load, u256

SAMPLES = 20_000
MANY = 1_000_000


@pytest.mark.parametrize("chosen", COMPARISONS, ids=lambda c: str(c.name))
def test_a_kernel_equals_its_twin(chosen: Comparison) -> None:
    found = chosen.run(SAMPLES, 1)
    assert (found.name, found.compared) == (chosen.name, SAMPLES)
    assert found.mismatches == 0, found.first


def test_every_comparison_is_named_by_its_part_and_kernel() -> None:
    names = [each.name for each in comparisons()]
    assert len(set(names)) == len(names) > 30
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", name) for name in names), names
    for part in ("hashes.", "simd.", "memory.", "transactions."):
        chosen = next(each for each in comparisons() if each.name.startswith(part))
        assert chosen.run(5, 1).name == chosen.name


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("chosen", COMPARISONS, ids=lambda c: str(c.name))
def test_a_kernel_equals_its_twin_a_million_times(chosen: Comparison) -> None:
    assert chosen.run(MANY, 2).mismatches == 0


@kernel
def _ticks_found(prices: Any, first: int, wrong: Any) -> None:
    """Looks each price of ``prices`` up, and one unit below it; ``wrong`` counts the ticks that are not those from
    ``first`` on and the ticks below them."""
    p, count = pointer(prices), np.int64(len(prices) // LIMBS)
    for place in range(count):
        price, tick = load(p, LIMBS * place), np.int64(first) + np.int64(place)
        found, ok = tick_at_sqrt_ratio(price)
        wrong[0] += not ok or found != tick
        below, ok = tick_at_sqrt_ratio(price - u256(np.uint64(1)))
        wrong[1] += not ok or below != tick - 1


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_every_tick_there_is() -> None:
    """The price of each tick is the twin's; the tick at that price is it, and one unit below the price the one below.

    The two ends lie outside of the lookup's range: nothing is below the least price, and the greatest is no price.
    """
    chunk = 50_000
    for start in range(-MAX_TICK, MAX_TICK + 1, chunk):
        rows = [(tick,) for tick in range(start, min(start + chunk, MAX_TICK + 1))]
        expected = [(sqrt_ratio_at_tick.__wrapped__(tick),) for (tick,) in rows]
        assert answers_of(tick_case, rows, 1) == expected
        inner = [row for row, (tick,) in zip(expected, rows, strict=True) if abs(tick) < MAX_TICK]
        wrong = np.zeros(2, np.int64)
        _ticks_found(packed(inner), max(start, 1 - MAX_TICK), wrong)
        assert wrong.tolist() == [0, 0], f"among the ticks from {start} on"
    ends = [(MIN_SQRT_RATIO - 1,), (MIN_SQRT_RATIO,), (MAX_SQRT_RATIO - 1,), (MAX_SQRT_RATIO,)]
    assert answers_of(price_case, ends, 1) == [None, (-MAX_TICK % 2**256,), (MAX_TICK - 1,), None]


def test_a_wrong_twin_is_found_and_shown() -> None:
    wrong = comparison("wrong", add_checked, lambda a, b: a + b + (a == 5), lambda random: (random.randrange(10), 1))
    found = wrong.run(1000, 1)
    assert 50 < found.mismatches < 200
    assert "inputs (5, 1): kernel (6,), twin (7,)" in found.first


def test_ends_of_the_tick_range() -> None:
    rows = [(MAX_TICK,), (-MAX_TICK,), (MAX_TICK + 1,), (-MAX_TICK - 1,), (0,)]
    answers = answers_of(tick_case, rows, 1)
    assert answers == [(sqrt_ratio_at_tick(MAX_TICK),), (sqrt_ratio_at_tick(-MAX_TICK),), None, None, (2**96,)]
    assert tick_twin(2**96) == 0


def test_the_same_sources_run_as_plain_python() -> None:
    """With the compiler off, kernels are the functions as written, on plain integers: the same answers."""
    arguments = [sys.executable, "-m", "tallyio.hot_path.check", "--samples", "200", "--json", "--only", "v3."]
    done = subprocess.run(
        arguments, capture_output=True, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, check=False, timeout=100
    )
    results = json.loads(done.stdout)
    assert done.returncode == 0, results
    assert {row["name"] for row in results} >= {"v3.amount0_delta", "v3.swap_step", "v3.price_to_tick"}
    assert all(row["compared"] == 200 and not row["mismatches"] for row in results)


def test_samples_below_one_are_refused() -> None:
    arguments = [sys.executable, "-m", "tallyio.hot_path.check", "--samples", "0"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 2
    assert "--samples was 0" in done.stderr


def test_words_are_packed_in_twos_complement() -> None:
    assert packed([(-1, 1)]).tolist() == [2**64 - 1] * 4 + [1, 0, 0, 0]
    assert packed([(-1, 1)]).dtype == np.uint64
