"""JSON from somebody whom we do not trust."""

from typing import Any

import msgspec

MAX_OPENINGS = 1000


def decode_json(body: bytes, *, max_openings: int = MAX_OPENINGS) -> Any:
    """Plain JSON values. Raises ``ValueError`` for anything else, and above ``max_openings`` brackets and braces.

    The decoder recurses in C as deep as ``sys.getrecursionlimit()`` allows. A library may have raised that far beyond
    what the stack holds (py_ecc, which eth_account imports, sets 100,000), and then deep nesting ends the process.
    """
    if (found := body.count(b"[") + body.count(b"{")) > max_openings:
        raise ValueError(f"expected at most {max_openings} brackets and braces in JSON, found {found}")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as e:  # UnicodeDecodeError is a ValueError already
        raise ValueError(f"not JSON: {e}") from e
