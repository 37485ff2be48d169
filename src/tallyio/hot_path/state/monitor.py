"""What any process reads of the pools while another writes them: the newest consistent state, or that it is torn."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import OperatorError, RetryableError
from tallyio.core.pools import PoolState, V2State, V3State
from tallyio.hot_path.memory import seqlock
from tallyio.hot_path.state.layout import (
    AMOUNTS,
    FEE_SHIFT,
    LIQUIDITY,
    RECORD,
    SHARED,
    STAMP,
    TICK,
    V2,
    V3,
)

TRIES = 1_000_000
"""Looks before a record counts as left half written: milliseconds, where a write takes some tens of nanoseconds."""


class PriceMonitor:
    """Reads ``records`` (``RECORD`` words a pool, a segment's or an arena's) without ever holding up their writer."""

    def __init__(self, records: NDArray[np.uint64], tries: int = TRIES) -> None:
        self._records = records
        self._copy = np.zeros(SHARED, np.uint64)
        self._tries = tries
        self.pools = records.size // RECORD

    def read(self, pool: int) -> tuple[PoolState, int] | None:
        """The state (a v3 pool's without its ticks) and its stamp; ``None`` before the first.

        Raises ``OperatorError`` for an unknown pool and ``RetryableError`` where a writer died in the middle: the
        next writer's first update of that pool mends it.
        """
        words = self._words(pool)
        family, at = words[0] & 0xFF, AMOUNTS - 1
        if not any(words[at:]):
            return None
        if family == V2:
            return V2State(_join(words[at : at + 2]), _join(words[at + 2 : at + 4])), words[STAMP - 1]
        if family == V3:
            tick = words[TICK - 1] - (1 << 64 if words[TICK - 1] >> 63 else 0)
            price, liquidity = _join(words[at : at + 3]), _join(words[LIQUIDITY - 1 : LIQUIDITY + 1])
            return V3State(price, tick, liquidity), words[STAMP - 1]
        raise OperatorError(f"pool {pool} has family {family}, expected {V2} or {V3}", todo="restart the writer")

    def price(self, pool: int) -> float | None:
        """Token1 per token0 in smallest units, without the fee; ``None`` where the pool has none."""
        found = self.read(pool)
        return price_of(found[0]) if found else None

    def fee_pips(self, pool: int) -> int:
        return self._words(pool)[0] >> FEE_SHIFT & 0xFFFFFF

    def _words(self, pool: int) -> list[int]:
        if not 0 <= pool < self.pools:
            raise OperatorError(f"pool {pool} is unknown, there are {self.pools}", todo="take an index below that")
        outcome: Any = seqlock.read(self._records, pool * RECORD, SHARED, self._copy, self._tries)
        if outcome != seqlock.CONSISTENT:
            raise RetryableError(f"pool {pool} was left half written", todo="wait for the writer's next update of it")
        return [int(word) for word in self._copy]


def price_of(state: PoolState) -> float | None:
    """Token1 per token0 in smallest units, without the fee; ``None`` where a reserve is 0."""
    if isinstance(state, V3State):
        return (state.sqrt_price_x96 / 2**96) ** 2
    return state.reserve1 / state.reserve0 if state.reserve0 and state.reserve1 else None


def _join(limbs: list[int]) -> int:
    return sum(limb << 64 * i for i, limb in enumerate(limbs))
