"""``tallyio inspect``: what happened in a block."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from tallyio.cli.output import Json, emit, logs_to_stderr

if TYPE_CHECKING:
    from tallyio.inspection.inspection import Inspection
    from tallyio.inspection.labels import Comparison


def inspect(
    block: Annotated[str, Parameter(help="A block's file, or with --archive its number.")],
    *,
    archive: Annotated[str, Parameter(help="The archive's folder.")] = "",
    labels: Annotated[str, Parameter(help="Another tool's labels, to compare with.")] = "",
    json: Json = False,
) -> int:
    """Swaps, cyclic arbitrages, liquidations, backruns and sandwiches, each with taker, profit and payment."""
    from tallyio.app.inspect import as_object
    from tallyio.app.inspect import inspect as look

    logs_to_stderr("warning")
    found, comparison = look(block, Path(archive) if archive else None, Path(labels) if labels else None)
    if json:
        emit(as_object(found, comparison), True)
    else:
        _show(found, comparison)
    return 0


def _show(found: "Inspection", comparison: "Comparison | None") -> None:
    from rich.console import Console
    from rich.markup import escape

    from tallyio.cli.inspect_tables import tables

    console = Console()
    block = found.block
    swaps = [s for tx in block.transactions for s in tx.swaps]
    console.print(
        f"block {block.number}: {len(block.transactions)} transactions, {len(swaps)} swaps, "
        f"{len(found.arbitrages)} arbitrages, {len(found.liquidations)} liquidations, {len(found.backruns)} backruns, "
        f"{len(found.sandwiches)} sandwiches",
        highlight=False,
    )
    if not block.native_seen:
        console.print("transfers of the coin are not in this block's logs: direct payments are unknown")
    for table in tables(found):
        console.print(table)
    if comparison:
        for kind, count in comparison.labelled.items():
            console.print(f"{kind}: {comparison.matched[kind]} of {count} labels agree", highlight=False)
        for d in comparison.differences:
            values = f" (label {d.labelled or '-'}, found {d.found or '-'})" if d.labelled or d.found else ""
            line = f"{d.kind} {d.side} in {d.transaction[:10]}: {d.reason}{values}"
            console.print(escape(line), highlight=False, soft_wrap=True)
