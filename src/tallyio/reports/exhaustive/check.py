"""The check as a whole: reads a chain block by block and answers what was takeable after each."""

from typing import Any

import msgspec

from tallyio.core.errors import OutOfReachError
from tallyio.core.pools import V2, Pool
from tallyio.core.units import Address
from tallyio.reports.exhaustive import discovery
from tallyio.reports.exhaustive.arbitrage import Graph
from tallyio.reports.exhaustive.chain_reading import ChainReader, Views
from tallyio.reports.exhaustive.discovery import Factory
from tallyio.reports.exhaustive.greedy import takeable
from tallyio.reports.exhaustive.lending import Market
from tallyio.reports.exhaustive.lending_reading import LendingReader
from tallyio.reports.exhaustive.pool_reading import PoolReader
from tallyio.reports.exhaustive.records import BlockTakeable, GasModel


class Scope(msgspec.Struct, frozen=True):
    """What is looked at. Pools of ``fee_on_transfer`` tokens are left out and counted: their balances do not follow
    the pools' arithmetic. ``gas.wei_per_gas`` is replaced by each block's base fee."""

    weth: Address
    multicall3: Address
    factories: tuple[Factory, ...]
    markets: tuple[Address, ...]
    min_profit_wei: int
    gas: GasModel
    fee_on_transfer: tuple[Address, ...] = ()
    borrowers: tuple[Address, ...] = ()
    first_block: int = 0


class ExhaustiveCheck:
    """``pools_left_out`` counts pools outside the scope; ``pools`` those inside it that were found so far."""

    def __init__(self, reader: ChainReader, scope: Scope) -> None:
        self._views = Views(reader, scope.multicall3)
        self._scope = scope
        self._pool_reader = PoolReader(self._views)
        self._lending = {market: LendingReader(self._views, market) for market in scope.markets}
        self._borrowers = {market: set(scope.borrowers) for market in scope.markets}
        self._listed = dict.fromkeys((f.address for f in scope.factories), 0)
        self._read_to = scope.first_block - 1
        self._graph: Graph | None = None
        self.pools: dict[Address, Pool] = {}
        self.pools_left_out = 0

    async def at(
        self, state_block: int, *, timestamp: int | None = None, base_fee_wei: int | None = None
    ) -> BlockTakeable:
        """What a bundle at the top of block ``state_block + 1`` could have taken.

        ``timestamp`` and ``base_fee_wei`` of that block are read from the chain unless given. Blocks may be asked
        in any order; ascending is cheapest. Raises ``OutOfReachError`` when the chain does not answer.
        """
        if timestamp is None or base_fee_wei is None:
            timestamp, base_fee_wei = await self._header(state_block + 1)
        await self._discover(state_block)
        states = await self._pool_reader.states(self.pools.values(), state_block)
        if self._graph is None or self._graph.pools.keys() != states.keys():
            self._graph = Graph([self.pools[a] for a in states], self._scope.weth)
        markets: dict[Address, Market] = {}
        for market, reading in self._lending.items():
            markets[market] = await reading.market(sorted(self._borrowers[market]), state_block, timestamp)
        gas = msgspec.structs.replace(self._scope.gas, wei_per_gas=base_fee_wei)
        found = takeable(self._graph, states, markets, gas, self._scope.min_profit_wei)
        return BlockTakeable(state_block, found)

    async def _header(self, number: int) -> tuple[int, int]:
        block: dict[str, Any] | None = await self._views.reader.call("eth_getBlockByNumber", [hex(number), False])
        if block is None:
            raise OutOfReachError(f"the chain has no block {number} yet", todo="Ask for an earlier state block")
        return int(block["timestamp"], 16), int(block["baseFeePerGas"], 16)

    async def _discover(self, block: int) -> None:
        if block <= self._read_to:
            return
        first = self._read_to + 1
        for factory in self._scope.factories:
            if factory.family == V2:
                found = await discovery.pairs(self._views, factory, self._listed[factory.address], block)
                self._listed[factory.address] += len(found)
            else:
                found = await discovery.curves(self._views, factory, first, block)
            self._admit(found)
        for market, users in self._borrowers.items():
            users.update(await discovery.borrowers(self._views, market, first, block))
        self._read_to = block

    def _admit(self, pools: list[Pool]) -> None:
        for pool in pools:
            if pool.token0 in self._scope.fee_on_transfer or pool.token1 in self._scope.fee_on_transfer:
                self.pools_left_out += 1
            else:
                self.pools[pool.address] = pool
