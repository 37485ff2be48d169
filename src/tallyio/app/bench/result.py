"""What a benchmark suite is given and what it yields."""

from collections.abc import Callable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray


class Setting(msgspec.Struct, frozen=True):
    """How to measure. ``samples`` is the number of timings a row should rest on; ``core`` the one to be pinned to."""

    seed: int
    samples: int
    core: int | None


class Result(msgspec.Struct, frozen=True):
    """One row. ``times_ns`` are the single timings (or the times per operation of many short batches).

    ``reference`` says in words what was measured beside it in the same run, ``reference_ns`` its time per operation;
    the row's ratio is the reference's time divided by the row's median.
    """

    name: str
    times_ns: NDArray[np.float64]
    reference: str = ""
    reference_ns: float | None = None


Suite = Callable[[Setting], Iterator[Result]]
