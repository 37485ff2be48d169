import pytest

from tallyio.core.ids import content_id


def test_the_same_content_has_the_same_id() -> None:
    assert content_id("a", 1, (2, "b"), None, b"\0") == content_id("a", 1, (2, "b"), None, b"\0")
    assert len(content_id()) == 16


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        ((1,), ("1",)),
        (((1, 2), 3), (1, (2, 3))),
        ((None,), ()),
        ((True,), (1,)),
        ((b"a",), ("a",)),
        ((2**300,), (2**300 + 1,)),
    ],
)
def test_other_content_has_another_id(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    assert content_id(*one) != content_id(*other)


def test_floats_have_no_id() -> None:
    with pytest.raises(TypeError, match="float"):
        content_id(1.5)
