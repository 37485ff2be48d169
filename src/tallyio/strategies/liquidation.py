"""Liquidation of lending accounts, funded by the swap that sells their collateral."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

import msgspec

from tallyio.config.settings import NonNegative, Positive
from tallyio.core.chain import ChainEvent, NewBlock
from tallyio.core.errors import ChainDataError
from tallyio.core.lending import AccountPosition, LendingState
from tallyio.core.pools import PoolState
from tallyio.core.trade import Opportunity, Route
from tallyio.core.units import Address
from tallyio.hot_path.curve import Curve
from tallyio.market.graph import Graph
from tallyio.market.view import MarketView
from tallyio.protocols.lending.aave_v3.health import Health, unhealthy
from tallyio.protocols.lending.aave_v3.liquidation import Case, LiquidationRefusedError, Quote, open_case
from tallyio.strategies.base import GasModel, opportunity_id, pools_of
from tallyio.strategies.funding import estimated_share
from tallyio.strategies.liquidation_ceiling import Ceiling
from tallyio.strategies.liquidation_route import build
from tallyio.strategies.liquidation_sizes import Sizes, accepted, sizes
from tallyio.strategies.liquidation_ways import Pairs, Way, Ways

_SLACK = 1e-9
"""Share by which a float estimate may fall short of the exact value."""
_GOLDEN = (5**0.5 - 1) / 2
_NARROWINGS = 40
_FRACTIONS = (0.3, 0.05)
"""Shares of the largest free amount at which ways are compared: a small amount may favour another pool."""


class LiquidationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``min_profit_wei`` is what must be left after gas at the next base fee; ``keep`` how many are handed on."""

    min_profit_wei: NonNegative = 10**14
    keep: Positive = 8
    gas: GasModel = GasModel()


class _Chance(NamedTuple):
    """A pair of an account that may be liquidated; ``ceiling`` bounds its net in wei."""

    ceiling: float
    market: LendingState
    case: Case
    sizes: Sizes


class _KnownSizes(NamedTuple):
    """Kept while the position, the prices and the time are the same."""

    position: AccountPosition
    prices_e8: Mapping[Address, int]
    timestamp: int
    sizes: Sizes


class Liquidation:
    """On each block: for every account below a health factor of 1 at the next block's time, the pair, the amount and
    the way that leave most after gas; one opportunity an account.

    What is kept between calls (curves, sizes) is used only on the very states that it was made from, so it changes
    no answer.
    """

    name = "liquidation"

    def __init__(self, settings: LiquidationSettings) -> None:
        self._settings = settings
        self._curves: dict[tuple[Address, bool], tuple[PoolState, Curve]] = {}
        self._sizes: dict[tuple[Address, Address, Address, Address], _KnownSizes] = {}
        self._pairs: tuple[Graph, Pairs] | None = None

    def evaluate(self, event: ChainEvent, view: MarketView) -> list[Opportunity]:
        if not isinstance(event, NewBlock):
            return []
        pairs = self._pairs_of(view.graph)
        chances = sorted(self._chances(view, Ceiling(view, pairs)), key=lambda chance: -chance.ceiling)
        return self._decide(view, Ways(view, pairs, self._curves), chances)

    def _decide(self, view: MarketView, ways: Ways, chances: list[_Chance]) -> list[Opportunity]:
        """The highest ceilings first, until none can reach what is kept."""
        found: dict[tuple[Address, Address], tuple[int, Opportunity]] = {}
        for chance in chances:
            account = (chance.market.market, chance.case.borrower)
            least = self._settings.min_profit_wei
            if len(found) >= self._settings.keep:
                least = max(least, sorted(net for net, _ in found.values())[-self._settings.keep])
            if chance.ceiling <= least:
                break
            best = self._best(view, ways, chance, max(least, found.get(account, (least,))[0]))
            if best is not None:
                found[account] = best
        ranked = sorted(found.values(), key=lambda item: -item[0])
        return [opportunity for _, opportunity in ranked[: self._settings.keep]]

    def _best(self, view: MarketView, ways: Ways, chance: _Chance, least: int) -> tuple[int, Opportunity] | None:
        """(net, opportunity) above ``least``: estimates rank, exact integers decide."""
        best: tuple[int, Opportunity] | None = None
        base_fee, gas = view.next_base_fee_wei, self._settings.gas
        ranked = []
        for quote, way, value in _sized(view, ways, chance.case, chance.sizes):
            bound = value + abs(value) * _SLACK - self._gas_of(chance.case, way) * base_fee
            if bound > least:
                ranked.append((bound, quote, way))
        for bound, quote, way in sorted(ranked, key=lambda item: -item[0]):
            if bound <= least:
                break
            try:
                route, gross = build(view, chance.market.market, chance.case, quote, way, gas)
            except ChainDataError:
                continue
            net = gross - gas.route(route) * base_fee
            if net > least:
                least, best = net, (net, self._opportunity(view, chance.case.borrower, route, gross))
        return best

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

    def _chances(self, view: MarketView, ceiling: Ceiling) -> Iterator[_Chance]:
        gas = self._settings.gas
        cost = (gas.base + gas.liquidation) * view.next_base_fee_wei
        for market in view.lending.values():
            for account, health in unhealthy(market, view.next_timestamp):
                for case in _cases(market, account, health, view.next_timestamp):
                    found = self._sizes_of(market, case)
                    quotes = [case.price(amount) for amount in found.edges]
                    pair = case.collateral.asset, case.debt.asset
                    bound = max((ceiling.gain(*pair, q.debt_paid, q.collateral_received) for q in quotes), default=0.0)
                    bound += abs(bound) * _SLACK - cost
                    if bound > self._settings.min_profit_wei:
                        yield _Chance(bound, market, case, found)

    def _sizes_of(self, market: LendingState, case: Case) -> Sizes:
        key = (market.market, case.borrower, case.collateral.asset, case.debt.asset)
        known = self._sizes.get(key)
        same = known is not None and known.position is case.position and known.prices_e8 is market.prices_e8
        if known is None or not same or known.timestamp != case.timestamp:
            known = self._sizes[key] = _KnownSizes(case.position, market.prices_e8, case.timestamp, sizes(case))
        return known.sizes

    def _gas_of(self, case: Case, way: Way) -> int:
        gas = self._settings.gas
        loan = min((gas.flash_loan, *gas.loans.values())) if case.collateral.asset == case.debt.asset else 0
        return gas.swaps(way.families) + gas.liquidation + loan

    def _pairs_of(self, graph: Graph) -> Pairs:
        if self._pairs is None or self._pairs[0] is not graph:
            self._pairs = (graph, Pairs(graph))
            self._curves.clear()
        return self._pairs[1]


