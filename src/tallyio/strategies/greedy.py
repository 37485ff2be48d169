"""The plan for one block: the best trade, its effect, the best that is left, and so on."""

from collections.abc import Callable, Sequence

from tallyio.core.chain import ChainEvent
from tallyio.core.errors import ChainDataError
from tallyio.core.trade import Opportunity
from tallyio.market.view import MarketView
from tallyio.strategies.base import Strategy


def greedy(
    event: ChainEvent, view: MarketView, strategies: Sequence[Strategy], limit: int = 32
) -> tuple[list[Opportunity], MarketView]:
    """At most ``limit`` opportunities in the order in which they must land, and the view that they leave.

    Each is exact on the view that those before it leave. "Best" is the gross less gas at the next base fee.
    """
    chosen: list[Opportunity] = []
    net = net_of(view)
    while len(chosen) < limit:
        found = [opportunity for strategy in strategies for opportunity in strategy.evaluate(event, view)]
        for best in sorted(found, key=net, reverse=True):
            try:
                view = view.after(best.route)
            except ChainDataError:  # its own strategy and the view differ on it: the next best may do
                continue
            chosen.append(best)
            break
        else:
            break
    return chosen, view


def net_of(view: MarketView) -> Callable[[Opportunity], int]:
    """Gross less gas at the view's next base fee, in wei."""
    return lambda opportunity: opportunity.gross_wei - opportunity.gas_estimate * view.next_base_fee_wei
