"""What is followed from view to view is what a fresh look finds, and nothing that pays is missing."""

from collections.abc import Iterator
from math import prod
from random import Random
from typing import Any

import msgspec
import pytest

from tallyio.core.clock import seeded
from tallyio.core.pools import PoolState, V2State, V3State
from tallyio.hot_path.amm.quote import output_of
from tallyio.hot_path.amm.tick_math import sqrt_ratio_at_tick
from tallyio.hot_path.curve import Curve
from tallyio.hot_path.sizing import Leg, refine, run, seed
from tallyio.market.view import MarketView
from tallyio.strategies.base import GasModel
from tallyio.strategies.detection import Detection
from tallyio.strategies.search import CycleSearch
from tallyio.strategies.ways import Path, Standing

GAS = GasModel()
ALL = 10**6


def look(view: MarketView) -> list[Standing]:
    detection = Detection()
    detection.follow(view)
    return sorted(detection.standing())


def moved(random: Random, state: PoolState) -> PoolState:
    if isinstance(state, V2State):
        return V2State(int(state.reserve0 * random.uniform(0.95, 1.05)), state.reserve1)
    if random.random() < 0.3:  # a position more
        nets = dict(zip(state.tick_index, state.liquidity_net, strict=True))
        low, high = sorted(random.sample(sorted(nets), 2))
        more = abs(nets[low]) // 3 + 1
        nets[low], nets[high] = nets[low] + more, nets[high] - more
        return concentrated(state.sqrt_price_x96, state.tick, nets)
    tick = random.choice(state.tick_index[1:-1]) if len(state.tick_index) > 2 else state.tick
    tick += random.randrange(-1, 30)
    return concentrated(sqrt_ratio_at_tick(tick), tick, dict(zip(state.tick_index, state.liquidity_net, strict=True)))


def concentrated(price: int, tick: int, nets: dict[int, int]) -> V3State:
    ticks = tuple(sorted(at for at, net in nets.items() if net))
    here = sum(nets[at] for at in ticks if at <= tick)
    return V3State(price, tick, here, ticks, tuple(nets[at] for at in ticks), tuple(abs(nets[at]) for at in ticks))


def condemned(random: Random, view: MarketView) -> MarketView:
    pools = random.sample(sorted(view.pools), 2)
    rates = view.rates.copy()
    for pool in pools:
        rates[2 * view.graph.index[pool] : 2 * view.graph.index[pool] + 2] = 0.0
    return msgspec.structs.replace(view, untradable=dict.fromkeys(pools, "for a while"), rates=rates)


def walk(random: Random, view: MarketView, steps: int) -> Iterator[MarketView]:
    """Views as they come: later states, what a route would leave, back to one seen before, pools barred."""
    views = [view]
    for _ in range(steps):
        choice = random.random()
        if choice < 0.3:
            view = random.choice(views)
        elif choice < 0.4:
            view = condemned(random, view)
        elif choice < 0.6 and (found := CycleSearch(GAS).best(view, 0, 3)):
            view = view.after(random.choice(found).route)
        elif choice < 0.7:  # as a block: no lineage
            view = msgspec.structs.replace(view, states=dict(view.states))
        else:
            pools = random.sample(sorted(view.states), random.randint(1, 4))
            view = view.with_states({pool: moved(random, view.states[pool]) for pool in pools})
        views.append(view)
        yield view


@pytest.mark.parametrize("case", range(4))
def test_what_was_seen_before_changes_nothing(case: int, random_market: Any) -> None:
    random = seeded(case, "detection")
    view = random_market(random, 12).view()
    detection = Detection()
    for following in walk(random, view, 12):
        detection.follow(following)
        standing = sorted(detection.standing())
        assert standing == look(following)
        touched = random.sample(sorted(view.pools), 2)
        numbers = {view.graph.index[pool] for pool in touched}
        through = [way for way in standing if numbers & {edge >> 1 for edge in way.path}]
        assert sorted(detection.standing(touched)) == through


@pytest.mark.parametrize("case", range(4))
def test_what_stands_is_exact_and_all_that_gains(case: int, random_market: Any) -> None:
    random = seeded(case, "standing")
    made = random_market(random, 16)
    view = made.view()
    for pool in random.sample(sorted(view.states), 5):
        view = view.with_states({pool: moved(random, view.states[pool])})
    standing = {way.path: way for way in look(view)}
    assert standing
    gains = {path: prod(float(view.rates[edge]) for edge in path) for path in view.graph.cycles.rows}
    assert {path for path, gain in gains.items() if gain > 1 + 1e-9} <= {rooted(view, path) for path in standing}
    for way in standing.values():
        assert gains[rooted(view, way.path)] > 1 - 1e-12
        for place, (amount, gained) in enumerate(way.peaks):
            turned = way.path[place:] + way.path[:place]
            expected = seed([Curve(*leg) for leg in legs(view, turned)])
            assert (amount, gained) == pytest.approx(expected, rel=1e-6)


