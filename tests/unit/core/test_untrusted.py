"""JSON from strangers: values or a ValueError, and never the end of the process."""

import sys

import pytest

from tallyio.core.untrusted import decode_json


def test_values_come_through() -> None:
    assert decode_json(b'{"a":[1,"x",null]}') == {"a": [1, "x", None]}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'"\xff"', b"[1,]", b"[" * 100_000, b'{"a":' * 100_000])
def test_anything_else_is_a_value_error_at_any_recursion_limit(body: bytes) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        with pytest.raises(ValueError, match=r"JSON|decode|brackets"):
            decode_json(body)
    finally:
        sys.setrecursionlimit(before)
