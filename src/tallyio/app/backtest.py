"""A backtest from archives to pages: inputs, replay on all cores, evaluation, tables, page."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tallyio.backtest.study.evaluation import evaluate
from tallyio.backtest.study.folder import RunFolder
from tallyio.backtest.study.identity import identify
from tallyio.backtest.study.inputs import find_inputs
from tallyio.backtest.study.page import page
from tallyio.backtest.study.pool import replay_all
from tallyio.backtest.study.settings import BacktestFile, BacktestSettings
from tallyio.backtest.study.summary import summary
from tallyio.backtest.study.tables import output_hash, rows_of, write
from tallyio.config.loader import load
from tallyio.core.errors import BugError, OperatorError
from tallyio.core.files import write_whole

RESULT = "result.json"
PAGE = "backtest.html"

Tell = Callable[[str, int, int], None]


def backtest(
    folders: Sequence[Path], out: Path, config: Path | None, jobs: int, *, resume: bool, tell: Tell
) -> dict[str, Any]:
    """The result, which is also in ``out`` (``result.json`` last). ``jobs`` processes; 0 takes every processor.

    Raises ``ConfigError`` for the settings, ``OperatorError`` for what was named wrong, ``ArchiveError`` for a file
    that is cut off or corrupt and ``OSError`` of the disk; what was done by then is kept for ``resume``.
    """
    if jobs < 0:
        raise OperatorError(f"--jobs: found {jobs}, expected at least 0", todo="0 takes every processor")
    settings = load(config, BacktestFile).backtest if config else BacktestSettings()
    inputs = find_inputs(folders, tell)
    identity = identify(inputs, settings)
    folder = RunFolder(out, identity)
    folder.begin(resume=resume)
    _warm(tell)
    replay_all(folder, inputs, settings, jobs or processors(), tell)
    results = [folder.load(one) for one in inputs]
    whole = [each for each in results if each is not None]
    if len(whole) < len(inputs):
        raise BugError(f"{out} lacks the results of {len(inputs) - len(whole)} blocks that were replayed")
    study = evaluate(whole, settings)
    rows = rows_of(study)
    found = summary(study, settings, identity, output_hash(rows))
    names = write(rows, out)
    write_whole(out / PAGE, page(study, found).encode())
    write_whole(out / RESULT, msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return {**found, "files": [str(out / name) for name in (*names, PAGE, RESULT)]}


def processors() -> int:
    """Those that this process may run on."""
    import os

    return len(os.sched_getaffinity(0))


def _warm(tell: Tell) -> None:
    """Kernels are compiled once here, not in every process at once."""
    from tallyio.hot_path import warm

    names = warm.parts()
    for done, name in enumerate(names):
        tell(f"kernels {name}", done, len(names))
        warm.warm(name)
