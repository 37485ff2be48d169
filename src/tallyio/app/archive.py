"""Verifying an archive, block after block."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tallyio.archive.records import ArchiveError
from tallyio.archive.store import blocks_in, read_block
from tallyio.simulation.verification import Verified
from tallyio.simulation.verification import verify as verify_block


def verify(folder: Path, show: Callable[[str], Any] | None = None) -> dict[str, Any]:
    """Every block of ``folder``; ``equal`` is false when one differs from its header or cannot be read.

    ``show`` is given a line a block as it is done.
    """
    blocks, equal = [], True
    for path in blocks_in(folder):
        try:
            found = verify_block(read_block(path))
            row = msgspec.structs.asdict(found)
            line = _line(found)
        except ArchiveError as error:
            row = {"number": None, "file": path.name, "executed": False, "difference": str(error)}
            line = str(error)
        equal = equal and not row["difference"]
        blocks.append(row)
        if show is not None:
            show(line + "\n")
    return {"archive": str(folder), "equal": equal, "blocks": blocks}


def _line(found: Verified) -> str:
    if found.difference:
        return f"{found.number}  DIFFERS  {found.difference}"
    if not found.executed:
        return f"{found.number}  not executed: it has traces and receipts alone"
    return f"{found.number}  equal  {found.fork}, {found.transactions} transactions, {found.gas_used} gas"
