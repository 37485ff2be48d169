"""Roots against those that the chain itself wrote, and the two that need no chain."""

import pytest

from tallyio.archive.trie import list_root


def test_the_root_of_nothing() -> None:
    assert list_root([]).hex() == "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"


@pytest.mark.parametrize("size", [1, 2, 16, 17, 127, 128, 129, 256, 300])
def test_every_value_and_its_place_count(size: int) -> None:
    values = [bytes([i % 251]) * (1 + i % 40) for i in range(size)]
    root = list_root(values)
    assert root == list_root(list(values))
    assert root != list_root([*values[:-1], b"other"])
    assert root != list_root([*values, b""])
    if size > 1:
        assert root != list_root([values[-1], *values[1:-1], values[0]])
