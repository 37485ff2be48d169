"""``tallyio report``: what was done, and what was missed."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tallyio.cli.output import ConfigPath, Json, emit, logs_to_stderr


def report(
    *,
    config: ConfigPath,
    missed: Annotated[
        bool, Parameter(negative="", help="Search every block exhaustively and name what was not taken, and why.")
    ] = False,
    html: Annotated[str, Parameter(help="Write the HTML page here.")] = "",
    json: Json = False,
) -> None:
    """The tally of a searcher's journal; with --missed beside what an exhaustive search finds."""
    import asyncio

    from tallyio.app.report import make_report

    logs_to_stderr("warning")
    emit(asyncio.run(make_report(Path(config), missed=missed, html=Path(html) if html else None)), json)
