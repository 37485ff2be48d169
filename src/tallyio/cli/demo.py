"""``tallyio demo``: the main job on an embedded chain."""

from typing import Annotated

from cyclopts import Parameter

from tallyio.app.options import DemoOptions
from tallyio.cli.output import Json, LogLevel, emit, logs_to_stderr

DEFAULTS = DemoOptions()


def demo(
    *,
    options: Annotated[DemoOptions, Parameter(name="*")] = DEFAULTS,
    log_level: LogLevel = "warning",
    json: Json = False,
) -> None:
    """Start the embedded chain, run the searcher against it, and end with a tally."""
    import asyncio

    from tallyio.app.demo import run_demo

    logs_to_stderr(log_level)
    result = asyncio.run(run_demo(options, quiet=json))
    if json:
        emit(result, json)
