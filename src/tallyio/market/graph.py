"""The pools as a graph: numbers for the hot path, and the ways to find a pool by what it trades."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import structlog

from tallyio.config.settings import CycleSettings
from tallyio.core.pools import PANCAKE_V3, V2, V3, Pool
from tallyio.core.units import Address
from tallyio.hot_path.cycle_index.cycles import Cycles
from tallyio.hot_path.cycle_index.index import CycleIndex
from tallyio.market.prefix import ListPrefix, MappingPrefix
from tallyio.protocols.flash_loans.uniswap_v3 import FAMILIES as LENDING

log = structlog.get_logger()

PoolName = tuple[str, Address, Address, int | None]
"""Protocol, token0, token1 and (v3 alone) fee: how routers name a pool."""
Side = tuple[Address, Address]


@dataclass(frozen=True)
class Graph:
    """Immutable. Its numbers are *pairs*: each two tokens of each pool. Edge ``2 * i`` sells the first token of
    ``sides[i]``, ``2 * i + 1`` the second, both in ``pools[i]``; a pool of two tokens is one pair.

    A picture of what grows: making one costs the same however many pools there are.
    """

    weth: Address
    pools: Sequence[Pool]
    """By pair: a pool of n tokens stands n(n-1)/2 times in a row."""
    sides: Sequence[Side]
    index: Mapping[Address, int]
    """The first pair of a pool, by its address."""
    cycles: Cycles
    into_weth: Mapping[Address, tuple[int, ...]]
    """The edges that sell a token for wrapped ether."""
    kin: Mapping[Address, tuple[Address, ...]]
    """The pools of each group of several: a swap of one moves all."""
    names: Mapping[PoolName, int]
    """A pair's number by how routers name its pool."""
    lenders: Mapping[Address, tuple[int, ...]]
    """The pairs of the pools that lend a token of theirs beside swaps."""

    def find(self, protocol: str, a: Address, b: Address, fee_pips: int | None) -> Pool | None:
        """The pool that a router means, ``None`` where it is not known."""
        token0, token1 = (a, b) if int(a, 16) < int(b, 16) else (b, a)
        found = self.names.get((protocol, token0, token1, fee_pips))
        return None if found is None else self.pools[found]

    def token_sold(self, edge: int) -> Address:
        return self.sides[edge >> 1][edge & 1]

    def token_bought(self, edge: int) -> Address:
        return self.sides[edge >> 1][~edge & 1]

    def edges_of(self, pool: Pool) -> slice:
        """The pool's edges: where ``rates`` and the like tell of it. Raises ``KeyError`` for an unknown one."""
        first = self.index[pool.address]
        return slice(2 * first, 2 * (first + pairs_of(pool)))


def pairs_of(pool: Pool) -> int:
    """How many pairs a pool's tokens make."""
    count = len(pool.tokens)
    return count * (count - 1) // 2


@dataclass
class GraphBuilder:
    """Takes pools as they are discovered. ``limits`` says which cycles are kept; ``cycle_index`` is what the detector
    follows, its pools numbered as ``graph``'s pairs."""

    weth: Address
    max_hops: int = 3
    limits: CycleSettings = field(default_factory=CycleSettings)
    _pools: list[Pool] = field(default_factory=list)
    _sides: list[Side] = field(default_factory=list)
    _index: dict[Address, int] = field(default_factory=dict)
    _groups: dict[Address, int] = field(default_factory=dict)
    _kin: dict[Address, list[Address]] = field(default_factory=dict)
    _tokens: dict[Address, int] = field(default_factory=dict)
    _into_weth: dict[Address, list[int]] = field(default_factory=dict)
    _names: dict[PoolName, int] = field(default_factory=dict)
    _lenders: dict[Address, list[int]] = field(default_factory=dict)
    _graph: Graph | None = None
    _told: int = 0

    def __post_init__(self) -> None:
        self.cycle_index = CycleIndex(
            max_hops=self.max_hops,
            anchor=self._number(self.weth),
            base_tokens=[self._number(token) for token in self.limits.base_tokens],
            min_liquidity=self.limits.min_liquidity_wei,
            max_cycles=self.limits.max_cycles,
            max_cycles_per_pool=self.limits.max_cycles_per_pool,
        )

    def add(self, pool: Pool) -> int:
        """Adds a pool's pairs and their cycles, returns the first's number; a known pool keeps its numbers."""
        if pool.address in self._index:
            return self._index[pool.address]
        first = self._index[pool.address] = len(self._pools)
        group = self._groups.setdefault(pool.group, first)
        if pool.below:
            self._kin.setdefault(pool.group, [pool.below]).append(pool.address)
        for side in pool.pairs:
            number = self.cycle_index.add_pool(self._number(side[0]), self._number(side[1]), group=group)
            self._pools.append(pool)
            self._sides.append(side)
            for token in side if pool.family in LENDING else ():
                self._lenders.setdefault(token, []).append(number)
            if self.weth in side:
                place = int(side[0] == self.weth)
                self._into_weth.setdefault(side[place], []).append(2 * number + place)
        if pool.family in (V2, V3, PANCAKE_V3):
            fee = None if pool.family == V2 else pool.fee_pips
            self._names.setdefault((pool.protocol, pool.token0, pool.token1, fee), first)
        self._graph = None
        return first

    def knows(self, pool: Pool) -> bool:
        return pool.address in self._index

    def set_liquidity(self, pair: int, amount_wei: int) -> None:
        """What the pair's pool holds, in wrapped ether: it takes part in cycles while that is enough."""
        took_part = self.cycle_index.takes_part(pair)
        self.cycle_index.set_liquidity(pair, amount_wei)
        if took_part != self.cycle_index.takes_part(pair):
            self._graph = None

    def sales(self, token: Address) -> list[int]:
        """The edges that sell ``token`` for wrapped ether, of pairs that take part."""
        return [edge for edge in self._into_weth.get(token, ()) if self.cycle_index.takes_part(edge >> 1)]

    @property
    def graph(self) -> Graph:
        if self._graph is None:
            self._tell()
            count = len(self._pools)
            self._graph = Graph(
                weth=self.weth,
                pools=ListPrefix(self._pools, count),
                sides=ListPrefix(self._sides, count),
                index=MappingPrefix(self._index, lambda number: number if number < count else None),
                cycles=self.cycle_index.cycles,
                into_weth=MappingPrefix(self._into_weth, lambda edges: _below(edges, 2 * count)),
                kin={group: tuple(pools) for group, pools in self._kin.items()},
                names=MappingPrefix(self._names, lambda number: number if number < count else None),
                lenders=MappingPrefix(self._lenders, lambda pairs: _below(pairs, count)),
            )
        return self._graph

    def _tell(self) -> None:
        """That cycles are left out, when there first are some and each time their number has doubled."""
        left = self.cycle_index.left_out
        if left.cycles > 2 * self._told:
            self._told = left.cycles
            log.warning(
                "cycles are left out by limits", kept=len(self.cycle_index.rows), **msgspec.structs.asdict(left)
            )

    def _number(self, token: Address) -> int:
        return self._tokens.setdefault(token, len(self._tokens))


def _below(numbers: list[int], end: int) -> tuple[int, ...] | None:
    """Of ascending ``numbers`` those below ``end``; ``None`` where there is none."""
    return tuple(numbers[: bisect_left(numbers, end)]) or None
