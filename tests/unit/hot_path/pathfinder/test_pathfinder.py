"""The pathfinder beside an enumeration that knows no shortcut."""

from itertools import pairwise, permutations
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallyio.hot_path.pathfinder.finder import Pathfinder

Pairs = list[tuple[int, int, int, float, float]]
"""Two tokens, the pool, and what a unit of each pays."""


@st.composite
def graphs(draw: st.DrawFn) -> Pairs:
    tokens = draw(st.integers(2, 5))
    ends = st.tuples(st.integers(0, tokens - 1), st.integers(0, tokens - 1)).filter(lambda ab: ab[0] != ab[1])
    rate = st.one_of(st.floats(0.5, 2.0), st.just(0.0))
    pair = st.tuples(ends, st.integers(0, 6), rate, rate).map(lambda p: (*p[0], p[1], p[2], p[3]))
    return draw(st.lists(pair, min_size=1, max_size=7))


def made(pairs: Pairs) -> Pathfinder:
    finder = Pathfinder(tokens=1, pairs=1)
    for a, b, pool, _, _ in pairs:
        finder.add(a, b, pool)
    finder.set_rates(np.array([rate for pair in pairs for rate in pair[3:]]))
    return finder


def simple_paths(pairs: Pairs, start: int, target: int, hops: int) -> dict[tuple[int, ...], float]:
    """Every path by trial of every order of every edge, with its weight."""
    found = {}
    edges = range(2 * len(pairs))
    for length in range(1, hops + 1):
        for path in permutations(edges, length):
            ends = [pairs[e >> 1][:2][:: -1 if e & 1 else 1] for e in path]
            pools = [pairs[e >> 1][2] for e in path]
            rates = [pairs[e >> 1][3 + (e & 1)] for e in path]
            visited = [sold for sold, _ in ends] + ([] if start == target else [target])
            joined = all(a[1] == b[0] for a, b in pairwise(ends))
            once = len(set(visited)) == len(visited) and len(set(pools)) == len(pools)
            if ends[0][0] == start and ends[-1][1] == target and joined and once and all(rates):
                found[path] = sum(map(log, rates))
    return found


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_every_gaining_cycle_through_a_base_is_found_once(pairs: Pairs) -> None:
    expected = {}
    for base in (0, 1):
        for path, weight in simple_paths(pairs, base, base, 3).items():
            rotations = {path[i:] + path[:i] for i in range(len(path))}
            if weight > 1e-9 and not rotations & expected.keys():
                expected[path] = weight
    ways = made(pairs).cycles([0, 1], 3, least=1e-9)
    assert not ways.full
    assert not ways.cut_short
    turned = [{path[i:] + path[:i] for i in range(len(path))} for path in ways.paths]
    assert len(ways.paths) == len(expected)
    assert all(len(each & expected.keys()) == 1 for each in turned)


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(1, 3))
def test_every_route_is_found_the_best_first(pairs: Pairs, hops: int) -> None:
    expected = simple_paths(pairs, 0, 1, hops)
    finder = made(pairs)
    ways = finder.routes(0, 1, hops)
    assert set(ways.paths) == expected.keys()
    weights = [expected[path] for path in ways.paths]
    assert weights == pytest.approx(sorted(expected.values(), reverse=True))
    if weights:
        assert finder.best_weight(0, 1, hops) >= weights[0] - 1e-12


def ring(length: int, gain: float) -> Pairs:
    return [(i, (i + 1) % length, i, 1.0, 0.9) for i in range(length - 1)] + [(length - 1, 0, length, gain, 0.9)]


def test_a_long_cycle_is_found_and_none_where_nothing_gains() -> None:
    pairs = ring(9, 1.01)
    (cycle,) = made(pairs).long_cycles(5)
    assert sorted(e >> 1 for e in cycle) == list(range(9))
    ends = [pairs[e >> 1][:2] for e in cycle]
    assert all(a[1] == b[0] for a, b in zip(ends, (*ends[1:], ends[0]), strict=True))
    assert made(ring(9, 0.99)).long_cycles(5) == []


def test_each_long_cycle_is_another() -> None:
    two = ring(6, 1.02) + [(a + 6, b + 6, pool + 10, r, s) for a, b, pool, r, s in ring(7, 1.01)]
    found = made(two).long_cycles(5)
    assert sorted(len(cycle) for cycle in found) == [6, 7]


def test_the_caps_say_what_they_leave_out() -> None:
    pairs: Pairs = [(0, 1, pool, 1.1, 1.1) for pool in range(6)]
    finder = made(pairs)
    ways = finder.cycles([0], 2, most=4)
    assert (len(ways.paths), ways.full, ways.cut_short) == (4, True, False)
    assert not finder.cycles([0], 2, most=31).full
    assert finder.cycles([0], 2, most_steps=3).cut_short


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(1, 5))
def test_a_cap_keeps_the_best(pairs: Pairs, most: int) -> None:
    expected = sorted(simple_paths(pairs, 0, 1, 3).values(), reverse=True)
    ways = made(pairs).routes(0, 1, 3, most=most)
    weights = simple_paths(pairs, 0, 1, 3)
    assert [weights[path] for path in ways.paths] == pytest.approx(expected[:most])


def test_a_pool_that_cannot_be_traded_takes_no_part() -> None:
    finder = made([(0, 1, 0, 2.0, 1.0), (0, 1, 1, 1.0, 2.0)])
    assert finder.cycles([0], 2).paths
    finder.set_rates(np.array([0.0]), np.array([0]))
    assert finder.cycles([0], 2).paths == []
    assert finder.routes(1, 1, 2).paths == finder.routes(0, 9, 2).paths == []
