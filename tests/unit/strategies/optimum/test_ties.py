"""Tokens in several forms, of one price."""

import pytest

from tallyio.core.pools import V2, Pool, V2State
from tallyio.core.units import UINT128_MAX, Address
from tallyio.hot_path.curve import Curve, FixedRate
from tallyio.strategies.optimum.netted import netted
from tallyio.strategies.optimum.ties import Edge, tied


def both(a: int, b: int, rate: float, depth: float = float(UINT128_MAX)) -> list[Edge]:
    return [Edge(a, b, FixedRate(rate, depth)), Edge(b, a, FixedRate(1 / rate, depth))]


def pair(a: int, b: int, reserve_a: int, reserve_b: int) -> list[Edge]:
    pool, state = (
        Pool(Address("0x99"), V2, "any", (Address("0x1"), Address("0x2")), 3000),
        V2State(reserve_a, reserve_b),
    )
    return [Edge(a, b, Curve(pool, state, True)), Edge(b, a, Curve(pool, state, False))]


def test_chains_of_links_are_one_group_and_one_way_is_none() -> None:
    edges = [*both(3, 1, 4.0), *both(2, 3, 0.5), Edge(0, 4, FixedRate(1.0, 9.0)), *both(1, 2, 7.0)]
    ties = tied(edges, 5)
    assert ties.groups == {0: (0,), 1: (1, 3, 2), 4: (4,)}
    assert ties.links == {0, 1, 5, 6}  # what goes round does not tie twice
    left = [0.0, 0.0, 10.0, -1.0, 0.0]
    moved = dict(ties.carried(edges, left))
    assert left[2] == left[3] == 0.0
    for number, amount in moved.items():
        assert amount > 0
        assert number in ties.links


def test_what_is_left_comes_to_the_first_of_its_group() -> None:
    edges = [*both(1, 2, 4.0), *both(2, 3, 0.5)]
    ties = tied(edges, 4)
    assert dict(ties.carried(edges, [0.0, 0.0, 3.0, 10.0])) == {3: 10.0, 1: 23.0}
    assert dict(ties.carried(edges, [0.0, 9.0, 0.0, -10.0])) == {2: 20.0, 0: 5.0}


@pytest.mark.parametrize("depth", [1e24, float(UINT128_MAX)])
def test_pools_of_a_token_and_of_its_share_are_one_market(depth: float) -> None:
    edges = [*pair(0, 1, 10**21, 3 * 10**21), *pair(0, 2, 10**21, 2 * 10**21), *both(1, 2, 0.5, depth)]
    found = netted(edges, [1.0, 1 / 3, 2 / 3])
    assert found.profit > 1e18
    assert found.profit == pytest.approx(found.bound, rel=1e-9)
    paid = dict.fromkeys(range(3), 0.0)
    for edge, flow in zip(edges, found.flows, strict=True):
        paid[edge.token_in] -= flow.amount_in
        paid[edge.token_out] += flow.amount_out
    assert paid[0] == pytest.approx(found.profit)
    assert paid[1] == pytest.approx(0, abs=1e10)
    assert paid[2] == pytest.approx(0, abs=1e10)
