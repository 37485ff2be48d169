"""What other processes see of a shared market."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import OperatorError, RetryableError
from tallyio.core.pools import V2, V3, PairState, Pool
from tallyio.core.units import Hash32, address
from tallyio.hot_path.memory.arena import Arena
from tallyio.hot_path.memory.folder import FOLDER
from tallyio.hot_path.memory.segment import Segment
from tallyio.hot_path.memory.seqlock import CONSISTENT
from tallyio.hot_path.shared import plan
from tallyio.hot_path.shared.kernels import copy_market
from tallyio.hot_path.state import layout
from tallyio.hot_path.state.monitor import PriceMonitor

PATIENCE_S = 2.0
"""How long a writer may be at work before it counts as stuck: a block takes it microseconds."""
TRIES = 1000
PAUSE_S = 0.001


class PoolReading(msgspec.Struct, frozen=True):
    """``stamp`` is the block that last moved it; ``rates`` what an infinitesimal unit of token0, of token1 buys after
    the fee. ``state`` is ``None`` before its first, a v3 pool's without its ticks.
    """

    pool: Pool
    state: PairState | None
    stamp: int
    rates: tuple[float, float]


class Picture(msgspec.Struct, frozen=True):
    """All pools as of one block, in the order of their numbers; ``refused`` had no room in the shared memory."""

    chain_id: int
    number: int
    hash: Hash32
    timestamp: int
    refused: int
    pools: tuple[PoolReading, ...]


class SharedMarket:
    """A view into the memory of another process, whose work it never holds up. ``monitor`` reads single pools by
    number as they are now, ``picture`` all of them as of one block.
    """

    def __init__(self, segment: Segment, here: dict[str, NDArray[Any]]) -> None:
        self._segment = segment
        self._here = here
        self._known: list[Pool] = []
        self.monitor = PriceMonitor(here["records"])

    @classmethod
    def attach(cls, name: str, *, folder: Path = FOLDER) -> Self:
        """Raises ``RetryableError`` where nobody publishes under ``name``, and ``OperatorError`` where the memory is
        torn, foreign, or of another version.
        """
        segment = Segment.attach(name, layout=plan.layout_word(), folder=folder)
        arena = Arena(segment.words)
        capacity = int(segment.words[plan.CAPACITY])
        if not capacity:
            segment.close()
            raise RetryableError(f"{folder / name} is empty: its owner is about to fill it", todo="try again")
        if not 0 < capacity <= plan.MOST or plan.size_of(capacity) != segment.size:
            found = segment.size
            segment.close()
            raise OperatorError(
                f"{folder / name} is torn: {found} bytes for {capacity} pools", todo="start its owner again"
            )
        return cls(segment, {each.name: arena.reserve(each) for each in plan.reservations(capacity)})

    @property
    def retired(self) -> bool:
        """Nobody writes here any more: the writer has ended, or has made a larger segment. Attach again."""
        return self._segment.retired

    @property
    def writer(self) -> int:
        """The writer's process number."""
        return self._segment.header.owner_pid

    @property
    def writer_lives(self) -> bool:
        return not self.retired and self._segment.header.owner_may_live()

    @property
    def sequence(self) -> int:
        """Changes with every publication; odd while one is at work."""
        return int(self._here["head"][plan.SEQUENCE])

    def pools(self, count: int) -> list[Pool]:
        """The first ``count`` pools: a published pool never changes its number."""
        table, entries = self._here["records"].reshape(-1, layout.RECORD), self._here["directory"]
        for number in range(len(self._known), count):
            self._known.append(_pool(entries[number], int(table[number, layout.HEADER])))
        return self._known[:count]

    def picture(self, patience_s: float = PATIENCE_S) -> Picture:
        """Raises ``RetryableError`` where the writer died in the middle of a block, or is stuck there."""
        live = self._here
        head, records, rates = (np.zeros_like(live[name]) for name in ("head", "records", "rates"))
        until = time.monotonic() + patience_s
        while True:
            outcome = copy_market(live["head"], live["records"], live["rates"], head, records, rates, TRIES)
            if outcome == CONSISTENT:
                break
            if time.monotonic() > until or not self.writer_lives:
                raise RetryableError(
                    f"process {self.writer} stopped while it wrote a block", todo="see whether that searcher runs"
                )
            time.sleep(PAUSE_S)
        count = int(head[plan.POOLS])
        return Picture(
            chain_id=int(head[plan.CHAIN]),
            number=int(head[plan.NUMBER]),
            hash=Hash32("0x" + head[plan.HASH : plan.HASH + 4].tobytes().hex()),
            timestamp=int(head[plan.TIMESTAMP]),
            refused=int(head[plan.REFUSED]),
            pools=tuple(self._readings(count, PriceMonitor(records), rates)),
        )

    def _readings(self, count: int, copied: PriceMonitor, rates: NDArray[np.float64]) -> Iterator[PoolReading]:
        for number, pool in enumerate(self.pools(count)):
            state, stamp = copied.read(number) or (None, 0)
            yield PoolReading(pool, state, stamp, (float(rates[2 * number]), float(rates[2 * number + 1])))

    def close(self) -> None:
        del self.monitor
        self._here.clear()
        self._segment.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _pool(entry: Any, header: int) -> Pool:
    return Pool(
        address=address(entry["pool"].tobytes()),
        family=V2 if header & 0xFF == layout.V2 else V3,
        protocol=entry["protocol"].decode(errors="replace"),
        tokens=(address(entry["token0"].tobytes()), address(entry["token1"].tobytes())),
        fee_pips=header >> layout.FEE_SHIFT & 0xFFFFFF,
        tick_spacing=header >> layout.SPACING_SHIFT,
    )
