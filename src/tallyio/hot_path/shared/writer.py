"""The one writer of a shared market."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tallyio.core.chain import BlockRef
from tallyio.core.errors import OperatorError
from tallyio.core.pools import V2, PairState, Pool
from tallyio.core.units import Address
from tallyio.hot_path.memory.arena import Arena
from tallyio.hot_path.memory.folder import FOLDER
from tallyio.hot_path.memory.segment import Segment
from tallyio.hot_path.shared import plan
from tallyio.hot_path.shared.kernels import publish
from tallyio.hot_path.state import layout
from tallyio.hot_path.state.events import event_words


def arrays(words: NDArray[np.uint64], capacity: int) -> dict[str, NDArray[Any]]:
    arena = Arena(words)
    return {reservation.name: arena.reserve(reservation) for reservation in plan.reservations(capacity)}


class MarketWriter:
    """Publishes a chain's pools under ``name`` until ``close``. More pools than ``capacity``: a segment of twice the
    size takes the name, and readers of the old one see ``retired``. Where there is no memory for that, the pools
    beyond are left out and counted (``refused``), and ``on_refusal`` is told why, once.
    """

    def __init__(
        self,
        name: str,
        chain_id: int,
        capacity: int,
        *,
        huge_pages: bool = False,
        on_refusal: Callable[[str], None] = lambda _: None,
        folder: Path = FOLDER,
    ) -> None:
        """All memory is reserved and touched here. Raises ``OperatorError`` as ``Segment.create`` does."""
        self._name, self._chain_id, self._folder = name, chain_id, folder
        self._huge_pages = huge_pages
        self._on_refusal = on_refusal
        self._numbers: dict[Address, int] = {}
        self._refused: set[Address] = set()
        self.impossible = 0
        """States that no pool can have, left out."""
        self._use(self._make(name, capacity), capacity)

    @property
    def pools(self) -> int:
        return len(self._numbers)

    @property
    def refused(self) -> int:
        """Pools for which there was no room."""
        return len(self._refused)

    @property
    def size(self) -> int:
        """Bytes reserved."""
        return self._segment.size

    def huge_bytes(self) -> int:
        return self._segment.huge_bytes()

    def publish(self, block: BlockRef, moved: Iterable[tuple[Pool, PairState | None]]) -> None:
        """The market is now as of ``block``; ``moved`` are the pools that differ from what was published before, with
        ``None`` for one that has no state. A pool's stamp is the number of the block that last moved it.
        """
        rows, erased = [], []
        for pool, state in moved:
            number = self._number(pool)
            if number is None:
                continue
            if state is None:
                erased.append(number)
            else:
                rows.append(event_words(number, state, block.number))
        events = np.array(rows, np.uint64).reshape(-1)
        here = self._here
        self.impossible += publish(
            events, np.array(erased, np.int64), self._about(block), here["head"], here["records"], here["floats"],
            here["rates"],
        )  # fmt: skip

    def close(self) -> None:
        """The orderly end: the name goes, and readers see ``retired``."""
        self._segment.remove()
        self._here.clear()
        self._segment.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _about(self, block: BlockRef) -> NDArray[np.uint64]:
        about = np.zeros(plan.HEAD, np.uint64)
        about[plan.NUMBER], about[plan.TIMESTAMP] = block.number, block.timestamp
        about[plan.HASH : plan.HASH + 4] = np.frombuffer(bytes.fromhex(block.hash[2:]).ljust(32, b"\0"), np.uint64)
        about[plan.POOLS], about[plan.CAPACITY] = self.pools, self._capacity
        about[plan.CHAIN], about[plan.REFUSED] = self._chain_id, self.refused
        return about[1:]

    def _number(self, pool: Pool) -> int | None:
        known = self._numbers.get(pool.address)
        if known is not None:
            return known
        if self.pools == self._capacity and not self._grow():
            self._refused.add(pool.address)
            return None
        number = self._numbers[pool.address] = self.pools
        family = layout.V2 if pool.family == V2 else layout.V3
        self._here["directory"][number] = (
            *(list(bytes.fromhex(text[2:])) for text in (pool.address, pool.token0, pool.token1)),
            pool.protocol.encode()[: plan.LONGEST_NAME],
        )
        self._here["records"][number * layout.RECORD + layout.HEADER] = layout.header(
            family, pool.fee_pips, pool.tick_spacing
        )
        return number

    def _grow(self) -> bool:
        capacity = min(2 * self._capacity, plan.MOST)
        try:
            if capacity == self._capacity:
                raise OperatorError(f"shared memory holds {plan.MOST} pools at most")
            segment = self._make(f"{self._name}.next", capacity)
        except OperatorError as error:
            if not self._refused:
                self._on_refusal(str(error))
            return False
        before, here = self._segment, self._here
        self._use(segment, capacity)
        for name, array in here.items():
            self._here[name][: len(array)] = array
        self._here["head"][plan.CAPACITY] = capacity
        here.clear()
        segment.succeed(before)
        before.close()
        return True

    def _make(self, name: str, capacity: int) -> Segment:
        return Segment.create(
            name, layout=plan.layout_word(), size=plan.size_of(capacity), huge_pages=self._huge_pages,
            folder=self._folder,
        )  # fmt: skip

    def _use(self, segment: Segment, capacity: int) -> None:
        self._segment, self._capacity = segment, capacity
        self._here = arrays(segment.words, capacity)
        self._here["head"][plan.CAPACITY], self._here["head"][plan.CHAIN] = capacity, self._chain_id
