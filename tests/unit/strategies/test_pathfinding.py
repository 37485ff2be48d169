"""What gains beside the cycles that the index holds."""

from random import Random
from typing import Any

from tallyio.config.settings import CycleSettings
from tallyio.strategies.optimum.best_input import best_input
from tallyio.strategies.pathfinding import beyond


def triangle(made: Any) -> Any:
    """Gains over three pools, not over two."""
    made.pair(made.weth, made.usdc, 10**21, 3 * 10**12)
    made.pair(made.usdc, made.dai, 10**12, 10**24)
    made.pair(made.weth, made.dai, 10**21, 33 * 10**23)
    return made


def test_a_cycle_within_the_limits_is_not_beyond_them(made: Any) -> None:
    found = beyond(triangle(made).view(), [made.weth], 3, 5)
    assert (found.limited, found.longer, found.complete) == ([], [], True)


def test_a_longer_one_is_told(made: Any) -> None:
    found = beyond(triangle(made).view(max_hops=2), [made.weth], 2, 5)
    assert [len(path) for path in found.longer] == [3]
    assert found.limited == []


def test_what_pruning_by_liquidity_costs_is_known(made: Any) -> None:
    limits = CycleSettings(min_liquidity_wei=10**30)
    view = triangle(made).view(cycles=limits)
    (path,) = beyond(view, [made.weth], 3, 5).limited
    lost = best_input(view, path)
    assert lost is not None
    assert lost.sized.profit > 10**17


def test_cycles_without_a_base_are_looked_for_by_length_alone(random_market: Any) -> None:
    made = random_market(Random(3), 12)
    view = made.view(max_hops=2)
    found = beyond(view, [made.link], 2, 3)
    assert all(made.link in map(view.graph.token_sold, path) or len(path) > 3 for path in found.longer + found.limited)
    assert beyond(view, ["0x" + "99" * 20], 2, 3).limited == []
