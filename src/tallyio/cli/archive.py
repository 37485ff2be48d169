"""``tallyio archive``: real blocks on disk with all that their execution needs."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tallyio.cli.output import Json, emit

Folder = Annotated[Path, Parameter(name="--out", help="Folder of the archive; made where it is missing.")]


def import_(files: Annotated[list[Path], Parameter(negative="")], /, *, out: Folder, json: Json = False) -> None:
    """Read blocks from FILES (or all of a folder) into the archive: with pre-state, or with traces and receipts."""
    from tallyio.archive.importing import import_files
    from tallyio.cli.progress import bar

    with bar("import") as tell:
        result = import_files(files, out, tell)
    emit({"blocks": list(result.blocks), "passed_over": list(result.passed_over), "archive": str(out)}, json)


def fetch(
    *,
    rpc: Annotated[str, Parameter(help="URL of a node with debug_traceBlockByNumber and the prestate tracer.")],
    blocks: Annotated[str, Parameter(help="A..B, both included, or one number.")],
    out: Folder,
    rules: Annotated[str, Parameter(help="The blocks' fork, for a chain other than Ethereum.")] = "",
    json: Json = False,
) -> None:
    """Build an archive from a node. Blocks that are there whole are kept: run it again to resume."""
    from tallyio.archive.fetching import fetch_blocks, parse_range
    from tallyio.cli.progress import bar

    first, last = parse_range(blocks)
    with bar("fetch") as tell:
        result = fetch_blocks(rpc, first, last, out, rules, tell)
    emit({"fetched": list(result.fetched), "kept": list(result.kept), "archive": str(out)}, json)


def verify(folder: Path, /, *, json: Json = False) -> int:
    """Execute every block of FOLDER (or one file) and hold gas, receipts and logs against its header."""
    from tallyio.app.archive import verify as run

    found = run(folder, None if json else sys.stdout.write)
    if json:
        emit(found, True)
    return 0 if found["equal"] else 1
