"""What happened in a block, from a file of it or from an archive."""

from pathlib import Path
from typing import Any

import msgspec

from tallyio.core.errors import OperatorError
from tallyio.inspection.activity import BlockActivity
from tallyio.inspection.inspection import Inspection
from tallyio.inspection.inspection import inspect as analyse
from tallyio.inspection.label_files import read_labels
from tallyio.inspection.labels import Comparison, compare
from tallyio.inspection.sources.files import read_block


def inspect(block: str, archive: Path | None, labels: Path | None) -> tuple[Inspection, Comparison | None]:
    """Everything found in ``block`` (a file's path, or a number within ``archive``), beside ``labels`` where given.

    Raises ``OperatorError`` where the block or the labels cannot be read.
    """
    found = analyse(_archived(archive, block) if archive else read_block(Path(block)))
    return found, compare(found, read_labels(labels, found.block.number)) if labels else None


def _archived(archive: Path, block: str) -> BlockActivity:
    from tallyio.archive.records import ArchiveError
    from tallyio.archive.store import path_of
    from tallyio.archive.store import read_block as read_archived
    from tallyio.inspection.sources import archived

    if not block.isdecimal():
        raise OperatorError(f"{block!r} is no block number", todo="With --archive give the block by its number")
    path = path_of(archive, int(block))
    if not path.exists():
        raise OperatorError(f"{archive} has no block {block}", todo="See which blocks it has: tallyio archive verify")
    try:
        return archived.read(read_archived(path))
    except ArchiveError as e:
        raise OperatorError(e.message, todo=e.todo) from e


def as_object(found: Inspection, comparison: Comparison | None) -> dict[str, Any]:
    """The one JSON object of ``--json``: amounts as whole numbers in the tokens' smallest units."""
    block = found.block
    shown: dict[str, Any] = {
        "block": block.number,
        "proposer": block.proposer,
        "base_fee": block.base_fee,
        "transactions": [
            {
                "hash": tx.hash,
                "index": tx.index,
                "sender": tx.sender,
                "to": tx.to,
                "succeeded": tx.succeeded,
                "gas_used": tx.gas_used,
                "effective_gas_price": tx.effective_gas_price,
                "payment": msgspec.to_builtins(paid) | {"to_proposer": paid.to_proposer},
            }
            for tx, paid in zip(block.transactions, found.payments, strict=True)
        ],
        "swaps": [
            {"transaction": tx.hash, "index": tx.index, **msgspec.to_builtins(swap)}
            for tx in block.transactions
            for swap in tx.swaps
        ],
        "unread": [
            {"transaction": tx.hash, **msgspec.to_builtins(unread)} for tx in block.transactions for unread in tx.unread
        ],
    }
    for kind in ("arbitrages", "liquidations", "backruns", "sandwiches"):
        shown[kind] = msgspec.to_builtins(getattr(found, kind))
    if comparison:
        shown["labels"] = msgspec.to_builtins(comparison)
    return shown
