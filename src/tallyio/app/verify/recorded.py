"""Files of recorded answers: one gzip-compressed JSON object, integers as decimal strings."""

import gzip
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tallyio.core.errors import OperatorError

_EXPECTED = 'expected gzip-compressed JSON {"meta": {"family": ...}, "records": [...]}'

_DIGITS = 1000
"""No word is longer; text that is stays text."""


class Recorded(NamedTuple):
    family: str
    records: list[dict[str, Any]]


def read(path: Path) -> Recorded:
    """Reads one file; raises ``OperatorError`` that names what was found where it is not of the format."""
    try:
        found = msgspec.json.decode(gzip.decompress(path.read_bytes()))
    except FileNotFoundError:
        raise OperatorError(f"{path}: no such file", todo=f"Name a file; {_EXPECTED}") from None
    except OSError as e:
        raise OperatorError(f"{path}: {e.strerror or e}", todo=_EXPECTED) from None
    except (EOFError, zlib.error, msgspec.DecodeError, UnicodeDecodeError) as e:
        raise OperatorError(f"{path}: unreadable: {e}", todo=_EXPECTED) from None
    meta = found.get("meta") if isinstance(found, dict) else None
    family = meta.get("family") if isinstance(meta, dict) else None
    if not isinstance(family, str):
        raise OperatorError(f"{path}: found {_shape(found)}", todo=_EXPECTED)
    records = found.get("records")
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise OperatorError(f"{path}: family {family} without a list of records: {_shape(records)}", todo=_EXPECTED)
    return Recorded(family, [integers(r) for r in records])


def integers(value: Any) -> Any:
    """The same tree with every decimal string as an ``int``; what a revert says stays text."""
    if isinstance(value, str):
        digits = value.removeprefix("-")
        return int(value) if len(digits) <= _DIGITS and digits.isascii() and digits.isdigit() else value
    if isinstance(value, list):
        return [integers(v) for v in value]
    if isinstance(value, dict):
        return {k: v if k == "revert" else integers(v) for k, v in value.items()}
    return value


def _shape(value: object) -> str:
    if isinstance(value, dict):
        return "an object with " + (", ".join(sorted(str(k) for k in value)[:6]) or "no keys")
    return f"a {type(value).__name__}"
