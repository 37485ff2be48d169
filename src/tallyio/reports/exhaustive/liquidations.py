"""The best liquidation on a state of pools and lending market.

The debt is bought by selling the collateral over one pool or two, the rest of the collateral is swapped to WETH by
one. Candidates for the amount: all that the close factor and the collateral allow, the most that leaves no dust, and
the inner optimum where a larger amount would move the pools too far (the collateral is linear in the debt, its
price convex, so the profit has one peak).
"""

from collections.abc import Callable, Iterator

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.units import Address
from tallyio.reports.exhaustive.arbitrage import CycleSearch, Graph, best_sale
from tallyio.reports.exhaustive.cycles import Hop
from tallyio.reports.exhaustive.lending import (
    WAD,
    Account,
    Liquidation,
    Market,
    Reserve,
    clean_limit,
    liquidate,
    most_debt,
    pairs,
    totals,
)
from tallyio.reports.exhaustive.records import GasModel, Takeable
from tallyio.reports.exhaustive.sizing import LISTABLE, climb, listed
from tallyio.reports.exhaustive.venues import State, States, estimate, estimate_in, swap

_SLACK = 1e-9
_THIRDS = 48
Way = tuple[Hop, ...]


class FoundLiquidation(msgspec.Struct, frozen=True):
    record: Takeable
    after: dict[Address, State]
    account: Account


class _Case(msgspec.Struct, frozen=True):
    """An account, a pair, a way to buy the debt, and the amount that an estimate favours."""

    account: Account
    collateral: Reserve
    debt: Reserve
    way: Way
    cover: int
    inner: bool


def ways_to_buy(graph: Graph, token_in: Address, token_out: Address) -> list[Way]:
    """Every path of one pool or two from one token to another."""
    found: list[Way] = []
    for first in (Hop(p, token_in) for p in graph.pools.values() if token_in in (p.token0, p.token1)):
        middle = first.token_out
        if middle == token_out:
            found.append((first,))
        else:
            ends = (p for p in graph.pools.values() if {p.token0, p.token1} == {middle, token_out})
            found.extend((first, Hop(pool, middle)) for pool in ends)
    return found


