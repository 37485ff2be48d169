"""The best whole numbers of a cycle over pairs, against every input there is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tallyio.core.errors import ChainDataError
from tallyio.hot_path.amm.v2 import amount_out
from tallyio.strategies.optimum.whole import FINE, Pair, best_amounts

SMALL = st.integers(min_value=50, max_value=20_000)
PAIRS = st.lists(st.builds(Pair, SMALL, SMALL, st.sampled_from((0, 2500, 3000))), min_size=2, max_size=4)
LAST = 3_000


def through(pairs: list[Pair], sold: int) -> tuple[int, ...]:
    amounts = [sold]
    for pair in pairs:
        try:
            amounts.append(amount_out(amounts[-1], *pair))
        except ChainDataError:
            return ()
    return tuple(amounts)


def every(pairs: list[Pair]) -> dict[int, tuple[int, ...]]:
    return {sold: amounts for sold in range(1, LAST) if (amounts := through(pairs, sold))}


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_no_input_brings_over_a_unit_more(pairs: list[Pair]) -> None:
    paths = every(pairs)
    if not paths:
        return
    best = max(amounts[-1] - amounts[0] for amounts in paths.values())
    last = max(paths)
    if best <= 0 or paths[last][-1] - last >= best:
        return  # nothing gains, or the best lies beyond what is tried here
    for start in (min(paths), last):
        found = best_amounts(pairs, paths[start])
        assert found == through(pairs, found[0])
        assert found[-1] - found[0] >= best - 1


def test_where_every_token_is_fine_nothing_is_tried() -> None:
    pairs = [Pair(10**24, 10**24, 3000), Pair(10**24, 2 * 10**24, 3000)]
    amounts = through(pairs, FINE * 1_000)
    assert best_amounts(pairs, amounts) == amounts


def test_two_coarse_tokens_are_told_to_the_last_unit() -> None:
    """The bound is the certificate: it falls to what was found before the tries end."""
    pairs = [
        Pair(10**21, 2_060_000 * 10**6, 3000),
        Pair(3_000_000 * 10**6, 3_000_000 * 10**6 + 7, 500),
        Pair(1_000_000 * 10**6, 5 * 10**20 - 1, 3000),
    ]
    start = through(pairs, 4 * 10**18)
    found = best_amounts(pairs, start)
    near = range(found[0] - 2_000, found[0] + 2_000)
    assert 1 + found[-1] - found[0] >= max(amounts[-1] - amounts[0] for s in near if (amounts := through(pairs, s)))
    assert best_amounts(pairs, found) == found
