"""``tallyio scan``: one look at a chain."""

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tallyio.cli.output import ConfigPath, Json, emit, logs_to_stderr


def scan(
    *,
    config: ConfigPath,
    limit: Annotated[int, Parameter(help="How many to show, the best first; --json has all.")] = 20,
    json: Json = False,
) -> int:
    """Find every cycle that pays on the chain's newest block, sized exactly, with what would become of it."""
    import asyncio

    from tallyio.app.scan import scan as look

    logs_to_stderr("warning")
    result = asyncio.run(look(Path(config)))
    if json:
        emit(result, True)
    else:
        _show(result, limit)
    return 0


def _show(result: dict[str, Any], limit: int) -> None:
    found = result["opportunities"]
    sys.stdout.write(
        f"block {result['block']}: {len(found)} of {result['cycles']} cycles over {result['pools']} pools pay\n"
    )
    if left := {name: count for name, count in result["left_out"].items() if count}:
        told = ", ".join(f"{name} {count}" for name, count in left.items())
        sys.stdout.write(f"  left out by the limits in [cycles]: {told}\n")
    for each in found[:limit]:
        path = " > ".join(token[:8] for token in (*each["tokens"], each["tokens"][0]))
        sys.stdout.write(
            f"  {path}  in {each['amount_in']}  profit {each['profit']}  net {each['net_wei']} wei  {each['verdict']}\n"
        )
    if len(found) > limit:
        sys.stdout.write(f"  and {len(found) - limit} more: --limit, or --json for all\n")
