"""Tokens that are exchanged at one rate both ways, whatever the amount: one token in several forms."""

from collections.abc import Iterator, Sequence
from math import log
from typing import NamedTuple

from tallyio.hot_path.curve import FixedRate, FloatCurve

_SAME = 1e-9
"""How far the product of two rates, there and back, may be from one."""


class Edge(NamedTuple):
    """One direction of one pool, between tokens by number."""

    token_in: int
    token_out: int
    curve: FloatCurve


class Ties(NamedTuple):
    """``group`` of each token, named by its first token, ``groups`` in the order of their first tokens; ``worth``: the
    logarithm of a token's worth in the first of its group. ``links`` are the edges between tokens of one group that
    hold it together, ``tree`` one of them for each token but the first, which leads towards the first, each behind
    those that lead to its end."""

    group: tuple[int, ...]
    groups: dict[int, tuple[int, ...]]
    worth: tuple[float, ...]
    links: frozenset[int]
    tree: tuple[tuple[int, int], ...]

    def carried(self, edges: Sequence[Edge], left: list[float]) -> Iterator[tuple[int, float]]:
        """The links that take what is ``left`` of each token to the first of its group, or bring what is missing, with
        the amounts they take in; ``left`` is then nothing but in the first."""
        for towards, back in self.tree:
            token, other = edges[towards].token_in, edges[towards].token_out
            rate = edges[towards].curve.rate()
            if left[token] > 0:
                yield towards, left[token]
            elif left[token] < 0:
                yield back, -left[token] * rate
            left[other] += left[token] * rate
            left[token] = 0.0


def tied(edges: Sequence[Edge], tokens: int) -> Ties:
    """Of ``edges`` between ``tokens`` numbered from 0: a breadth-first walk over the links from each lowest token."""
    fixed = {
        (edge.token_in, edge.token_out): number
        for number, edge in enumerate(edges)
        if isinstance(edge.curve, FixedRate)
    }
    links = {
        ends: number
        for ends, number in fixed.items()
        if (back := fixed.get(ends[::-1])) is not None
        and abs(edges[number].curve.rate() * edges[back].curve.rate() - 1.0) < _SAME
    }
    group, worth, used = [-1] * tokens, [0.0] * tokens, list[tuple[int, int]]()
    groups: dict[int, tuple[int, ...]] = {}
    for first in range(tokens):
        if group[first] >= 0:
            continue
        group[first] = first
        members = [first]
        for token in members:
            for (start, end), number in links.items():
                if end == token and group[start] < 0:
                    group[start] = first
                    worth[start] = worth[token] + log(edges[number].curve.rate())
                    members.append(start)
                    used.append((number, links[end, start]))
        groups[first] = tuple(members)
    return Ties(tuple(group), groups, tuple(worth), frozenset(n for pair in used for n in pair), tuple(reversed(used)))