class LiquidationSearch:
    """``accounts`` are as the market was read; ``update`` replaces the one that a liquidation changed."""

    def __init__(self, graph: Graph, market: Market, gas: GasModel) -> None:
        self._graph, self._market, self._gas = graph, market, gas
        self._unhealthy: dict[Address, Account] = {}
        self._ways: dict[tuple[Address, Address], list[Way]] = {}
        for account in market.accounts.values():
            self.update(account)

    def update(self, account: Account) -> None:
        self._unhealthy.pop(account.user, None)
        if totals(self._market, account)[2] < WAD:
            self._unhealthy[account.user] = account

    def best(self, prices: CycleSearch, more_than_wei: int) -> FoundLiquidation | None:
        """The liquidation with the greatest net value above ``more_than_wei``, sized and priced exactly."""
        found: FoundLiquidation | None = None
        ranked = sorted(self._estimates(prices, more_than_wei), key=lambda item: item[0], reverse=True)
        for bound, case in ranked:
            best_so_far = found.record.net_wei if found is not None else more_than_wei
            if bound < best_so_far:
                break
            exact = self._exact(case, prices.states)
            if exact is not None and exact.record.net_wei > best_so_far:
                found = exact
        return found

    def _estimates(self, prices: CycleSearch, more_than_wei: int) -> Iterator[tuple[float, _Case]]:
        for account in self._unhealthy.values():
            for collateral, debt in pairs(self._market, account):
                if collateral.asset != debt.asset:
                    yield from self._pair_estimates(account, collateral, debt, prices, more_than_wei)

    def _pair_estimates(
        self, account: Account, collateral: Reserve, debt: Reserve, prices: CycleSearch, more_than_wei: int
    ) -> Iterator[tuple[float, _Case]]:
        most = most_debt(self._market, account, collateral, debt)
        limit = clean_limit(self._market, account, collateral, debt, most)
        sizes = [done for cover in {most, limit} if (done := self._try(account, collateral, debt, cover)) is not None]
        if not sizes:
            return
        per_debt = max(done.collateral_received / done.debt_paid for done in sizes if done.debt_paid)
        pair = collateral.asset, debt.asset
        if pair not in self._ways:
            self._ways[pair] = ways_to_buy(self._graph, *pair)
        for way in self._ways[pair]:

            def value(cover: float, received: float, way: Way = way) -> float:
                return self._estimated_net(prices, way, cover, received)

            scored = [(value(d.debt_paid, d.collateral_received), d.debt_paid, False) for d in sizes]
            if limit:
                peak = _peak(lambda cover: value(cover, cover * per_debt), float(limit))
                scored.append((value(peak, peak * per_debt), int(peak), True))
            bound, cover, inner = max(scored)
            if bound > more_than_wei:
                yield bound, _Case(account, collateral, debt, way, max(cover, 1), inner)

    def _try(self, account: Account, collateral: Reserve, debt: Reserve, cover: int) -> Liquidation | None:
        try:
            done = liquidate(self._market, account, collateral, debt, cover)
        except ChainDataError:
            return None
        return done if done.debt_paid else None

    def _estimated_net(self, prices: CycleSearch, way: Way, cover: float, received: float) -> float:
        """Upper bound of the net value, in floats."""
        received += 1  # the contract rounds the collateral half up
        need = cover
        for hop in reversed(way):
            need = estimate_in(*prices.shape(hop), need)
        rest = received - need
        weth, pools = self._graph.weth, [hop.pool for hop in way]
        if rest <= 0:  # a loss, the greater the more it lacks, so that a peak elsewhere is found
            return rest - self._gas.cost_wei(pools, 1)
        slack = received * _SLACK
        if way[0].token_in == weth:
            return rest + slack - self._gas.cost_wei(pools, 1)
        best = float("-inf")
        for sale in self._graph.to_weth[way[0].token_in]:
            before = need if sale.pool.address == way[0].pool.address else 0.0
            shape = prices.shape(sale)
            out = estimate(*shape, before + rest + slack)[0] - estimate(*shape, before)[0]
            best = max(best, out * (1 + _SLACK) - self._gas.cost_wei([*pools, sale.pool], 1))
        return best

    def _exact(self, case: _Case, states: States) -> FoundLiquidation | None:
        """The case settled exactly at the best amount near the estimate's. Rounding can favour a unit or two less."""

        def net(cover: int) -> int | None:
            found = self._settled(case, states, cover)
            return None if found is None else found.record.net_wei

        if not case.inner:
            near = range(max(1, case.cover - 2), case.cover + 1)
            cover, _ = listed(net, near)
        else:
            most = most_debt(self._market, case.account, case.collateral, case.debt)
            limit = clean_limit(self._market, case.account, case.collateral, case.debt, most)
            if limit <= LISTABLE:
                cover, _ = listed(net, range(1, limit + 1))
            else:
                cover, _ = climb(net, case.cover, 1, limit)
        return self._settled(case, states, cover)

    def _settled(self, case: _Case, states: States, cover: int) -> FoundLiquidation | None:
        """The exact record of one liquidation, None where any of its steps would revert or lose."""
        try:
            done = liquidate(self._market, case.account, case.collateral, case.debt, cover)
            need, after = done.debt_paid, {}
            for hop in reversed(case.way):
                need, _, after[hop.pool.address] = swap(
                    hop.pool, states[hop.pool.address], hop.token_in, need, exact_out=True
                )
        except ChainDataError:
            return None
        gross, pools = done.collateral_received - need, [hop.pool for hop in case.way]
        if gross <= 0:
            return None
        if case.collateral.asset != self._graph.weth:
            sale = best_sale(self._graph.to_weth[case.collateral.asset], {**states, **after}, gross)
            if sale is None:
                return None
            pool, gross, state = sale
            pools, after = [*pools, pool], {**after, pool.address: state}
        gas = self._gas.cost_wei(pools, 1)
        record = Takeable(
            kind="liquidation", pools=tuple(p.address for p in pools), token=case.debt.asset, amount=done.debt_paid,
            gross_wei=gross, gas_wei=gas, net_wei=gross - gas, borrower=case.account.user,
            collateral=case.collateral.asset, collateral_amount=done.collateral_received,
        )  # fmt: skip
        return FoundLiquidation(record, after, done.after)


def _peak(value: Callable[[float], float], most: float) -> float:
    """Where a function with one peak is highest on 0..most; the end itself when it still rises there."""
    if float("-inf") < value(most) >= value(most * (1 - 1e-6)):
        return most
    low, high = 0.0, most
    for _ in range(_THIRDS):
        third = (high - low) / 3
        left, right = low + third, high - third
        if value(left) < value(right):
            low = left
        else:
            high = right
    return (low + high) / 2
