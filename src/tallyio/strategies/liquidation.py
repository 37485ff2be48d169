"""Liquidation of lending accounts, funded by the swap that sells their collateral."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from tallyio.core.chain import ChainEvent, NewBlock
from tallyio.core.errors import ChainDataError
from tallyio.core.lending import LendingState
from tallyio.core.pools import PoolState
from tallyio.core.trade import Opportunity, Route
from tallyio.core.units import Address
from tallyio.hot_path.curve import Curve
from tallyio.market.graph import Graph
from tallyio.market.view import MarketView
from tallyio.protocols.lending.aave_v3.health import Health, unhealthy
from tallyio.protocols.lending.aave_v3.liquidation import Case, LiquidationRefusedError, Quote, open_case
from tallyio.strategies.base import GasModel, opportunity_id, pools_of
from tallyio.strategies.liquidation_route import build
from tallyio.strategies.liquidation_sizes import sizes
from tallyio.strategies.liquidation_ways import Pairs, Way, Ways

_SLACK = 1e-9
"""Share by which a float estimate may fall short of the exact value."""
_GOLDEN = (5**0.5 - 1) / 2
_NARROWINGS = 40
_FRACTIONS = (1.0, 0.3, 0.05)
"""Shares of the largest free amount at which ways are compared: a small amount may favour another pool."""


class LiquidationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``min_profit_wei`` is what must be left after gas at the next base fee; ``keep`` how many are handed on."""

    min_profit_wei: int = 10**14
    keep: int = 8
    gas: GasModel = GasModel(base=70_000)


class _Candidate(NamedTuple):
    """``bound`` is the estimated net in wei, slack included."""

    bound: float
    market: LendingState
    case: Case
    quote: Quote
    way: Way


class Liquidation:
    """On each block: for every account below a health factor of 1 at the next block's time, the pair, the amount and
    the way that leave most after gas; one opportunity an account."""

    name = "liquidation"

    def __init__(self, settings: LiquidationSettings) -> None:
        self._settings = settings
        self._curves: dict[tuple[Address, bool], tuple[PoolState, Curve]] = {}
        self._pairs: tuple[Graph, Pairs] | None = None

    def evaluate(self, event: ChainEvent, view: MarketView) -> list[Opportunity]:
        if not isinstance(event, NewBlock):
            return []
        ways = Ways(view, self._pairs_of(view.graph), self._curves)
        candidates = [
            candidate
            for market in view.lending.values()
            for account, health in unhealthy(market, view.next_timestamp)
            for candidate in self._candidates(view, ways, market, account, health)
            if candidate.bound > self._settings.min_profit_wei
        ]
        candidates.sort(key=lambda candidate: -candidate.bound)
        return self._decide(view, candidates)

    def _decide(self, view: MarketView, candidates: list[_Candidate]) -> list[Opportunity]:
        """Exact integers, best bounds first, until no bound can reach what is kept."""
        found: dict[tuple[Address, Address], tuple[int, Opportunity]] = {}
        for c in candidates:
            if len(found) >= self._settings.keep and c.bound <= min(net for net, _ in found.values()):
                break
            account = (c.market.market, c.case.borrower)
            if account in found and c.bound <= found[account][0]:
                continue
            try:
                route, gross = build(view, c.market.market, c.market.flash_premium_bps, c.case, c.quote, c.way)
            except ChainDataError:
                continue
            net = gross - self._settings.gas.route(route) * view.next_base_fee_wei
            if net <= self._settings.min_profit_wei or net <= found.get(account, (net - 1,))[0]:
                continue
            found[account] = (net, self._opportunity(view, c.case.borrower, route, gross))
        ranked = sorted(found.values(), key=lambda item: -item[0])
        return [opportunity for _, opportunity in ranked[: self._settings.keep]]

    def _opportunity(self, view: MarketView, borrower: Address, route: Route, gross_wei: int) -> Opportunity:
        return Opportunity(
            id=opportunity_id(self.name, view, route),
            strategy=self.name,
            state_block=view.block,
            target_block=view.block.number + 1,
            route=route,
            gross_wei=gross_wei,
            gas_estimate=self._settings.gas.route(route),
            pools=pools_of(route),
            borrower=borrower,
        )

    def _candidates(
        self, view: MarketView, ways: Ways, market: LendingState, account: Address, health: Health
    ) -> Iterator[_Candidate]:
        position = market.accounts[account]
        for debt in position.borrowed:
            for collateral in position.supplied:
                try:
                    case = open_case(market, account, collateral, debt, view.next_timestamp, health=health)
                except LiquidationRefusedError:
                    continue
                for quote, way, value in _sized(ways, market, case):
                    gas = self._gas_of(case, way) * view.next_base_fee_wei
                    yield _Candidate(value + abs(value) * _SLACK - gas, market, case, quote, way)

    def _gas_of(self, case: Case, way: Way) -> int:
        gas = self._settings.gas
        loan = gas.flash_loan if case.collateral.asset == case.debt.asset else 0
        return gas.swaps(way.families) + gas.liquidation + loan

    def _pairs_of(self, graph: Graph) -> Pairs:
        if self._pairs is None or self._pairs[0] is not graph:
            self._pairs = (graph, Pairs(graph))
            self._curves.clear()
        return self._pairs[1]


def _sized(ways: Ways, market: LendingState, case: Case) -> Iterator[tuple[Quote, Way, float]]:
    """Amounts with the ways that suit them, and the wrapped ether that each is estimated to gain."""
    edges, free = sizes(case)
    if not edges:
        return
    seen: set[Way] = set()
    for quote in edges:
        for value, way in _ways_for(ways, market, case, quote):
            seen.add(way)
            yield quote, way, value
    for share in _FRACTIONS if free else ():
        quote = case.price(max(1, int(free * share)))
        seen.update(way for _, way in _ways_for(ways, market, case, quote))
    for way in seen if free else ():
        inner = _peak(_valued(ways, market, case, way, free), free)
        if inner is not None:
            try:
                quote = case.quote(inner)
            except LiquidationRefusedError:
                continue
            yield quote, way, _valued(ways, market, case, way, free)(float(inner))


def _ways_for(ways: Ways, market: LendingState, case: Case, quote: Quote) -> list[tuple[float, Way]]:
    collateral, debt = case.collateral.asset, case.debt.asset
    paid, received = float(quote.debt_paid), float(quote.collateral_received)
    if collateral != debt:
        return list(ways.between(collateral, debt, paid, received))
    if not case.debt.flash_loans or quote.debt_paid > case.debt.virtual_balance:
        return []
    return list(ways.loan(debt, received - paid * (1 + market.flash_premium_bps / 10_000)))


def _valued(ways: Ways, market: LendingState, case: Case, way: Way, free: int) -> Callable[[float], float]:
    """The gain by the debt paid: below the edges the collateral is in proportion to the debt."""
    quote = case.price(free)
    rate = quote.collateral_received / quote.debt_paid
    collateral, debt = case.collateral.asset, case.debt.asset
    if collateral == debt:
        premium = 1 + market.flash_premium_bps / 10_000
        return lambda paid: ways.value(way, debt, debt, paid, paid * (rate - premium))
    return lambda paid: ways.value(way, collateral, debt, paid, paid * rate)


def _peak(value: Callable[[float], float], most: int) -> int | None:
    """Where a gain with one peak is highest below ``most``; ``None`` when it still rises there."""
    if value(float(most)) >= value(most * (1 - 1e-6)) > float("-inf"):
        return None
    low, high = 0.0, float(most)
    left, right = high - _GOLDEN * high, _GOLDEN * high
    at_left, at_right = value(left), value(right)
    for _ in range(_NARROWINGS):
        if at_left >= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = value(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = value(right)
    return int((low + high) / 2) or None
