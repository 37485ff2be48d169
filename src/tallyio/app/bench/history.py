"""The figures kept from run to run: ``history.json``, and ``history.md`` made from it.

Times of two machines do not compare, and neither do two days of one; what does is a row's ratio to the reference
measured beside it. A regression is a ratio well below that of the last entry of the same machine.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from tallyio.app.bench.goals import nanoseconds, times
from tallyio.core.errors import OperatorError
from tallyio.core.files import write_whole

FALL = 0.20
MACHINE_KEYS = ("cpu", "architecture", "cores", "virtual")
"""What makes a machine the same model as another."""


class Kept(msgspec.Struct, frozen=True):
    """One row of an entry."""

    p50_ns: float | None
    p99_ns: float | None
    ratio: float | None
    reference: str
    met: bool | None
    samples: int
    counted: int | None = None


class Entry(msgspec.Struct, frozen=True):
    """One recorded run; ``date`` is the day in UTC."""

    date: str
    machine: dict[str, Any]
    versions: dict[str, str]
    seed: int
    samples: int
    rows: dict[str, Kept]


class Regression(msgspec.Struct, frozen=True):
    """A row whose ratio fell from ``before`` to ``now``."""

    name: str
    before: float
    now: float

    def __str__(self) -> str:
        return f"{self.name}: ratio {self.before:.3g} before, {self.now:.3g} now ({self.now / self.before - 1:+.0%})"


def entry_of(run: dict[str, Any]) -> Entry:
    """The entry of a run as ``tallyio bench --json`` prints it; rows without a measure are left out."""
    rows = {row["name"]: msgspec.convert(row, Kept) for row in run["rows"] if row["samples"]}
    today = datetime.now(UTC).date().isoformat()
    return Entry(today, run["machine"], run["versions"], run["seed"], run["samples"], rows)


def read(path: Path) -> list[Entry]:
    """All entries, oldest first; none where the file is not there yet."""
    if not path.exists():
        return []
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Entry])
    except msgspec.DecodeError as e:
        raise OperatorError(f"{path}: {e}", todo="Take the file of the last commit") from e


def record(path: Path, run: dict[str, Any]) -> None:
    """Append the run and write the table beside it anew.

    Raises ``OperatorError`` where the folder is not there or the run measured nothing.
    """
    if not path.parent.is_dir():
        raise OperatorError(
            f"there is no folder {path.parent}", todo="Run in the project's folder, or name the file with --history"
        )
    entry = entry_of(run)
    if not entry.rows:
        raise OperatorError("nothing was measured, so there is nothing to record", todo="Look at the rows' notes")
    entries = [*read(path), entry]
    write_whole(path, msgspec.json.format(msgspec.json.encode(entries), indent=1) + b"\n")
    write_whole(path.with_suffix(".md"), as_markdown(entries).encode())


def last_like(entries: list[Entry], machine: dict[str, Any]) -> Entry | None:
    """The newest entry of the same model of machine."""
    same = [e for e in entries if all(e.machine.get(k) == machine.get(k) for k in MACHINE_KEYS)]
    return same[-1] if same else None


def regressions(before: Entry, now: Entry, fall: float = FALL) -> list[Regression]:
    """The rows of both with the same reference whose ratio fell by more than ``fall`` of what it was."""
    found = []
    for name, kept in before.rows.items():
        row = now.rows.get(name)
        if row is None or row.ratio is None or kept.ratio is None or row.reference != kept.reference:
            continue
        if row.ratio < kept.ratio * (1 - fall):
            found.append(Regression(name, kept.ratio, row.ratio))
    return found


def as_markdown(entries: list[Entry]) -> str:
    """One table a run, newest first."""
    lines = ["# What the hot path took", "", "Written by `tallyio bench --record`; the ratio is the reference's time"]
    lines += ["over the median, both measured in the same run.", ""]
    for entry in reversed(entries):
        lines += [f"## {entry.date}", "", _described(entry), ""]
        lines += ["| row | p50 | p99 | goal met | reference | ratio | samples |", "|---|---:|---:|---|---|---:|---:|"]
        for name, row in entry.rows.items():
            p50 = str(row.counted) if row.counted is not None else _time(row.p50_ns)
            met = {True: "yes", False: "no", None: ""}[row.met]
            ratio = times(row.ratio) if row.ratio is not None else ""
            cells = (f"`{name}`", p50, _time(row.p99_ns), met, row.reference, ratio, f"{row.samples:,}")
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _described(entry: Entry) -> str:
    machine = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in entry.machine.items())
    packages = ", ".join(f"{name} {number}" for name, number in entry.versions.items())
    return f"{machine}. Versions: {packages}. Seed {entry.seed}."


def _time(value: float | None) -> str:
    return "" if value is None else nanoseconds(value)
