"""``tallyio doctor``: preflight."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tallyio.cli.output import ConfigPath, Json, emit, logs_to_stderr


def doctor(
    *,
    config: ConfigPath,
    verify: Annotated[
        bool, Parameter(negative="", help="Compare every mirrored pool and position with the chain at one block.")
    ] = False,
    json: Json = False,
) -> int:
    """Check settings, chain id, contracts, wallet and data folder; exit code 1 when something is wrong."""
    import asyncio

    from tallyio.app.doctor import examine

    logs_to_stderr("warning")
    result = asyncio.run(examine(Path(config), verify=verify))
    emit(result, json)
    return 0 if result["ok"] else 1
