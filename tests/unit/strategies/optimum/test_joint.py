"""Cycles that share pools, solved together."""

from itertools import product
from random import Random
from typing import Any

import pytest

from tallyio.core.pools import V2, WRAPPED_NATIVE
from tallyio.core.units import ZERO_ADDRESS
from tallyio.hot_path.sizing import run
from tallyio.market.view import MarketView
from tallyio.protocols.dex.compiled.flows import flow_of
from tallyio.strategies.base import GasModel
from tallyio.strategies.detection import Detection
from tallyio.strategies.optimum.best_input import route_of
from tallyio.strategies.optimum.joint import Joint, Terms, joint
from tallyio.strategies.optimum.netted import Edge, netted
from tallyio.strategies.ways import Standing

TERMS = Terms(GasModel())


def standing(view: MarketView) -> list[Standing]:
    detection = Detection()
    detection.follow(view)
    return detection.standing()


def test_two_cycles_over_one_pool_are_split_as_no_grid_does_better(made: Any) -> None:
    view = made.shared()
    found = joint(view, standing(view), TERMS)
    assert found is not None
    best = 0
    for x, y in product(range(0, 16 * 10**18, 5 * 10**17), repeat=2):
        profit, here = 0, view
        for path, amount in (((1, 2), x), ((1, 4), y)):  # edge 1 sells wrapped ether in the first
            path = tuple(edge if view.graph.token_sold(path[0]) == view.weth else edge ^ 1 for edge in path)
            if amount:
                sized = run([here.exchange(edge) for edge in path], amount)
                if sized.amounts[-1]:
                    profit, here = profit + sized.profit, here.after(route_of(here, path, sized))
        best = max(best, profit)
    assert found.profit >= best
    assert found.gain > 0
    assert found.profit <= found.bound


def carried_out(view: MarketView, found: Joint) -> int:
    """What the routes add up to, each executed on the state that those before it leave."""
    total = 0
    for trade in found.trades:
        route = trade.route
        view = view.after(route)
        moved = [(step.token_in, -step.amount_in) for step in route.steps]  # type: ignore[union-attr]
        moved += [(step.token_out, step.amount_out) for step in route.steps]  # type: ignore[union-attr]
        balances: dict[str, int] = {}
        for token, amount in moved:
            balances[token] = balances.get(token, 0) + amount
        gained = balances.pop(view.weth)
        assert gained == trade.gross_wei > 0
        assert not any(balances.values())
        total += gained
    return total


@pytest.mark.parametrize("seed", range(5))
def test_what_it_says_is_what_the_market_pays_within_its_bound(random_market: Any, seed: int) -> None:
    view = random_market(Random(seed), 10).view()
    found = joint(view, standing(view), TERMS)
    if found is None:
        pytest.skip("nothing gains in this market")
    assert carried_out(view, found) == found.profit
    assert found.single <= found.profit <= found.bound
    assert found.profit >= 0.98 * found.bound


def test_nothing_is_nothing(made: Any) -> None:
    made.pair(made.weth, made.usdc, 10**21, 3 * 10**12)
    view = made.view()
    assert joint(view, [], TERMS) is None
    assert joint(view, [Standing((1, 0), 10**18, ((1e18, 1e10), (0.0, 0.0)))], TERMS) is None


def test_a_trade_brings_its_gas_and_the_least_or_is_left_out(made: Any) -> None:
    view = made.shared()
    whole = joint(view, standing(view), TERMS)
    assert whole
    gas = whole.trades[0].gas
    small = min(trade.gross_wei for trade in whole.trades)
    dear = TERMS._replace(fee_wei=small // gas + 1)
    found = joint(view, standing(view), dear)
    assert found
    assert all(dear.net(trade) > 0 for trade in found.trades)
    assert len(found.trades) < len(whole.trades)
    assert joint(view, standing(view), dear._replace(least_wei=10**30)) is None


def test_what_is_late_has_nothing_or_what_it_found(made: Any) -> None:
    view = made.shared()
    assert joint(view, standing(view), TERMS._replace(late=lambda: True)) is None
    calls = iter(range(100))
    found = joint(view, standing(view), TERMS._replace(late=lambda: next(calls) > 1))
    assert found
    assert carried_out(view, found) == found.profit


def test_a_token_and_its_wrapper_are_one(made: Any) -> None:
    """A dear and a cheap pair, one in wrapped ether and one in ether."""
    made.pair(made.weth, made.usdc, 10**21, 33 * 10**11)
    made.wrapper()
    made.pair(ZERO_ADDRESS, made.usdc, 10**21, 3 * 10**12)
    view = made.view()
    found = joint(view, standing(view), TERMS)
    assert found
    (trade,) = found.trades
    assert sorted(step.family for step in trade.route.steps) == [V2, V2, WRAPPED_NATIVE]  # type: ignore[union-attr]
    assert carried_out(view, found) == found.profit
    assert found.profit >= 0.999 * found.bound


def test_flows_balance_and_the_dual_is_above_them(random_market: Any) -> None:
    view = random_market(Random(4), 12).view()
    numbers = {view.weth: 0}
    edges = []
    for edge in range(2 * len(view.graph.sides)):
        ends = view.graph.token_sold(edge), view.graph.token_bought(edge)
        a, b = (numbers.setdefault(token, len(numbers)) for token in ends)
        pool = view.graph.pools[edge >> 1]
        flow = flow_of(pool, view.states[pool.address], view.next_timestamp, *ends)
        assert flow
        edges.append(Edge(a, b, flow.row, (flow.i, flow.j)))
    worth = [float({0: 1.0}.get(n, 0.0)) for n in range(len(numbers))]
    for _ in numbers:
        for number, edge in enumerate(edges):
            if worth[edge.token_out] and not worth[edge.token_in]:
                worth[edge.token_in] = worth[edge.token_out] * float(view.rates[number])
    found = netted(edges, worth)
    for token in range(1, len(numbers)):
        paid = sum(f.amount_out for e, f in zip(edges, found.flows, strict=True) if e.token_out == token)
        taken = sum(f.amount_in for e, f in zip(edges, found.flows, strict=True) if e.token_in == token)
        assert paid == pytest.approx(taken, rel=1e-6)
    assert found.bound * (1 - 1e-6) <= found.profit <= found.bound * (1 + 1e-9)
