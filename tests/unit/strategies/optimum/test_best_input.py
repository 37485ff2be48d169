"""The exact best input beside searches that look everywhere."""

from random import Random
from typing import Any

from tallyio.hot_path.sizing import run
from tallyio.market.view import MarketView
from tallyio.strategies.detection import Detection
from tallyio.strategies.optimum.best_input import best_input, route_of
from tallyio.strategies.ways import Path


def standing(view: MarketView) -> list[Path]:
    detection = Detection()
    detection.follow(view)
    return [way.path for way in detection.standing()]


def looked_everywhere(view: MarketView, path: Path, centre: int) -> int:
    """The best of a dense grid over all magnitudes, and of every amount near ``centre``."""
    legs = [view.exchange(edge) for edge in path]
    grid = {int(2 ** (i / 16)) for i in range(16 * 100)}
    fine = {centre * i // 2000 for i in range(1, 4000)} | set(range(max(1, centre - 100), centre + 100))
    return max(run(legs, amount).profit for amount in grid | fine if amount > 0)


def test_it_trails_nothing_and_the_certificate_holds(random_market: Any) -> None:
    seen = 0
    for seed in range(6):
        view = random_market(Random(seed), 10).view()
        for path in standing(view)[:4]:
            found = best_input(view, path)
            if found is None:
                continue
            best = looked_everywhere(view, path, found.sized.amounts[0])
            assert found.sized.profit >= best * (1 - 1e-9)
            assert best <= found.bound
            assert found.missing >= 0
            seen += 1
            assert run([view.exchange(edge) for edge in path], found.sized.amounts[0]) == found.sized
    assert seen > 8


def test_the_route_moves_what_the_size_says(random_market: Any) -> None:
    view = random_market(Random(2), 12).view()
    for path in standing(view):
        found = best_input(view, path)
        if found:
            route = route_of(view, path, found.sized)
            view.after(route)
            assert [step.amount_out for step in route.steps] == list(found.sized.amounts[1:])  # type: ignore[union-attr]


def test_a_cycle_that_loses_has_none(made: Any) -> None:
    made.pair(made.weth, made.usdc, 10**21, 3 * 10**12)
    made.pair(made.weth, made.usdc, 10**21, 3 * 10**12)
    view = made.view()
    assert best_input(view, (0, 3)) is best_input(view, (1, 2)) is None
