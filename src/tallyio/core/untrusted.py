"""JSON from somebody whom we do not trust."""

import re
import sys
from itertools import accumulate
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

MAX_DEPTH = 500

_ANY = msgspec.json.Decoder(Any)
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_REST = bytes(set(range(256)) - _STEPS.keys())


def decode_json(body: bytes | str) -> Any:
    """Plain JSON values. Raises ``ValueError`` for anything else."""
    return decode_with(_ANY, body)


def decode_with(decoder: msgspec.json.Decoder[T], body: bytes | str) -> T:
    """What ``decoder`` reads in ``body``. Raises ``ValueError`` where that is not JSON of its shape or nests too deep.

    The decoder recurses in C as deep as ``sys.getrecursionlimit()`` allows. A library may have raised that far beyond
    what the stack holds (py_ecc, which eth_account imports, sets 100,000), and then deep nesting ends the process.
    """
    encoded = body.encode() if isinstance(body, str) else body
    if sys.getrecursionlimit() > 2 * MAX_DEPTH and _depth(encoded) > MAX_DEPTH:
        raise ValueError(f"expected JSON with brackets nested at most {MAX_DEPTH} deep, found more")
    try:
        return decoder.decode(encoded)
    except (msgspec.DecodeError, RecursionError) as e:  # UnicodeDecodeError is a ValueError already
        raise ValueError(f"not JSON: {e}") from e


def _depth(body: bytes) -> int:
    """At least how deep a decoder gets in ``body``."""
    openings = body.count(b"[") + body.count(b"{")
    if openings <= MAX_DEPTH:
        return openings
    brackets = _STRING.sub(b"", body).translate(None, _REST)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)
