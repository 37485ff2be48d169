"""``tallyio run``, ``kill`` and ``resume``."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from tallyio.cli.output import ConfigPath, Json, LogLevel, emit, logs_to_stderr


def run(
    *,
    config: ConfigPath,
    live: Annotated[bool, Parameter(negative="", help="Send. Needs mode = 'live' in tallyio.toml as well.")] = False,
    blocks: Annotated[
        int, Parameter(validator=Number(gte=0), help="Stop after so many blocks; 0 runs until stopped.")
    ] = 0,
    headless: Annotated[bool, Parameter(negative="", help="No live view.")] = False,
    deploy: Annotated[bool, Parameter(negative="", help="Deploy the executor first where none is recorded.")] = False,
    log_level: LogLevel = "info",
    json: Json = False,
) -> None:
    """Run the searcher on the configured chain. Nothing is sent unless config and command both say live."""
    import asyncio

    from tallyio.app.run import run_searcher

    logs_to_stderr(log_level)
    quiet = headless or json
    emit(asyncio.run(run_searcher(Path(config), live=live, blocks=blocks, headless=quiet, deploy=deploy)), json)


def kill(*, config: ConfigPath, reason: str = "operator", json: Json = False) -> None:
    """Stop a running searcher within a second. It stays stopped until `tallyio resume`."""
    from tallyio.app.control import kill as stop

    emit(stop(Path(config), reason), json)


def resume(*, config: ConfigPath, json: Json = False) -> None:
    """Lift a stop and close the breaker, so that the searcher may start again."""
    from tallyio.app.control import resume as lift

    emit(lift(Path(config)), json)
