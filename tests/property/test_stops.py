"""Quotes over the stop table, and the table as positions change, beside plain Python."""

import os
import subprocess
import sys

import pytest

from tallyio.hot_path.check.comparison import Comparison
from tallyio.hot_path.check.stops import COMPARISONS


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda each: str(each.name))
def test_stops_are_their_twin(comparison: Comparison) -> None:
    found = comparison.run(4000, 3)
    assert found.compared >= 4000
    assert found.mismatches == 0, found.first


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda each: str(each.name))
def test_stops_are_their_twin_a_million_times(comparison: Comparison) -> None:
    assert comparison.run(1_000_000, 4).mismatches == 0


def test_the_same_sources_run_as_plain_python() -> None:
    arguments = [sys.executable, "-m", "tallyio.hot_path.check", "--samples", "150", "--only", "stops."]
    done = subprocess.run(
        arguments, capture_output=True, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout
