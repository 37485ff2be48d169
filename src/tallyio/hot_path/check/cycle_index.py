"""The cycle index beside a plain search: the same cycles, whichever pools come, go and come back."""

from collections.abc import Mapping, Sequence
from random import Random

from tallyio.hot_path.check.comparison import Comparison, Mismatches
from tallyio.hot_path.cycle_index.index import CycleIndex

Walk = tuple[int, ...]

_TOKENS, _POOLS, _MOVES = 5, 12, 12


def simple_cycles(
    pools: Mapping[int, tuple[int, int]], max_hops: int, groups: Mapping[int, int] | None = None
) -> list[Walk]:
    """Every simple cycle over ``pools`` (number → its two tokens) by trying each next pool, in ``canonical`` form,
    sorted. ``groups`` names the pools of which a cycle may pass only one, each by one of their numbers."""
    groups = groups or {}
    found: set[Walk] = set()

    def go_on(walk: list[int], token: int, passed: list[int]) -> None:
        for pool, tokens in pools.items():
            if token not in tokens or groups.get(pool, pool) in [groups.get(edge >> 1, edge >> 1) for edge in walk]:
                continue
            edge, after = 2 * pool + (token == tokens[1]), tokens[token == tokens[0]]
            if after == passed[0] and walk:
                found.add(canonical([*walk, edge]))
            elif after not in passed and len(walk) + 1 < max_hops:
                go_on([*walk, edge], after, [*passed, after])

    for token in {token for tokens in pools.values() for token in tokens}:
        go_on([], token, [token])
    return sorted(found)


def canonical(row: Sequence[int]) -> Walk:
    """A cycle in the one of its forms whose lowest pool sells token0 and comes first."""
    walk = [edge for edge in row if edge >= 0]
    if min(walk) & 1:
        walk = [edge ^ 1 for edge in reversed(walk)]
    first = walk.index(min(walk))
    return tuple(walk[first:] + walk[:first])


def _compare(samples: int, seed: int) -> Mismatches:
    """``samples`` counts cycles of the plain search; a graph is compared after each move."""
    random = Random(seed)  # noqa: S311 - inputs of a comparison
    compared, wrong, first = 0, 0, ""
    while compared < samples:
        max_hops = random.choice((2, 3, 4))
        index = CycleIndex(max_hops=max_hops, anchor=0)
        pools: list[tuple[int, int]] = []
        here: dict[int, tuple[int, int]] = {}
        for move in range(_POOLS + _MOVES):
            pool = move if move < _POOLS else random.randrange(_POOLS)
            if move < _POOLS:
                first_token, second_token = random.sample(range(_TOKENS), 2)
                pools.append((first_token, second_token))
                index.add_pool(first_token, second_token)
            (index.disable if pool in here else index.enable)(pool)
            if here.pop(pool, None) is None:
                here[pool] = pools[pool]
            expected = simple_cycles(here, max_hops)
            found = sorted(canonical(row) for row in index.cycles.table.tolist())
            compared += max(len(expected), 1)
            if found != expected:
                wrong += 1
                first = first or f"{max_hops} hops over {here}: {len(found)} cycles, expected {len(expected)}"
    return Mismatches("cycle_index.cycles", compared, wrong, first)


COMPARISONS = (Comparison("cycle_index.cycles", _compare),)
