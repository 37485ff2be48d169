"""``tallyio exposure``: what a sandwicher could take from a swap, and the limit that stops it."""

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tallyio.cli.output import ConfigPath, Json, emit, logs_to_stderr


def exposure(
    transaction: Annotated[str, Parameter(help="The signed bytes in hex, or the hash of a pending one.")],
    *,
    config: ConfigPath,
    json: Json = False,
) -> int:
    """Measure, on a local chain, what a sandwich of a pending swap would take."""
    import asyncio

    from tallyio.app.exposure import exposure as measure

    logs_to_stderr("warning")
    result = asyncio.run(measure(Path(config), transaction))
    if json:
        emit(result, True)
        return 0
    sys.stdout.write(f"transaction {result['transaction']} on block {result['block']}\n")
    if not result["swaps"]:
        sys.stdout.write("  no swap of a known router: nothing to sandwich that we know of\n")
    for swap in result["swaps"]:
        sys.stdout.write(_line(swap))
    return 0


def _line(swap: dict[str, Any]) -> str:
    moved, limit = ("pays", "at most") if swap["exact_out"] else ("gets", "at least")
    signed = f"  {moved} {swap['quoted']} alone, signed {limit} {swap['limit']}\n"
    behind = "  behind a copy of itself it reverts\n"
    if swap["behind_copy"] is not None:
        behind = f"  {moved} {swap['behind_copy']} behind a copy of itself\n"
    signed += behind
    if not swap["exposed"]:
        return f"{signed}  safe: the best sandwich takes {swap['worth_wei']} wei and pays {swap['gas_wei']} for gas\n"
    return (
        f"{signed}  open: {swap['front_in']} of {swap['token']} before it in {swap['pool']} takes {swap['taken']}, "
        f"{swap['worth_wei']} wei against {swap['gas_wei']} of gas, and leaves {swap['left']}\n"
        f"  sign {limit} {swap['stopping_limit']} to stop it\n"
    )
