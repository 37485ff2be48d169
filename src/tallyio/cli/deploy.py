"""``tallyio deploy`` and ``withdraw``: the executor contract."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tallyio.cli.output import ConfigPath, Json, emit, logs_to_stderr

Live = Annotated[bool, Parameter(negative="", help="Send. Needs mode = 'live' in tallyio.toml as well.")]


Operator = Annotated[str, Parameter(help="May run routes beside the wallet, and nothing else.")]


def deploy(*, config: ConfigPath, operator: Operator = "", live: Live = False, json: Json = False) -> None:
    """Put the executor contract on the configured chain and record its address."""
    import asyncio

    from tallyio.app.deploy import deploy_executor

    logs_to_stderr()
    emit(asyncio.run(deploy_executor(Path(config), live=live, operator=operator)), json)


def withdraw(
    *,
    config: ConfigPath,
    live: Live = False,
    json: Json = False,
) -> None:
    """Return everything the executor holds to the owner (the contract's emergency exit)."""
    import asyncio

    from tallyio.app.deploy import withdraw_all

    logs_to_stderr()
    emit(asyncio.run(withdraw_all(Path(config), live=live)), json)