def _cases(market: LendingState, account: Address, health: Health, timestamp: int) -> Iterator[Case]:
    """Every pair of debt and collateral that the market would let anyone liquidate."""
    position = market.accounts[account]
    for debt in position.borrowed:
        for collateral in position.supplied:
            with suppress(LiquidationRefusedError):
                yield open_case(market, account, collateral, debt, timestamp, health=health)


def _sized(view: MarketView, ways: Ways, case: Case, found: Sizes) -> Iterator[tuple[Quote, Way, float]]:
    """Amounts with the ways that suit them, and the wrapped ether that each is estimated to gain."""
    seen: set[Way] = set()
    for amount in found.edges:
        quote = accepted(case, amount)
        if quote is None:
            continue
        for value, way in _ways_for(view, ways, case, quote):
            seen.add(way)
            yield quote, way, value
    if not found.free:
        return
    for share in _FRACTIONS:
        quote = case.price(max(1, int(found.free * share)))
        seen.update(way for _, way in _ways_for(view, ways, case, quote))
    for way in seen:
        value_of = _valued(view, ways, case, way, found.free)
        inner = _peak(value_of, found.free)
        quote = accepted(case, inner) if inner else None
        if quote is not None:
            yield quote, way, value_of(float(quote.debt_paid))


def _ways_for(view: MarketView, ways: Ways, case: Case, quote: Quote) -> list[tuple[float, Way]]:
    collateral, debt = case.collateral.asset, case.debt.asset
    paid, received = float(quote.debt_paid), float(quote.collateral_received)
    if collateral != debt:
        return list(ways.between(collateral, debt, paid, received))
    share = estimated_share(view, debt, quote.debt_paid)
    return [] if share is None else list(ways.loan(debt, received - paid * (1 + share)))


def _valued(view: MarketView, ways: Ways, case: Case, way: Way, free: int) -> Callable[[float], float]:
    """The gain by the debt paid: below the edges the collateral is in proportion to the debt."""
    quote = case.price(free)
    rate = quote.collateral_received / quote.debt_paid
    collateral, debt = case.collateral.asset, case.debt.asset
    if collateral == debt:
        premium = 1 + (estimated_share(view, debt, free) or 0.0)
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
