"""``tallyio ledger``: money."""

from pathlib import Path

from tallyio.cli.output import ConfigPath, Json, emit, logs_to_stderr


def verify(*, config: ConfigPath, json: Json = False) -> int:
    """Prove the ledger from the chain alone; exit code 1 when a wei differs."""
    import asyncio

    from tallyio.app.ledger import verify as prove

    logs_to_stderr("warning")
    result = asyncio.run(prove(Path(config)))
    emit(result, json)
    return 0 if result["difference_wei"] == 0 else 1


def balances(*, config: ConfigPath, json: Json = False) -> None:
    """Balances of every account, per token, in its smallest unit."""
    from tallyio.app.ledger import balances as read

    emit(read(Path(config)), json)
