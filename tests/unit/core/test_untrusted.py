"""JSON from strangers: values or a ValueError, and never the end of the process."""

import sys
from collections.abc import Iterator

import msgspec
import pytest

from tallyio.core.untrusted import MAX_DEPTH, decode_json, decode_with

DEEP = [b"[" * 100_000, b'{"a":' * 100_000, b'["' + b"]" * 100_000 + b'",' + b"[" * 100_000, b'["\\"]",' * 100_000]


@pytest.fixture(params=[1_000, 100_000])
def recursion_limit(request: pytest.FixtureRequest) -> Iterator[int]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(request.param)
    yield request.param
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("recursion_limit")
def test_values_come_through() -> None:
    assert decode_json(b'{"a":[1,"x",null]}') == {"a": [1, "x", None]}
    assert decode_json('["č"]') == ["č"]
    assert decode_with(msgspec.json.Decoder(list[int]), b"[1,2]") == [1, 2]


@pytest.mark.usefixtures("recursion_limit")
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'"\xff"', b"[1,]", *DEEP])
def test_anything_else_is_a_value_error_at_any_recursion_limit(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|decode|brackets"):
        decode_json(body)


@pytest.mark.usefixtures("recursion_limit")
def test_a_large_answer_of_ordinary_depth_comes_through() -> None:
    entries = [{"topics": ["0x" + "ab" * 32], "data": '[{"\\' * 9} for _ in range(20_000)]
    assert decode_json(msgspec.json.encode(entries)) == entries


def test_depth_is_limited_where_recursion_is_not(recursion_limit: int) -> None:
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert decode_json(deepest)
    if recursion_limit > 2 * MAX_DEPTH:
        with pytest.raises(ValueError, match="nested at most 500 deep"):
            decode_json(b"[" + deepest + b"]")
