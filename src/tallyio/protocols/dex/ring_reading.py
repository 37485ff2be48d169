"""A pool's oracle, read: a ring of points in time, as far back as a window reaches."""

from collections.abc import Callable, Generator
from typing import Protocol, TypeVar

from tallyio.core.units import Address
from tallyio.protocols.dex.family import Call

_AT_ONCE = (16, 256, 4096)
"""Points asked for in a first, a second and each further round."""


class Timed(Protocol):
    @property
    def timestamp(self) -> int: ...


Point = TypeVar("Point", bound=Timed)


def read_ring(
    at: Address,
    call: Callable[[int], bytes],
    point_of: Callable[[bytes | None], Point | None],
    newest: int,
    size: int,
    window: int,
) -> Generator[list[Call], list[bytes | None], list[Point]]:
    """Up to the point at ``newest`` of ``size`` places, oldest first: those of ``window`` seconds, and the one before.
    ``call`` asks for a place, ``point_of`` tells what it holds: ``None`` where nothing was written."""
    found: list[Point] = []
    rounds = 0
    while len(found) < size:
        count = min(_AT_ONCE[min(rounds, len(_AT_ONCE) - 1)], size - len(found))
        asked = [(newest - len(found) - k) % size for k in range(count)]
        for answer in (yield [(at, call(each)) for each in asked]):
            point = point_of(answer)
            if point is None or (found and point.timestamp >= found[-1].timestamp):
                return found[::-1]
            found.append(point)
            if point.timestamp <= found[0].timestamp - window:
                return found[::-1]
        rounds += 1
    return found[::-1]
