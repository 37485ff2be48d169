"""``tallyio prices``: a running searcher's pools."""

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from tallyio.cli.output import ConfigPath, Json, logs_to_stderr


def prices(
    *,
    config: ConfigPath,
    pool: Annotated[str, Parameter(help="Only the pool at this address.")] = "",
    watch: Annotated[bool, Parameter(negative="", help="Again after each block, until interrupted.")] = False,
    json: Json = False,
) -> int:
    """Show the newest state and price of every pool that a running searcher follows, without holding it up.

    Prices are in smallest units, without the fee. With --watch, --json writes one object a line for each block.
    """
    from tallyio.app import prices as app

    logs_to_stderr("warning")
    found = app.watch(Path(config), pool) if watch else iter((app.prices(Path(config), pool),))
    for result in found:
        if json:
            sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
        else:
            _show(result)
        sys.stdout.flush()
    return 0


def _show(result: dict[str, Any]) -> None:
    sys.stdout.write(f"block {result['block']} {result['hash']}: {len(result['pools'])} pools\n")
    for each in result["pools"]:
        if each["state"] is None:
            told = "no state yet"
        else:
            amounts = "  ".join(f"{name} {value}" for name, value in each["state"].items())
            told = f"{_number(each['token1_per_token0'])}  {_number(each['token0_per_token1'])}  {amounts}"
            told += f"  {each['age_blocks']} blocks old"
        pair = f"{each['token0'][:8]}/{each['token1'][:8]}"
        sys.stdout.write(f"  {each['pool']}  {each['protocol']:<14} {pair}  {told}\n")
    if result["left_out"]:
        sys.stdout.write(f"  {result['left_out']} pools have no room in shared memory: hot_path.shared_pools\n")


def _number(price: float | None) -> str:
    return f"{price:.8g}" if price is not None else "no price"
