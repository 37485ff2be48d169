"""Files of blocks: which format one has, and its activity."""

import gzip
import zlib
from pathlib import Path
from typing import Any

from tallyio.core.errors import OperatorError
from tallyio.core.untrusted import decode_json
from tallyio.inspection.activity import BlockActivity
from tallyio.inspection.sources import parity, receipts

SUFFIXES = (".json.gz", ".json")
LOGS_SUFFIX = ".expected"
"""What the name of the file with a block's gas and logs has between the block's number and ``.json``."""


def read_block(path: Path) -> BlockActivity:
    """The block in ``path``: JSON, gzipped or plain, with traces, or with pre-state.

    One with pre-state is executed where the bytecodes stand beside it; else its logs must, and what the coin did
    inside transactions stays unknown.

    Raises ``OperatorError`` where the file is cut short, is no JSON, or has no known format.
    """
    content = read_json(path)
    keys = content.keys() if isinstance(content, dict) else ()
    try:
        if {"traces", "receipts", "miner", "block_number"} <= set(keys):
            return parity.read(content)
        if {"block", "pre_state"} <= set(keys):
            if any(path.with_name("bytecodes" + suffix).exists() for suffix in SUFFIXES):
                return _executed(path)
            return receipts.read(content["block"], _receipts(path), content["pre_state"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as e:
        what = f"no {e}" if isinstance(e, KeyError) else str(e)
        raise OperatorError(f"{path} is not a whole block: {what}", todo="Fetch the file anew") from e
    shown = ", ".join(sorted(keys)[:8]) or type(content).__name__
    raise OperatorError(
        f"{path} has an unknown format ({shown})",
        todo="Expected an object with traces and receipts, or with block and pre_state",
    )


def _executed(path: Path) -> BlockActivity:
    from tallyio.archive.records import ArchiveError
    from tallyio.archive.sources import Source
    from tallyio.inspection.sources import archived

    try:
        block = Source().read(path)
    except ArchiveError as e:
        raise OperatorError(e.message, todo=e.todo or "Fetch the file anew") from e
    if block is None:
        raise OperatorError(f"{path} has an unknown format", todo="Expected an object with block and pre_state")
    return archived.read(block)


def read_json(path: Path) -> Any:
    """The JSON value in ``path``, gzipped or plain. Raises ``OperatorError`` where there is none."""
    try:
        body = path.read_bytes()
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        return decode_json(body)
    except FileNotFoundError as e:
        raise OperatorError(f"{path} is not there", todo="Check the path") from e
    except (EOFError, zlib.error, gzip.BadGzipFile) as e:
        raise OperatorError(f"{path} is cut short or corrupt: {e}", todo="Fetch the file anew") from e
    except ValueError as e:
        raise OperatorError(f"{path} holds no JSON: {e}", todo="Fetch the file anew") from e


def _receipts(path: Path) -> list[dict[str, Any]]:
    number = path.name.split(".")[0]
    for suffix in SUFFIXES:
        beside = path.with_name(number + LOGS_SUFFIX + suffix)
        if beside.exists():
            found: list[dict[str, Any]] = read_json(beside)
            return found
    raise OperatorError(
        f"{path} has neither bytecodes nor logs beside it",
        todo=f"Expected bytecodes.json.gz or {number}{LOGS_SUFFIX}.json.gz in the same folder",
    )
