"""Random swaps of every compiled family, and random cycles of two hops that pay."""

from collections.abc import Callable
from random import Random

from tallyio.core.errors import ChainDataError
from tallyio.hot_path.kernels.rows import Row, pair_row, quote
from tallyio.protocols.dex.compiled import states
from tallyio.protocols.dex.compiled.balancer_states import balancer_stable_asked, weighted_asked
from tallyio.protocols.dex.compiled.book_states import liquidity_book_asked
from tallyio.protocols.dex.compiled.states import Asked

FAMILIES: dict[str, Callable[[Random, bool], Asked]] = {
    "stable_ng": states.stable_ng_asked,
    "stable_legacy": states.stable_legacy_asked,
    "twocrypto": states.twocrypto_asked,
    "tricrypto": states.tricrypto_asked,
    "solidly": states.solidly_asked,
    "balancer.weighted": weighted_asked,
    "balancer.stable": balancer_stable_asked,
    "liquidity_book": liquidity_book_asked,
}


def gap(random: Random, name: str) -> list[tuple[Row, int, int]]:
    """A cycle of a calm pool of the family and a pair of constant product that pays up to some per cent more."""
    while True:
        try:
            asked = FAMILIES[name](random, True)
            small = max(asked.amount // 1000, 1)
            paid = quote(asked.row, asked.i, asked.j, small)
        except ChainDataError:
            continue
        if not paid or paid < 10**6 or small < 10**6:
            continue
        depth = asked.amount * random.randint(2, 200)
        edge = random.uniform(1.01, 1.08)
        bought = depth * paid // small
        if random.random() < 0.5:
            return [(asked.row, asked.i, asked.j), (pair_row((bought, int(depth * edge)), 3000), 0, 1)]
        return [(pair_row((depth, int(bought * edge)), 500), 0, 1), (asked.row, asked.j, asked.i)]
