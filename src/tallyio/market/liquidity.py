"""How much a pool holds, in wrapped ether: what decides whether it takes part in cycles. No amount is made of it."""

from collections import defaultdict
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from tallyio.core.pools import Pool, PoolState, V2State
from tallyio.core.units import Address
from tallyio.market.graph import GraphBuilder

_Q96 = 2**96


class LiquidityGate:
    """Tells the graph what each pool holds, whenever that pool's own state changes.

    A pool without wrapped ether is measured by the best rate of the pools that sell its tokens for it and take part
    themselves: one of dust may name any price. A pool that falls short is measured anew when another way opens.
    """

    def __init__(self, builder: GraphBuilder) -> None:
        self._builder = builder
        self._short: defaultdict[Address, dict[Address, Pool]] = defaultdict(dict)

    def measure(self, pool: Pool, states: Mapping[Address, PoolState], rates: NDArray[np.float64]) -> None:
        """``rates`` by edge, as ``marginal_rates`` tells them of ``states``."""
        builder, weth = self._builder, self._builder.weth
        if not builder.limits.min_liquidity_wei:
            return
        number = builder.add(pool)
        took_part = builder.cycle_index.takes_part(number)

        def rate(token: Address) -> float:
            return max((float(rates[edge]) for edge in builder.sales(token)), default=0.0)

        builder.set_liquidity(number, liquidity_wei(pool, states.get(pool.address), weth, rate))
        takes_part = builder.cycle_index.takes_part(number)
        if weth not in (pool.token0, pool.token1):
            for token in (pool.token0, pool.token1):
                self._short[token].pop(pool.address, None)
                if not takes_part:
                    self._short[token][pool.address] = pool
        elif takes_part and not took_part:
            for short in list(self._short[pool.other(weth)].values()):
                self.measure(short, states, rates)


def liquidity_wei(pool: Pool, state: PoolState | None, weth: Address, rate: Callable[[Address], float]) -> int:
    """The pool's reserve of wrapped ether; without that side, the larger of what its two reserves come to at ``rate``
    (wrapped ether for a unit of the token at the margin, 0 where there is no way). A v3 pool counts with its virtual
    reserves at its price: those of a v2 pool of the same depth there.
    """
    if state is None:
        return 0
    reserves = reserves_of(state)
    tokens = (pool.token0, pool.token1)
    if weth in tokens:
        return reserves[tokens.index(weth)]
    return max(int(reserve * rate(token)) for token, reserve in zip(tokens, reserves, strict=True))


def reserves_of(state: PoolState) -> tuple[int, int]:
    """Token0 and token1; of a v3 pool the virtual ones (Uniswap v3 whitepaper, 2.2), none before it has a price."""
    if isinstance(state, V2State):
        return state.reserve0, state.reserve1
    if not state.sqrt_price_x96:
        return 0, 0
    return state.liquidity * _Q96 // state.sqrt_price_x96, state.liquidity * state.sqrt_price_x96 // _Q96
