"""How much a pool holds, in wrapped ether: what decides whether it takes part in cycles. No amount is made of it."""

from collections import defaultdict
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from tallyio.core.pools import Pool, PoolState
from tallyio.core.units import Address
from tallyio.market.graph import GraphBuilder, pairs_of
from tallyio.protocols.dex.siblings import family_of


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
        first = builder.add(pool)
        took_part = builder.cycle_index.takes_part(first)

        def rate(token: Address) -> float:
            return max((float(rates[edge]) for edge in builder.sales(token)), default=0.0)

        amount = liquidity_wei(pool, states.get(pool.address), weth, rate)
        for pair in range(first, first + pairs_of(pool)):
            builder.set_liquidity(pair, amount)
        takes_part = builder.cycle_index.takes_part(first)
        if weth not in pool.tokens:
            for token in pool.tokens:
                self._short[token].pop(pool.address, None)
                if not takes_part:
                    self._short[token][pool.address] = pool
        elif takes_part and not took_part:
            for token in pool.tokens:
                for short in list(self._short[token].values()):
                    self.measure(short, states, rates)


def liquidity_wei(pool: Pool, state: PoolState | None, weth: Address, rate: Callable[[Address], float]) -> int:
    """The pool's reserve of wrapped ether; without that token, the largest of what its reserves come to at ``rate``
    (wrapped ether for a unit of the token at the margin, 0 where there is no way). Where liquidity is concentrated a
    pool counts with its virtual reserves at its price: those of a v2 pool of the same depth there.
    """
    if state is None:
        return 0
    holdings = family_of(pool).holdings(pool, state)
    if weth in pool.tokens:
        return holdings[pool.tokens.index(weth)]
    return max(int(held * rate(token)) for token, held in zip(pool.tokens, holdings, strict=True))
