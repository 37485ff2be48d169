"""``tallyio devnet``: the local chain."""

import sys
from typing import Annotated

from cyclopts import Parameter

from tallyio.app.options import DEFAULT_DIRECTORY, DevnetOptions
from tallyio.cli.output import Json, LogLevel, emit, logs_to_stderr

Options = Annotated[DevnetOptions, Parameter(name="*")]
Directory = Annotated[str, Parameter(name="--dir", help="Where the devnet keeps its state and logs.")]
DEFAULTS = DevnetOptions()


def up(*, options: Options = DEFAULTS, json: Json = False) -> None:
    """Start the devnet in the background and print where it answers."""
    from tallyio.app.devnet import start

    emit(start(options), json)


def serve(*, options: Options = DEFAULTS, log_level: LogLevel = "info") -> None:
    """Run the devnet in the foreground until it is interrupted."""
    import asyncio

    from tallyio.app.devnet_service import serve as run_service

    logs_to_stderr(log_level)
    asyncio.run(run_service(options))


def status(*, directory: Directory = DEFAULT_DIRECTORY, json: Json = False) -> int:
    """Say whether the devnet runs and where it answers; exit code 3 when it does not."""
    from tallyio.app.devnet import status as read

    result = read(directory)
    emit(result, json)
    return 0 if result["running"] else 3


def down(*, directory: Directory = DEFAULT_DIRECTORY, json: Json = False) -> None:
    """Stop the devnet."""
    from tallyio.app.devnet import stop

    emit(stop(directory), json)


def config(out: str, *, directory: Directory = DEFAULT_DIRECTORY, json: Json = False) -> None:
    """Write a configuration directory, with a funded key, for the running devnet."""
    from tallyio.app.devnet import write_config

    emit(write_config(directory, out), json)


def install(*, json: Json = False) -> None:
    """Fetch anvil, the published contracts and their compilers, checked against their hashes."""
    from tallyio.app.devnet import install as fetch

    emit(fetch(lambda line: print(line, file=sys.stderr, flush=True)), json)
