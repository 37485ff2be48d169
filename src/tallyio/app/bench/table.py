"""The rows as a table for people."""

from rich.table import Table

from tallyio.app.bench.goals import nanoseconds, times
from tallyio.app.bench.rows import Row


def table(rows: list[Row]) -> Table:
    """One line a row; a row that could not be measured says why where the times would stand."""
    made = Table(title="What the hot path takes", title_justify="left", header_style="bold", pad_edge=False)
    made.add_column("row", no_wrap=True)
    for heading in ("p50", "p99"):
        made.add_column(heading, justify="right", no_wrap=True)
    made.add_column("goal")
    made.add_column("met")
    made.add_column("reference")
    made.add_column("ratio", justify="right", no_wrap=True)
    made.add_column("samples", justify="right", no_wrap=True)
    for row in rows:
        ratio = f"{times(row.ratio)} ×" if row.ratio is not None else ""
        beside = "; ".join(filter(None, (row.reference, row.note)))
        made.add_row(
            row.name, _median(row), _time(row.p99_ns), row.goal, MARKS[row.met], beside, ratio, f"{row.samples:,}"
        )
    return made


MARKS = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}


def _time(value: float | None) -> str:
    return "" if value is None else nanoseconds(value)


def _median(row: Row) -> str:
    return str(row.counted) if row.counted is not None else _time(row.p50_ns)
