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
    token_in: Annotated[str, Parameter(help="Show the best routes from this token instead of cycles.")] = "",
    token_out: Annotated[str, Parameter(help="Where the routes lead.")] = "",
    amount: Annotated[int, Parameter(help="How much of token_in, in its smallest units.")] = 0,
    hops: Annotated[int, Parameter(help="The most swaps of a route.")] = 3,
    blocks: Annotated[int, Parameter(help="Slippage is told for so many blocks ahead.")] = 1,
    json: Json = False,
) -> int:
    """Find every cycle that pays on the chain's newest block, sized exactly, with what would become of it.

    With --token-in, --token-out and --amount: the best routes from one to the other, and the best split.
    """
    import asyncio

    logs_to_stderr("warning")
    if token_in or token_out:
        from tallyio.app.routes import routes

        found = asyncio.run(routes(Path(config), token_in, token_out, amount, hops=hops, blocks=blocks, keep=limit))
        if json:
            emit(found, True)
        else:
            _show_routes(found)
        return 0

    from tallyio.app.scan import scan as look

    result = asyncio.run(look(Path(config)))
    if json:
        emit(result, True)
    else:
        _show(result, limit)
    return 0


def _show_routes(result: dict[str, Any]) -> None:
    found = result["routes"]
    known = "" if result["proved"] else "; not every route was looked at"
    sys.stdout.write(f"block {result['block']}: {len(found)} best routes for {result['amount_in']}{known}\n")
    for each in found:
        sys.stdout.write(_route(each))
    if len(parts := result["split"]["parts"]) > 1:
        sys.stdout.write(f"split over {len(parts)} routes: out {result['split']['amount_out']}\n")
        for each in parts:
            sys.stdout.write(_route(each))


def _route(each: dict[str, Any]) -> str:
    path = " > ".join(token[:8] for token in each["tokens"])
    return (
        f"  {path}  in {each['amount_in']}  out {each['amount_out']}  impact {each['impact']:.3%}  "
        f"sign at least {each['minimum_out']} (worst {each['worst']:.3%})\n"
    )


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
    if joint := result["joint"]:
        sys.stdout.write(
            f"  together {joint['profit_wei']} wei in {len(joint['trades'])} trades, {joint['gain_wei']} more than the "
            f"best alone; no more than {joint['bound_wei']}\n"
        )
    for kind, why in (("limited", "left out by the limits in [cycles]"), ("longer", "longer than max_hops")):
        if missed := result["beyond"][kind]:
            worth = sum(max(0, each["net_wei"]) for each in missed)
            sys.stdout.write(f"  {len(missed)} more that pay are {why}: {worth} wei net at most, one by one\n")
    if len(found) > limit:
        sys.stdout.write(f"  and {len(found) - limit} more: --limit, or --json for all\n")
