"""Finds the suites, runs them one after the other, and judges what they yield."""

import os
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from importlib import import_module
from types import ModuleType

import msgspec
import numpy as np

from tallyio.app.bench import suites
from tallyio.app.bench.goals import GOALS
from tallyio.app.bench.result import Result, Setting, absent
from tallyio.app.bench.rows import Row, judge
from tallyio.app.bench.yardstick import WHAT, yardstick_ns
from tallyio.core.errors import OperatorError, TallyError
from tallyio.hot_path.compiled import DISABLED


class Run(msgspec.Struct, frozen=True):
    """``failed`` names the suites that ended with a fault of ours."""

    rows: list[Row]
    failed: list[str]


def run_suites(setting: Setting, begin: Callable[[str], None]) -> Run:
    """Every suite that has rows asked for; ``begin`` is told each suite's name before it starts.

    Raises ``OperatorError`` where nothing of that name can be measured, or Numba is switched off.
    """
    if DISABLED:
        raise OperatorError("NUMBA_DISABLE_JIT is set: there is no compiled kernel to measure", todo="Unset it")
    results: list[Result] = []
    failed: list[str] = []
    for module in pkgutil.iter_modules(suites.__path__):
        begin(module.name)
        suite = import_module(f"{suites.__name__}.{module.name}")
        names = tuple(getattr(suite, "ROWS", ())) or (f"suite.{module.name}",)
        if hasattr(suite, "ROWS") and not any(map(setting.wants, names)):
            continue
        told: str | None = None
        try:
            with _placed(suite, setting.core):
                for result in suite.run(setting):  # one by one: what came before a failure stays
                    results += [_beside_yardstick(result)] if setting.wants(result.name) else []
        except TallyError as e:
            told = str(e)
        except Exception as e:
            failed.append(module.name)
            told = f"failed: {type(e).__name__}: {e}"
        measured = {result.name for result in results}
        results += [absent(name, told) for name in names if told is not None and name not in measured]
    measured = {result.name for result in results}
    results += [absent(name, "no suite gave it") for name in GOALS if name not in measured and setting.wants(name)]
    _all_found(setting, [result.name for result in results])
    return Run([judge(result) for result in results], failed)


def _all_found(setting: Setting, names: list[str]) -> None:
    for pattern in setting.only:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise OperatorError(f"no row is called {pattern}", todo=f"Choose among {', '.join(GOALS)}")


@contextmanager
def _placed(suite: ModuleType, core: int | None) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    if core is not None and not getattr(suite, "PLACES_ITSELF", False):
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _beside_yardstick(result: Result) -> Result:
    if result.reference_ns is not None or not np.size(result.times_ns):
        return result
    return msgspec.structs.replace(result, reference=WHAT, reference_ns=yardstick_ns())
