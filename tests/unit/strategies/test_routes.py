"""The best routes of an amount, beside a search that tries every path."""

from itertools import permutations
from random import Random
from typing import Any

import pytest

from tallyio.core.errors import OperatorError
from tallyio.core.units import Address
from tallyio.hot_path.sizing import run
from tallyio.market.view import MarketView
from tallyio.strategies.routes import best_routes


def every_route(view: MarketView, a: Address, b: Address, hops: int, amount: int) -> dict[tuple[int, ...], int]:
    found = {}
    for length in range(1, hops + 1):
        for path in permutations(range(2 * len(view.graph.sides)), length):
            tokens = [view.graph.token_sold(path[0]), *(view.graph.token_bought(edge) for edge in path)]
            joined = all(view.graph.token_sold(e) == t for e, t in zip(path, tokens, strict=False))
            if joined and tokens[0] == a and tokens[-1] == b and len(set(tokens)) == len(tokens):
                found[path] = run([view.exchange(edge) for edge in path], amount).amounts[-1]
    return found


@pytest.mark.parametrize("seed", range(4))
def test_no_route_pays_more(random_market: Any, seed: int) -> None:
    made = random_market(Random(seed), 8)
    view = made.view()
    amount = 10**18
    expected = every_route(view, made.weth, made.dai, 3, amount)
    if not expected:
        pytest.skip("the tokens are not joined in this market")
    found = best_routes(view, made.weth, made.dai, amount, keep=3)
    assert found.proved
    assert [each.amount_out for each in found.singles] == sorted(filter(None, expected.values()), reverse=True)[:3]
    assert all(expected[each.path] == each.amount_out for each in found.singles)


def test_a_large_amount_is_split_and_the_split_pays_more(made: Any) -> None:
    made.pair(made.weth, made.dai, 10**21, 3 * 10**24)
    made.pair(made.weth, made.dai, 10**21, 3 * 10**24, fee_pips=2500)
    view = made.view()
    found = best_routes(view, made.weth, made.dai, 10**20)
    assert len(found.split) == 2
    assert sum(each.amounts[0] for each in found.split) == 10**20
    whole = found.singles[0].amount_out
    halves = sum(run([view.exchange(each.path[0])], 5 * 10**19).amounts[-1] for each in found.split)
    paid = sum(each.amount_out for each in found.split)
    assert paid >= halves * (1 - 1e-4) > whole


def test_a_small_amount_stays_whole(made: Any) -> None:
    made.pair(made.weth, made.dai, 10**21, 3 * 10**24)
    made.pair(made.weth, made.dai, 10**21, 2 * 10**24)
    found = best_routes(made.view(), made.weth, made.dai, 10**12)
    assert [each.path for each in found.split] == [found.singles[0].path]


def test_parts_that_share_a_pool_are_traded_one_behind_the_other(made: Any) -> None:
    made.pair(made.weth, made.usdc, 10**21, 3 * 10**12)
    made.pair(made.usdc, made.dai, 10**12, 10**24)
    made.pair(made.usdc, made.dai, 10**12, 10**24, fee_pips=2500)
    view = made.view()
    found = best_routes(view, made.weth, made.dai, 10**20)
    assert len(found.split) == 2
    assert found.split[1].amounts[1] < found.split[1].amounts[0] * found.split[1].rate


def test_unknown_tokens_are_named(made: Any) -> None:
    made.pair(made.weth, made.dai, 10**21, 3 * 10**24)
    with pytest.raises(OperatorError, match=made.link):
        best_routes(made.view(), made.weth, made.link, 10**18)
