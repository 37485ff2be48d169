"""How much a route borrows."""

from tallyio.core.trade import FlashLoan, Route
from tallyio.risk.limits import Prices


def position_wei(route: Route, prices: Prices) -> int | None:
    """The largest debt of ``route`` in wei of ether, rounded up; None when neither side of it has a price.

    A flash swap's debt is worth what it owes, or, where only that has a price, what it received.
    """
    funding = route.funding
    if isinstance(funding, FlashLoan):
        sides = [(funding.token, sum(loan.amount + loan.premium for loan in (funding, *route.loans)))]
    else:
        sides = [(funding.token_in, funding.amount_in), (funding.token_out, funding.amount_out)]
    for token, amount in sorted(sides, key=lambda side: side[0] != prices.weth):
        if token == prices.weth:
            return amount
        if price := prices.wei_per_token.get(token):
            return -(-amount * price[0] // price[1])
    return None
