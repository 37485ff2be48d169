"""What a benchmark suite is given and what it yields.

A suite is a module of ``app/bench/suites`` with ``run(setting) -> Iterator[Result]`` and, where it likes,
``ROWS: tuple[str, ...]``, the names of its rows, so that it is left alone when none is asked for, and
``PLACES_ITSELF = True``, where it binds its own threads and processes; else it runs bound to the setting's core.
"""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

import msgspec
import numpy as np
from numpy.typing import NDArray


class Setting(msgspec.Struct, frozen=True):
    """How to measure. ``samples`` is the number of timings a row should rest on; ``core`` the one to be pinned to.

    ``only`` holds the rows asked for, as shell patterns, or nothing for all; ``degenbot`` the folder of the virtual
    environment that holds it.
    """

    seed: int
    samples: int
    core: int | None
    only: tuple[str, ...] = ()
    degenbot: str = ""

    def wants(self, name: str) -> bool:
        """Whether the row is asked for: a suite may leave out the work for one that is not."""
        return not self.only or any(fnmatchcase(name, pattern) for pattern in self.only)


class Result(msgspec.Struct, frozen=True):
    """One row. ``times_ns`` are the single timings (or the times per operation of many short batches).

    ``reference`` says in words what was measured beside it in the same run, ``reference_ns`` its time per operation;
    the row's ratio is the reference's time divided by the row's median. ``counted`` is for a row that counts and has
    no times; ``note`` says what else is to be known of the row.
    """

    name: str
    times_ns: NDArray[np.float64]
    reference: str = ""
    reference_ns: float | None = None
    counted: int | None = None
    note: str = ""


def absent(name: str, why: str) -> Result:
    """The row of what cannot be measured here."""
    return Result(name, np.empty(0), note=why)


Suite = Callable[[Setting], Iterator[Result]]
