"""Cycles that are longer than the index holds: looked for beside the search, offered to it, sized by it."""

from random import Random
from typing import Any

import pytest

from tallyio.engine.beside import LongLook
from tallyio.market.view import MarketView
from tallyio.strategies.base import GasModel
from tallyio.strategies.detection import Detection
from tallyio.strategies.long_cycles import LongCycles
from tallyio.strategies.pathfinding import finder_of
from tallyio.strategies.search import CycleSearch


def square(made: Any) -> Any:
    """Gains over four pools, not over fewer."""
    made.pair(made.weth, made.usdc, 10**21, 3 * 10**12)
    made.pair(made.usdc, made.dai, 10**12, 10**24)
    made.pair(made.dai, made.link, 10**24, 66 * 10**21)
    made.pair(made.link, made.weth, 10**22, 6 * 10**19)
    return made


def offered(view: MarketView) -> Detection:
    detection = Detection()
    detection.follow(view)
    detection.offer(view.graph, LongCycles(3, 8).look(view))
    return detection


def test_what_is_offered_is_a_trade_like_any_other(made: Any) -> None:
    view = square(made).view()
    assert CycleSearch(GasModel()).best(view, 0, 4) == []
    detection = offered(view)
    (found,) = CycleSearch(GasModel(), detection).best(view, 0, 4)
    assert len(found.route.inner) == 3
    after = view.after(found.route)
    assert CycleSearch(GasModel(), detection).best(after, 0, 4) == []
    (again,) = CycleSearch(GasModel(), detection).best(view, 0, 4)
    assert again == found
    assert [way.path for way in detection.standing([made.link])] == []  # a token is no pool
    (pool, *_) = [pool for pool, state in view.states.items() if after.states[pool] is not state]
    assert len(detection.standing([pool])) == 1


def test_a_new_offer_takes_the_place_of_the_last(made: Any) -> None:
    view = square(made).view()
    detection = offered(view)
    detection.follow(view)
    assert len(detection.standing()) == 1
    detection.offer(view.graph, [])
    detection.follow(view)
    assert detection.standing() == []


def test_an_offer_of_another_graph_is_nothing(made: Any, random_market: Any) -> None:
    view, other = square(made).view(), random_market(Random(2), 9).view()
    detection = Detection()
    detection.follow(other)
    before = detection.standing()
    detection.offer(view.graph, LongCycles(3, 8).look(view))
    detection.follow(other)
    assert detection.standing() == before


@pytest.mark.parametrize("seed", range(3))
def test_a_graph_that_grew_is_as_one_begun_anew(random_market: Any, seed: int) -> None:
    made = random_market(Random(seed), 14)
    market = made.market()
    cycles = LongCycles(2, 8)
    view = market.view(next_base_fee_wei=10**9, next_timestamp=made.block.timestamp + 12)
    assert cycles.look(view) == LongCycles(2, 8).look(view)
    random = Random(seed + 100)
    more = random_market(random, 20)
    more.pools = {**made.pools, **{a: p for a, p in more.pools.items() if a not in made.pools}}
    more.states = {**more.states, **made.states}
    grown = more.view()
    found = cycles.look(grown)
    assert found == LongCycles(2, 8).look(grown)
    finder, _ = finder_of(grown)
    assert all(len(path) > 2 and finder.weight(path) > 0 for path in found)


async def test_one_look_at_a_time_beside_the_loop(made: Any) -> None:
    view = square(made).view()
    detection = Detection()
    detection.follow(view)
    look = LongLook(LongCycles(3, 8), detection)
    look.begin(view)
    begun = look._looking
    look.begin(view)
    assert look._looking is begun
    assert begun is not None
    await begun
    detection.follow(view)
    assert len(detection.standing()) == 1
    look.begin(view)
    assert look._looking is not begun
    await look.close()
