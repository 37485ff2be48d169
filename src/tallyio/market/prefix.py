"""Pictures of collections that only grow: a length of a list, and what a mapping knew of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar, overload

T = TypeVar("T")
Key = TypeVar("Key")
Value = TypeVar("Value")
Seen = TypeVar("Seen")


class ListPrefix(Sequence[T]):
    """The first ``length`` items of a list that others append to."""

    def __init__(self, items: list[T], length: int) -> None:
        self._items, self._length = items, length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        if isinstance(at, slice):
            begin, end, step = at.indices(self._length)
            return ListPrefix(self._items, end) if (begin, step) == (0, 1) else self._items[begin:end:step]
        if not -self._length <= at < self._length:
            raise IndexError(f"{at} of {self._length}")
        return self._items[at % self._length]

    def __iter__(self) -> Iterator[T]:
        return islice(iter(self._items), self._length)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ListPrefix) and other._items is self._items:
            return self._length == other._length
        return isinstance(other, Sequence) and len(other) == self._length and all(a == b for a, b in zip(self, other))  # noqa: B905 - lengths are equal

    __hash__ = None  # type: ignore[assignment]


class MappingPrefix(Mapping[Key, Seen]):
    """What ``seen`` makes of each value of a mapping that others add keys to; keys of which it makes ``None`` were not
    there yet."""

    def __init__(self, items: Mapping[Key, Value], seen: Callable[[Value], Seen | None]) -> None:
        self._items, self._seen = items, seen

    def __getitem__(self, key: Key) -> Seen:
        found = self._seen(self._items[key])
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[Key]:
        return (key for key, value in list(self._items.items()) if self._seen(value) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
