"""A backtest from archives to pages: inputs, replay on all cores, evaluation, tables, page."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tallyio.archive.opening import archives
from tallyio.backtest.exchanges import exchanges_of, read_exchanges
from tallyio.backtest.study.evaluation import evaluate
from tallyio.backtest.study.folder import RunFolder
from tallyio.backtest.study.identity import identify
from tallyio.backtest.study.inputs import find_inputs
from tallyio.backtest.study.page import page
from tallyio.backtest.study.pool import Work, replay_all
from tallyio.backtest.study.settings import BacktestFile, BacktestSettings
from tallyio.backtest.study.summary import summary
from tallyio.backtest.study.tables import output_hash, rows_of, write
from tallyio.config.loader import load
from tallyio.core.errors import BugError, OperatorError
from tallyio.core.files import write_whole
from tallyio.strategies.detection import prepare

RESULT = "result.json"
PAGE = "backtest.html"

Tell = Callable[[str, int, int], None]


def backtest(
    paths: Sequence[Path],
    out: Path,
    *,
    config: Path | None = None,
    exchanges: Path | None = None,
    jobs: int = 0,
    resume: bool = False,
    tell: Tell = lambda name, done, total: None,
) -> dict[str, Any]:
    """The result, which is also in ``out`` (``result.json`` last). ``paths`` are archives, folders of them, or JSON
    files of blocks; ``config`` a file with a ``[backtest]`` table, ``exchanges`` one of exchanges in place of those
    that come with TallyIO. ``jobs`` processes; 0 takes every processor.

    Raises ``ConfigError`` for the settings, ``OperatorError`` for what was named wrong, ``ArchiveError`` for a file
    that is cut off or corrupt and ``OSError`` of the disk; what was done by then is kept for ``resume``.
    """
    if jobs < 0:
        raise OperatorError(f"--jobs: found {jobs}, expected at least 0", todo="0 takes every processor")
    settings = load(config, BacktestFile).backtest if config else BacktestSettings()
    with archives(paths, tell) as files:
        inputs = find_inputs(files, tell)
        known = read_exchanges(exchanges) if exchanges else exchanges_of(inputs[0].chain_id)
        if known.chain_id != inputs[0].chain_id:
            raise OperatorError(
                f"{exchanges} is of chain {known.chain_id}, the archives are of chain {inputs[0].chain_id}",
                todo="Name the exchanges of that chain",
            )
        identity = identify(inputs, settings, known)
        folder = RunFolder(out, identity)
        folder.begin(resume=resume)
        tell("kernels", 0, len(inputs))
        prepare()
        replay_all(Work(folder, settings, known), inputs, jobs or processors(), tell)
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
    return len(os.sched_getaffinity(0))
