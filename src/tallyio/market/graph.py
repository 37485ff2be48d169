"""The pools as a graph: numbers for the hot path, and the ways to find a pool by what it trades."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tallyio.core.pools import V3, Pool
from tallyio.core.units import Address
from tallyio.hot_path.cycles import Cycles, CycleTable

PoolName = tuple[str, Address, Address, int | None]
"""Protocol, token0, token1 and (v3 alone) fee: how routers name a pool."""


@dataclass(frozen=True)
class Graph:
    """Immutable. Pool ``i`` of the hot path is ``pools[i]``; edge ``2 * i`` sells its token0, ``2 * i + 1`` token1."""

    weth: Address
    pools: tuple[Pool, ...]
    index: Mapping[Address, int]
    cycles: Cycles
    into_weth: Mapping[Address, tuple[int, ...]]
    """The edges that sell a token for wrapped ether."""
    names: Mapping[PoolName, Address]

    def find(self, protocol: str, a: Address, b: Address, fee_pips: int | None) -> Pool | None:
        """The pool that a router means, ``None`` where it is not known."""
        token0, token1 = (a, b) if int(a, 16) < int(b, 16) else (b, a)
        found = self.names.get((protocol, token0, token1, fee_pips))
        return self.pools[self.index[found]] if found else None

    def token_sold(self, edge: int) -> Address:
        pool = self.pools[edge >> 1]
        return pool.token1 if edge & 1 else pool.token0


@dataclass
class GraphBuilder:
    """Takes pools as they are discovered; ``graph`` is made anew only after one was added."""

    weth: Address
    max_hops: int = 3
    max_cycles: int = 1_000_000
    _pools: list[Pool] = field(default_factory=list)
    _index: dict[Address, int] = field(default_factory=dict)
    _tokens: dict[Address, int] = field(default_factory=dict)
    _into_weth: dict[Address, tuple[int, ...]] = field(default_factory=dict)
    _names: dict[PoolName, Address] = field(default_factory=dict)
    _graph: Graph | None = None

    def __post_init__(self) -> None:
        anchor = self._number(self.weth)
        self._table = CycleTable(anchor=anchor, max_hops=self.max_hops, max_cycles=self.max_cycles)

    def add(self, pool: Pool) -> int:
        """Adds a pool and its cycles; a pool that is known already keeps its number."""
        if pool.address in self._index:
            return self._index[pool.address]
        number = self._table.add_pool(self._number(pool.token0), self._number(pool.token1))
        self._pools.append(pool)
        self._index[pool.address] = number
        fee = pool.fee_pips if pool.family == V3 else None
        self._names[pool.protocol, pool.token0, pool.token1, fee] = pool.address
        if self.weth in (pool.token0, pool.token1):
            token = pool.other(self.weth)
            edge = 2 * number + (token == pool.token1)
            self._into_weth[token] = (*self._into_weth.get(token, ()), edge)
        self._graph = None
        return number

    @property
    def graph(self) -> Graph:
        if self._graph is None:
            self._graph = Graph(
                weth=self.weth,
                pools=tuple(self._pools),
                index=MappingProxyType(dict(self._index)),
                cycles=self._table.snapshot(),
                into_weth=MappingProxyType(dict(self._into_weth)),
                names=MappingProxyType(dict(self._names)),
            )
        return self._graph

    def _number(self, token: Address) -> int:
        return self._tokens.setdefault(token, len(self._tokens))
