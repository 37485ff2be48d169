"""The index as the rest of the program holds it: pools in and out, cycles kept."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tallyio.core.errors import BugError
from tallyio.hot_path.cycle_index import layout
from tallyio.hot_path.cycle_index.cycles import Cycles, LeftOut
from tallyio.hot_path.cycle_index.rows import CycleRows, grown

MOST_POOLS = 1 << 20
_NO_LIMIT = 2**62
_OUT, _IN, _REMOVED = 0, 1, 2


class CycleIndex:
    """All simple cycles of 2 to ``max_hops`` (2 to 4) swaps: no pool twice, no token twice, and of pools that
    stand for one with more tokens (a *group*) only one. A cycle and its reverse
    are one entry, whose lowest pool sells token0; it starts at ``anchor`` (a token's number) where it touches it, else
    at its lowest token.

    Limits, each with its count in ``left_out``: ``base_tokens`` (only cycles through one of them; none: all),
    ``max_cycles``, ``max_cycles_per_pool``, ``min_liquidity`` (see ``set_liquidity``). First come, first kept: pools
    in the order in which they take part, a pool's cycles of two before those of three, then four, and among equals in
    the order in which their pairs of tokens and pools came. Cycles of four fill no more than half of a limit. A cycle
    that was left out comes back only when one of its pools leaves and enters again. Cycles longer than ``max_hops``
    are not looked for; ``longer`` counts them.

    Rows change in place, so the index changes only while no thread serves a detector that follows it.
    """

    def __init__(
        self,
        *,
        max_hops: int = 3,
        anchor: int = -1,
        base_tokens: Iterable[int] = (),
        min_liquidity: int = 0,
        max_cycles: int = 1_000_000,
        max_cycles_per_pool: int = _NO_LIMIT,
        most_pools: int = MOST_POOLS,
    ) -> None:
        if not 2 <= max_hops <= 4:
            raise BugError(f"cycles of at most {max_hops} hops, expected 2 to 4")
        self.rows = CycleRows(most_pools)
        self._min_liquidity = min_liquidity
        self._part: list[int] = []
        self._waiting = 0
        self._links = np.zeros(0, np.int32)
        self._pools = np.zeros(0, np.int32)
        self._tokens = np.zeros(0, np.int32)
        self._slots = np.full(64, -1, np.int32)
        self._limits = np.zeros(layout.LIMITS, np.int64)
        self._limits[:] = max_hops, max_cycles, max_cycles_per_pool, 0, anchor, self.rows.none
        for token in base_tokens:
            self._reach(token)
            self._tokens[token * layout.TOKEN + layout.BASE] = 1
            self._limits[layout.ONLY_BASE] = 1

    @property
    def pools(self) -> int:
        """How many pools there are; they are numbered in the order in which they were added."""
        return self.rows.pools

    @property
    def left_out(self) -> LeftOut:
        tally = self.rows.tally
        return LeftOut(
            max_cycles=int(tally[layout.LEFT_TOTAL]),
            max_cycles_per_pool=int(tally[layout.LEFT_POOL]),
            base_tokens=int(tally[layout.LEFT_BASE]),
            cut_short=int(tally[layout.CUT_SHORT]),
            pools_below_liquidity=self._waiting,
        )

    @property
    def cycles(self) -> Cycles:
        """An immutable picture; it costs nothing but the next removal, which leaves it as it is."""
        return Cycles(self.rows, self.left_out)

    def longer(self) -> tuple[int, int]:
        """How many cycles of up to four hops ``max_hops`` leaves out, whatever the other limits, and of how many pools
        no more than the first were counted. Walks the whole graph."""
        part = np.flatnonzero(np.array(self._part) == _IN)
        pools = self._pool_table[part]
        counts = []
        for hops in (4, int(self._limits[layout.MAX_HOPS])):
            counter = CycleIndex(max_hops=hops, max_cycles=0, most_pools=len(part))
            counter.add_pools(pools[:, : layout.LINK], pools[:, layout.GROUP])
            counts.append(counter.left_out)
        return counts[0].max_cycles - counts[1].max_cycles, counts[0].cut_short

    def add_pool(self, token0: int, token1: int, group: int | None = None) -> int:
        """Adds a pool of two token numbers and its cycles; returns its number. ``group`` is the number of the pool
        with which no cycle may pass it. Where there is a ``min_liquidity`` it takes part from ``set_liquidity`` or
        ``enable`` on."""
        return self.add_pools(np.array([[token0, token1]]), None if group is None else np.array([group]))

    def add_pools(self, tokens: NDArray[Any], groups: NDArray[Any] | None = None) -> int:
        """Adds pools, (pools, 2) token numbers, in their order; returns the first's number. ``groups``: one a pool,
        its own number where there is none."""
        first, count = self.pools, len(tokens)
        self.rows.add_pools(count)
        end = first + count
        self._pools = grown(self._pools, end * layout.POOL)
        table = self._pool_table[first:]
        table[:, :2] = tokens
        table[:, 2:] = -1
        table[:, layout.GROUP] = np.arange(first, end) if groups is None else groups
        self._reach(int(tokens.max(initial=-1)))
        self._links = grown(self._links, end * layout.LINKS)
        if 2 * end > len(self._slots):
            self._widen_slots(4 * end)
        self._part += [_OUT if self._min_liquidity else _IN] * count
        if self._min_liquidity:
            self._waiting += count
        else:
            self._connect(first, end)
        return first

    def enable(self, pool: int) -> None:
        """The pool takes part from now on, with its cycles through all that do."""
        if self._state(pool) == _OUT:
            self._part[pool] = _IN
            self._waiting -= 1
            self._connect(pool, pool + 1)

    def disable(self, pool: int) -> None:
        """The pool takes no part until it is enabled: its cycles go, and the last cycles take their numbers."""
        if self._state(pool) == _IN:
            self._part[pool] = _OUT
            self._waiting += 1
            self._disconnect(pool)

    def remove_pool(self, pool: int) -> None:
        """The pool takes no part any more. Its number is not given again."""
        self.disable(pool)
        self._waiting -= self._part[pool] == _OUT
        self._part[pool] = _REMOVED

    def set_liquidity(self, pool: int, amount: int) -> None:
        """The pool takes part from ``min_liquidity`` on, and no more once it has less than half of it: one that sways
        about the limit does not come and go."""
        if amount >= self._min_liquidity:
            self.enable(pool)
        elif 2 * amount < self._min_liquidity:
            self.disable(pool)

    def takes_part(self, pool: int) -> bool:
        return self._state(pool) == _IN

    @property
    def _pool_table(self) -> NDArray[np.int32]:
        return self._pools[: self.pools * layout.POOL].reshape(-1, layout.POOL)

    def _state(self, pool: int) -> int:
        if not 0 <= pool < self.pools:
            raise BugError(f"pool {pool} is unknown to the index, there are {self.pools}")
        return self._part[pool]

    def _connect(self, begin: int, end: int) -> None:
        from tallyio.hot_path.cycle_index.walk import connect

        rows = self.rows
        while begin < end:
            begin = connect(
                begin, end, self._pools, self._links, self._tokens, self._slots, rows.ranges, rows.entries, rows.edges,
                rows.home, rows.tally, rows.touched, self._limits, rows.blocks,
            )  # fmt: skip
            if begin < end:
                rows.grow()

    def _disconnect(self, pool: int) -> None:
        from tallyio.hot_path.cycle_index.edit import disconnect

        rows = self.rows
        rows.unshare()
        disconnect(
            pool, self._pools, self._links, rows.ranges, rows.entries, rows.edges, rows.home, rows.tally, rows.touched
        )

    def _reach(self, token: int) -> None:
        """Room for tokens up to ``token``."""
        before = len(self._tokens) // layout.TOKEN
        self._tokens = grown(self._tokens, (token + 1) * layout.TOKEN)
        fresh = self._tokens.reshape(-1, layout.TOKEN)[before:]
        fresh[:, : layout.LAST_LINK + 1] = -1

    def _widen_slots(self, least: int) -> None:
        from tallyio.hot_path.cycle_index.links import rehash

        self._slots = np.full(1 << (least - 1).bit_length(), -1, np.int32)
        rehash(self._links, int(self.rows.tally[layout.LINKS_USED]), self._slots, len(self._slots) - 1)
