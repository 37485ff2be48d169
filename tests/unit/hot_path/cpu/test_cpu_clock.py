"""The processor's clock against the system's."""

import os
import subprocess
import sys
import time

import numpy as np
from numpy.typing import NDArray

from tallyio.hot_path.compiled import kernel
from tallyio.hot_path.cpu.clock import ns_per_tick, overhead_ticks, ticks


@kernel
def _spans(out: NDArray[np.uint64]) -> int:
    begin = ticks()
    for i in range(len(out)):
        start = ticks()
        out[i] = ticks() - start
    return ticks() - begin


def test_a_kernel_reads_the_clock_and_never_sees_it_go_back() -> None:
    out = np.zeros(10_000, np.uint64)
    whole = _spans(out)
    assert int(out.sum()) <= whole
    assert int(out.max()) <= whole, "a clock that went back would show as an enormous span"
    assert 0 <= overhead_ticks() <= whole


def test_a_sleep_takes_as_long_on_both_clocks() -> None:
    """The span on the one clock lies inside a span of the other, taken around it, up to the calibration's error."""
    scale = ns_per_tick()
    outer = time.perf_counter_ns()
    start = ticks()
    inner = time.perf_counter_ns()
    time.sleep(0.05)
    inner = time.perf_counter_ns() - inner
    span = (ticks() - start) * scale
    outer = time.perf_counter_ns() - outer
    assert inner * 0.99 < span < outer * 1.01


def test_as_plain_python_a_tick_is_a_nanosecond() -> None:
    code = (
        "from tallyio.hot_path.cpu.clock import ns_per_tick, overhead_ticks, ticks\n"
        "a = ticks(); assert ticks() >= a; assert ns_per_tick() == 1.0; assert overhead_ticks() >= 0"
    )
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
