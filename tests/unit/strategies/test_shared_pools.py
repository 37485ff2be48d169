"""A pool of many tokens on the way of a cycle is not asked to buy the cycle's profit as well."""

from typing import Any

from tallyio.core.pools import BALANCER_V2, Pool
from tallyio.core.trade import SwapStep
from tallyio.core.units import Address
from tallyio.market.reading import PoolsRead
from tallyio.protocols.dex.balancer_v2 import BalancerTerms
from tallyio.protocols.dex.families.balancer_vault import balances
from tallyio.protocols.dex.families.balancer_weighted import WeightedPool
from tallyio.strategies.arbitrage import Arbitrage, ArbitrageSettings

SHARED = Address("0x" + "cc" * 20)
MILLION = 10**6 * 10**6


def test_profit_is_sold_beside_the_pools_of_the_cycle(made: Any) -> None:
    tokens = tuple(sorted((made.usdc, made.dai, made.weth)))
    held = {made.usdc: 3 * MILLION, made.dai: 3 * 10**24, made.weth: 1000 * 10**18}
    third = 10**18 // 3
    state = WeightedPool(
        balances([held[token] for token in tokens]),
        tuple(10**12 if token == made.usdc else 1 for token in tokens),
        (10**18 - 2 * third, third, third),
        fee=10**15,
    )
    terms = BalancerTerms("0x" + "cc" * 32)
    made.pools[SHARED] = Pool(
        SHARED, BALANCER_V2, "balancer", tokens, 1000, home=Address("0x" + "dd" * 20), terms=terms
    )
    pair = made.pair(made.usdc, made.dai, MILLION, 104 * 10**22)
    sale = made.pair(made.weth, made.usdc, 3 * 10**18, 9000 * 10**6)
    other = made.pair(made.weth, made.dai, 3 * 10**18, 9000 * 10**18)
    market = made.market()
    market.settle(PoolsRead(states={SHARED: state}))
    view = market.view(next_base_fee_wei=10**9, next_timestamp=made.block.timestamp + 12)
    found = Arbitrage(ArbitrageSettings()).evaluate(made.event, view)
    through = [o for o in found if {pair, SHARED} <= set(o.pools) and o.route.outer]
    assert through
    for opportunity in through:
        (sold,) = opportunity.route.outer
        assert isinstance(sold, SwapStep)
        assert sold.pool in (sale, other)
        view.after(opportunity.route)
