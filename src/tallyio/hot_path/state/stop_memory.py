"""The arrays that hold all pools' stops: a process's own, or laid into memory that others read."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tallyio.hot_path.memory.arena import Arena, Reservation, bytes_needed
from tallyio.hot_path.state.aligned import aligned
from tallyio.hot_path.state.layout import BOUNDS, STOP, STOP_FLOATS

_ONE = np.uint64(1)


class StopMemory(NamedTuple):
    """``versions`` (pools,) are sequence locks: odd while a pool's ticks change. ``bounds`` (``BOUNDS`` a pool) say
    where its stops lie in ``words`` (``STOP`` a stop), ``floats`` (``STOP_FLOATS`` a stop) and ``ticks``, all flat.
    """

    versions: NDArray[np.uint64]
    bounds: NDArray[np.int64]
    words: NDArray[np.uint64]
    floats: NDArray[np.float64]
    ticks: NDArray[np.int64]


def stop_reservations(pools: int, stops: int) -> tuple[Reservation, ...]:
    """What an arena needs for ``pools`` with up to ``stops`` together, both directions counted; 152 bytes a stop."""
    return (
        Reservation("stop_versions", np.uint64, (pools,)),
        Reservation("stop_bounds", np.int64, (pools * BOUNDS,)),
        Reservation("stop_words", np.uint64, (stops * STOP,)),
        Reservation("stop_floats", np.float64, (stops * STOP_FLOATS,)),
        Reservation("stop_ticks", np.int64, (stops,)),
    )


def stop_memory(arena: Arena, pools: int, stops: int) -> StopMemory:
    """The arrays of ``stop_reservations`` in ``arena``. Raises ``OperatorError`` where they do not fit."""
    arrays: list[Any] = [arena.reserve(each) for each in stop_reservations(pools, stops)]
    return StopMemory(*arrays)


def clear(memory: StopMemory) -> None:
    """No pool has stops any more, whatever a writer before left, half changed or not; readers refuse its quotes."""
    memory.versions[:] |= _ONE
    memory.bounds[:] = 0
    memory.versions[:] += _ONE


def own_stop_memory(pools: int, stops: int = 0) -> StopMemory:
    """This process's own memory for ``pools`` with up to ``stops`` together."""
    size = bytes_needed(stop_reservations(pools, stops))
    return stop_memory(Arena(aligned(-(-size // 8))), pools, stops)
