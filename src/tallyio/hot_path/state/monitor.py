"""What any process reads of the pools while another writes them: the newest consistent state, or that it is torn."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import BugError, ChainDataError, OperatorError, RetryableError
from tallyio.core.pools import PairState, V2State, V3State
from tallyio.hot_path.memory import seqlock
from tallyio.hot_path.state.layout import (
    AMOUNTS,
    BOUNDS,
    FEE_SHIFT,
    LIQUIDITY,
    RECORD,
    SHARED,
    STAMP,
    TICK,
    V2,
    V3,
)
from tallyio.hot_path.state.stop_memory import StopMemory, own_stop_memory

_LIMB = (1 << 64) - 1
TRIES = 1_000_000
"""Looks before a record counts as left half written: milliseconds, where a write takes some tens of nanoseconds."""


class PriceMonitor:
    """Reads ``records`` (``RECORD`` words a pool, a segment's or an arena's) without ever holding up their writer."""

    def __init__(self, records: NDArray[np.uint64], tries: int = TRIES, stops: StopMemory | None = None) -> None:
        """``stops`` is what the writer's detector was given; without it v3 pools have no quotes."""
        self._records = records
        self._copy = np.zeros(SHARED, np.uint64)
        self._tries = tries
        self.pools = records.size // RECORD
        if stops is not None and len(stops.versions) < self.pools:
            raise BugError(f"the stops are of {len(stops.versions)} pools, the records of {self.pools}")
        self._stops = stops

    def read(self, pool: int) -> tuple[PairState, int] | None:
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

    def quote(self, pool: int, zero_for_one: bool, amount_in: int) -> int:
        """What the pool pays for ``amount_in``, to the unit, through as many ticks as it takes.

        Raises ``ChainDataError`` where its contract would revert, take less or pay nothing, and where the ticks that
        are known end; else as ``read``.
        """
        self._refuse_unknown(pool)
        if not 0 < amount_in < 1 << 127:
            raise ChainDataError(f"expected an amount from 1 to below 2**127, found {amount_in}")
        amount = np.array([amount_in & _LIMB, amount_in >> 64, 0, 0], np.uint64)
        from tallyio.hot_path.detector.quotes import OWN_REALS, OWN_WORDS, PAID, TORN, quote_shared

        self._stops = stops = self._stops or own_stop_memory(self.pools)
        outcome: Any = quote_shared(
            2 * pool + (not zero_for_one), amount, self._records, stops.versions, stops.bounds, stops.words,
            stops.floats, stops.ticks, np.zeros(OWN_WORDS, np.uint64), np.zeros(OWN_REALS), np.zeros(BOUNDS, np.int64),
            self._tries,
        )  # fmt: skip
        if outcome == TORN:
            raise _half_written(pool)
        if outcome != PAID:
            raise ChainDataError(f"pool {pool} does not take {amount_in} whole, as far as its ticks are known")
        return _join([int(limb) for limb in amount])

    def fee_pips(self, pool: int) -> int:
        return self._words(pool)[0] >> FEE_SHIFT & 0xFFFFFF

    def _words(self, pool: int) -> list[int]:
        self._refuse_unknown(pool)
        outcome: Any = seqlock.read(self._records, pool * RECORD, SHARED, self._copy, self._tries)
        if outcome != seqlock.CONSISTENT:
            raise _half_written(pool)
        return [int(word) for word in self._copy]

    def _refuse_unknown(self, pool: int) -> None:
        if not 0 <= pool < self.pools:
            raise OperatorError(f"pool {pool} is unknown, there are {self.pools}", todo="take an index below that")


def _half_written(pool: int) -> RetryableError:
    return RetryableError(f"pool {pool} was left half written", todo="wait for the writer's next update of it")


def price_of(state: PairState) -> float | None:
    """Token1 per token0 in smallest units, without the fee; ``None`` where a reserve is 0."""
    if isinstance(state, V3State):
        return (state.sqrt_price_x96 / 2**96) ** 2
    return state.reserve1 / state.reserve0 if state.reserve0 and state.reserve1 else None


def _join(limbs: list[int]) -> int:
    return sum(limb << 64 * i for i, limb in enumerate(limbs))
