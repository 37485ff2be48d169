"""``tallyio bench``: what the command does, apart from parsing and printing."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from tallyio.app.bench.goals import GOALS
from tallyio.app.bench.history import record
from tallyio.app.bench.machine import machine, versions
from tallyio.app.bench.options import BenchOptions
from tallyio.app.bench.result import Setting
from tallyio.app.bench.rows import Row, as_json
from tallyio.app.bench.runner import run_suites
from tallyio.app.bench.table import table
from tallyio.hot_path.cpu.layout import read_layout
from tallyio.hot_path.cpu.placement import CpuChoice, plan
from tallyio.hot_path.cpu.report import explain

PAGE = 150
"""Columns of a table that goes to a file or a pipe."""


def bench(options: BenchOptions, *, quiet: bool) -> dict[str, Any]:
    """Measure, show the table unless ``quiet``, record where asked. ``ok`` is whether every suite ended as it should
    and, with ``require_goals``, every goal that was measured is met."""
    layout = read_layout()
    planned = plan(layout, CpuChoice(core=options.core, insist=options.core >= 0))
    setting = Setting(options.seed, options.samples, planned.core, tuple(options.only), options.degenbot)
    console = Console(stderr=True)
    with console.status("compiling, measuring") as status:
        done = run_suites(setting, lambda name: status.update(f"measuring {name}"))
    rows = sorted(done.rows, key=_place)
    missed = [row.name for row in rows if row.met is False]
    result: dict[str, Any] = {
        "ok": not done.failed and not (options.require_goals and missed),
        "machine": machine(layout, planned.core),
        "versions": versions(),
        "seed": options.seed,
        "samples": options.samples,
        "rows": [as_json(row) for row in rows],
        "missed": missed,
        "unmeasured": [row.name for row in rows if not row.samples],
        "failed": done.failed,
    }
    if options.record:
        record(Path(options.history), result)
    if not quiet:
        _show(rows, result, explain(planned))
    return result


def _place(row: Row) -> tuple[int, str]:
    names = list(GOALS)
    return (names.index(row.name) if row.name in names else len(names), row.name)


def _show(rows: list[Row], result: dict[str, Any], placed: str) -> None:
    out = Console()
    if not out.is_terminal:
        out = Console(width=PAGE)
    out.print(table(rows))
    about = result["machine"]
    out.print(f"{about['cpu']}, {about['cores']} cores, load {about['load'][0]}; {placed}", soft_wrap=True)
    out.print(f"versions {json.dumps(result['versions'])}, seed {result['seed']}", soft_wrap=True, highlight=False)
    out.print(f"goals missed: {', '.join(result['missed']) or 'none'}", soft_wrap=True)