def rooted(view: MarketView, path: Path) -> Path:
    """The path as the table of cycles turns it."""
    rows = set(view.graph.cycles.rows)
    return next(turned for i in range(len(path)) if (turned := path[i:] + path[:i]) in rows)


def legs(view: MarketView, path: Path) -> list[Leg]:
    pools = [view.graph.pools[edge >> 1] for edge in path]
    return [Leg(pool, view.states[pool.address], not edge & 1) for pool, edge in zip(pools, path, strict=True)]


def by_hand(view: MarketView) -> dict[frozenset[int], int]:
    """Every cycle that pays and its best net in wei: each turn of each is sized, none is passed over."""
    found: dict[frozenset[int], int] = {}
    for row in view.graph.cycles.rows:
        if prod(float(view.rates[edge]) for edge in row) <= 1:
            continue
        for i in range(len(row)):
            path = row[i:] + row[:i]
            token, rest = view.graph.token_sold(path[0]), {view.graph.token_sold(edge) for edge in path}
            sales = () if token == view.weth else view.graph.into_weth.get(token, ())
            if token != view.weth and (view.weth in rest or not sales):
                continue
            sized = refine(legs(view, path), seed([Curve(*leg) for leg in legs(view, path)])[0])
            for ways in [[edge] for edge in sales if view.rates[edge] > 0] or [[]]:
                gross = sized.profit if sized else 0
                for leg in legs(view, tuple(ways)):
                    gross = output_of(*leg, gross) if gross else 0
                families = [view.graph.pools[edge >> 1].family for edge in [*path, *ways]]
                net = gross - GAS.swaps(families) * view.next_base_fee_wei
                if (token == view.weth or ways) and net > 0:
                    found[frozenset(row)] = max(net, found.get(frozenset(row), 0))
    return found


@pytest.mark.parametrize("case", range(6))
def test_the_best_are_those_of_a_look_at_every_cycle(case: int, random_market: Any) -> None:
    random = seeded(case, "by hand")
    view = random_market(random, 12).view(random.choice([10**8, 10**9]))
    search = CycleSearch(GAS)
    for following in (view, *walk(random, view, 3)):
        expected = by_hand(following)
        nets = {}
        for trade in search.best(following, 0, ALL):
            following.after(trade.route)
            steps = [trade.route.funding, *trade.route.inner]
            nets[frozenset(edge_of(following, step) for step in steps)] = trade.net_wei
        assert nets.keys() == expected.keys()
        for cycle, net in expected.items():
            assert nets[cycle] == pytest.approx(net, rel=1e-9, abs=2)
        best = sorted(nets.values(), reverse=True)
        assert [trade.net_wei for trade in search.best(following, 0, 3)] == best[:3]


def edge_of(view: MarketView, step: Any) -> int:
    number = view.graph.index[step.pool]
    return 2 * number + int(step.token_in == view.graph.pools[number].token1)


def test_a_pool_without_liquidity_at_its_price_may_have_some_further_on(made: Any) -> None:
    """Its price is far above; on the way down a range pays three percent more than the pair asks."""
    made.pair(made.weth, made.usdc, 1000 * 10**18, 3 * 10**12)
    dry = made.pool(made.weth, made.usdc, seeded(1, "dry"), 10.0**6, 1.0, 500, 10)
    fair = made.states[dry].tick // 10 * 10
    made.states[dry] = concentrated(
        sqrt_ratio_at_tick(fair + 4000), fair + 4000, {fair + 300: 10**17, fair + 400: -(10**17)}
    )
    assert made.states[dry].liquidity == 0
    view = made.view()
    (way,) = look(view)
    assert run(legs(view, way.path), way.amount_in).profit > 0
    (best,) = CycleSearch(GAS).best(view, 0, ALL)
    view.after(best.route)
    assert by_hand(view) == {frozenset(rooted(view, way.path)): best.net_wei}
    state = concentrated(sqrt_ratio_at_tick(fair), fair, {-887270: 10**17, 887270: -(10**17)})
    detection = Detection()
    for following in (view, view.with_states({dry: state}), view):
        detection.follow(following)
        assert sorted(detection.standing()) == look(following)


def test_a_new_pool_is_followed_and_a_view_from_before_it_is_as_it_was(made: Any, random_market: Any) -> None:
    made = random_market(seeded(3, "growth"), 10)
    market, detection = made.market(), Detection()
    before = market.view(next_base_fee_wei=1, next_timestamp=0)
    detection.follow(before)
    stood = sorted(detection.standing())
    new = made.pair(made.weth, made.usdc, 1000 * 10**18, 33 * 10**11)
    market.start(made.block, [made.pools[new]], {new: made.states[new]})
    after = market.view(next_base_fee_wei=1, next_timestamp=0)
    assert after.graph is not before.graph
    for view in (after, before, after):
        detection.follow(view)
        assert sorted(detection.standing()) == look(view)
        assert (sorted(detection.standing()) == stood) == (view is before)
    assert detection.standing([new])
    assert len(detection.standing([new])) == len(detection.standing()) - len(stood)


def test_nothing_stands_before_a_view_is_seen() -> None:
    assert Detection().standing() == []
