"""One liquidation as a route with exact amounts."""

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool, PoolState
from tallyio.core.trade import LiquidateStep, Route, SwapStep
from tallyio.core.units import Address
from tallyio.market.view import MarketView
from tallyio.protocols.dex.model import swap
from tallyio.protocols.lending.aave_v3.liquidation import Case, Quote
from tallyio.strategies.base import GasModel, swap_step
from tallyio.strategies.funding import borrow
from tallyio.strategies.liquidation_ways import Kind, Way


class _Swaps:
    """Swaps one after the other on the view's pools."""

    def __init__(self, view: MarketView) -> None:
        self._view = view
        self._states: dict[Address, PoolState] = {}

    def step(self, pool: Pool, token_in: Address, amount: int, *, exact_out: bool = False) -> SwapStep:
        """Raises ``ChainDataError`` when the pool cannot fill it."""
        if amount <= 0:
            raise ChainDataError(f"nothing to swap in pool {pool.address}")
        state = self._states.get(pool.address) or self._view.states[pool.address]
        token_out, now = pool.other(token_in), self._view.next_timestamp
        done = swap(pool, state, token_in, token_out, amount, now, exact_out=exact_out)
        self._states[pool.address] = done.state
        return swap_step(pool, token_in, token_out, done.amount_in, done.amount_out, exact_out=exact_out)

    def sell(self, pools: tuple[Pool, ...], token: Address, amount: int) -> tuple[tuple[SwapStep, ...], int]:
        """The steps, and what they bring in the end."""
        steps = []
        for pool in pools:
            step = self.step(pool, token, amount)
            token, amount = step.token_out, step.amount_out
            steps.append(step)
        return tuple(steps), amount

    def buy(self, pools: tuple[Pool, ...], token: Address, amount: int) -> tuple[SwapStep, ...]:
        """The steps that end with exactly ``amount`` of ``token``."""
        steps: list[SwapStep] = []
        for pool in reversed(pools):
            step = self.step(pool, pool.other(token), amount, exact_out=True)
            token, amount = step.token_in, step.amount_in
            steps.insert(0, step)
        return tuple(steps)


def build(view: MarketView, market: Address, case: Case, quote: Quote, way: Way, gas: GasModel) -> tuple[Route, int]:
    """The route and the wrapped ether that it gains.

    Raises ``ChainDataError`` when a pool cannot fill its part, nobody lends what is to be lent, or nothing is gained.
    """
    swaps = _Swaps(view)
    collateral, debt = case.collateral.asset, case.debt.asset
    liquidation = LiquidateStep(
        market=market,
        collateral=collateral,
        debt=debt,
        borrower=case.borrower,
        debt_to_cover=quote.debt_to_cover,
        collateral_received=case.gained(quote),
    )
    if way.kind is Kind.LOAN:
        loans = borrow(view, debt, quote.debt_paid, gas)
        premium = sum(loan.premium for loan in loans)
        outer, gross = swaps.sell(way.sale, debt, quote.collateral_received - quote.debt_paid - premium)
        return _gaining(Route(funding=loans[0], inner=(liquidation,), outer=outer, loans=loans[1:]), gross)
    if way.kind is Kind.REST:
        *before, funding = swaps.buy(way.hops, debt, quote.debt_paid)
        spent = before[0].amount_in if before else funding.amount_in
        outer, gross = swaps.sell(way.sale, collateral, quote.collateral_received - spent)
        return _gaining(Route(funding=funding, inner=(liquidation, *before), outer=outer), gross)
    if debt == view.weth:
        (*before, funding), got = swaps.sell(way.hops, collateral, quote.collateral_received)
        return _gaining(Route(funding=funding, inner=(liquidation, *before)), got - quote.debt_paid)
    (funding,) = swaps.buy(way.hops[1:], debt, quote.debt_paid)
    sold, got = swaps.sell(way.hops[:1], collateral, quote.collateral_received)
    return _gaining(Route(funding=funding, inner=(liquidation, *sold)), got - funding.amount_in)


def _gaining(route: Route, gross_wei: int) -> tuple[Route, int]:
    if gross_wei <= 0:
        raise ChainDataError(f"the liquidation gains {gross_wei} wei")
    return route, gross_wei
