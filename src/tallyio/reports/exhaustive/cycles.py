"""Every directed cycle of two and three hops over all pools."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import permutations

import msgspec

from tallyio.core.pools import Pool
from tallyio.core.units import Address


class Hop(msgspec.Struct, frozen=True):
    pool: Pool
    token_in: Address

    @property
    def token_out(self) -> Address:
        return self.pool.other(self.token_in)


Cycle = tuple[Hop, ...]


def _loops(pools: Iterable[Pool]) -> Iterable[Cycle]:
    """Each directed cycle once, from the least of its tokens."""
    by_token: dict[Address, list[Pool]] = defaultdict(list)
    for pool in pools:
        by_token[pool.token0].append(pool)
        by_token[pool.token1].append(pool)
    between: dict[frozenset[Address], list[Pool]] = defaultdict(list)
    for pool in pools:
        between[frozenset((pool.token0, pool.token1))].append(pool)
    for sharing in between.values():
        for there, back in permutations(sharing, 2):
            yield Hop(there, there.token0), Hop(back, there.token1)
    for start in by_token:
        for first in by_token[start]:
            second_token = first.other(start)
            if second_token < start:
                continue
            for second in by_token[second_token]:
                third_token = second.other(second_token)
                if third_token <= start:
                    continue
                for third in between.get(frozenset((third_token, start)), ()):
                    yield Hop(first, start), Hop(second, second_token), Hop(third, third_token)


def cycles(pools: Iterable[Pool], weth: Address) -> list[Cycle]:
    """Cycles with WETH start and end in it; the others appear once for each of their tokens that some pool trades
    against WETH, since their profit may be taken in any of them and is then swapped."""
    pools = list(pools)
    sellable = {p.other(weth) for p in pools if weth in (p.token0, p.token1)}
    found: list[Cycle] = []
    for loop in _loops(pools):
        turns = [(*loop[i:], *loop[:i]) for i in range(len(loop))]
        at_weth = [turn for turn in turns if turn[0].token_in == weth]
        found.extend(at_weth or [turn for turn in turns if turn[0].token_in in sellable])
    return found
