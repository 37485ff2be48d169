"""``start.warm``: from the start of a process until every kernel is ready, its cache being full."""

import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np

from tallyio.app.bench.result import Result, Setting
from tallyio.core.errors import OperatorError

ROWS = ("start.warm",)
PLACES_ITSELF = True
MOST = 7
"""A start takes the better part of a second: no row needs thousands of them."""
READY = "from tallyio.hot_path import warm\nfor part in warm.parts(): warm.warm(part)"
EMPTY = "import numba"


def run(setting: Setting) -> Iterator[Result]:
    _start(READY)  # fills the cache
    rounds = max(1, min(setting.samples, MOST))
    times = [(_start(READY), _start(EMPTY)) for _ in range(rounds)]
    ready, empty = np.array(times).T
    yield Result("start.warm", ready, "a process that imports Numba alone", float(np.median(empty)))


def _start(code: str) -> int:
    begin = time.perf_counter_ns()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    span = time.perf_counter_ns() - begin
    if done.returncode:
        raise OperatorError(f"a process that makes the kernels ready failed: {done.stderr.strip()[-300:]}")
    return span
