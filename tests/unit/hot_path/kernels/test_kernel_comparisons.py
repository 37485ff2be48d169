"""Every arithmetic kernel against its twin; and that a comparison finds a kernel that is wrong."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tallyio.hot_path.amm.tick_math import MAX_TICK, sqrt_ratio_at_tick, tick_at_sqrt_ratio
from tallyio.hot_path.check.arithmetic import COMPARISONS
from tallyio.hot_path.check.arithmetic_cases import add_checked
from tallyio.hot_path.check.arithmetic_cases import sqrt_ratio_at_tick as tick_case
from tallyio.hot_path.check.comparison import Comparison
from tallyio.hot_path.check.loops import answers_of, comparison, loop_of

SAMPLES = 20_000
MANY = 1_000_000


@pytest.mark.parametrize("chosen", COMPARISONS, ids=lambda c: str(c.name))
def test_a_kernel_equals_its_twin(chosen: Comparison) -> None:
    found = chosen.run(SAMPLES, 1)
    assert found.compared == SAMPLES
    assert found.mismatches == 0, found.first


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("chosen", COMPARISONS, ids=lambda c: str(c.name))
def test_a_kernel_equals_its_twin_a_million_times(chosen: Comparison) -> None:
    assert chosen.run(MANY, 2).mismatches == 0


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_every_tick_there_is() -> None:
    """All prices of ticks, and the tick at each such price and one unit below it."""
    price_case = next(c for c in COMPARISONS if c.name == "v3.price_to_tick")
    assert price_case.run(1000, 3).mismatches == 0
    loop = loop_of(tick_case)
    for start in range(-MAX_TICK, MAX_TICK + 1, 50_000):
        rows = [(tick,) for tick in range(start, min(start + 50_000, MAX_TICK + 1))]
        expected = [(sqrt_ratio_at_tick.__wrapped__(tick),) for (tick,) in rows]
        assert answers_of(loop, rows, 1) == expected


def test_a_wrong_twin_is_found_and_shown() -> None:
    wrong = comparison("wrong", add_checked, lambda a, b: a + b + (a == 5), lambda random: (random.randrange(10), 1))
    found = wrong.run(1000, 1)
    assert 50 < found.mismatches < 200
    assert "inputs (5, 1): kernel (6,), twin (7,)" in found.first


def test_ends_of_the_tick_range() -> None:
    rows = [(MAX_TICK,), (-MAX_TICK,), (MAX_TICK + 1,), (-MAX_TICK - 1,), (0,)]
    answers = answers_of(loop_of(tick_case), rows, 1)
    assert answers == [(sqrt_ratio_at_tick(MAX_TICK),), (sqrt_ratio_at_tick(-MAX_TICK),), None, None, (2**96,)]
    assert tick_at_sqrt_ratio(2**96) == 0


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
    from tallyio.hot_path.check.loops import packed

    assert packed([(-1, 1)]).tolist() == [2**64 - 1] * 4 + [1, 0, 0, 0]
    assert packed([(-1, 1)]).dtype == np.uint64
