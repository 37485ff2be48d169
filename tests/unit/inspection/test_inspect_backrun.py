"""An arbitrage behind somebody else's swap."""

from typing import Any

from tallyio.inspection.arbitrage import arbitrages
from tallyio.inspection.backrun import backruns


def found_in(made: Any) -> Any:
    return backruns(made, arbitrages(made))


def test_an_arbitrage_against_the_swap_before_it_is_a_backrun(swap: Any, tx: Any, block: Any) -> None:
    target = tx(3, swap(0, 2, 0, 900, 8, 40, by=600), sender=701, to=601)
    arbitrage = tx(5, swap(0, 1, 0, 10_000, 8, 500), swap(1, 2, 8, 500, 0, 12_000))
    (found,) = found_in(block(target, tx(4, sender=702), arbitrage))
    assert (found.target_index, found.gap, found.pool) == (3, 1, target.swaps[0].pool)


def test_in_the_same_direction_it_is_none(swap: Any, tx: Any, block: Any) -> None:
    target = tx(3, swap(0, 2, 8, 40, 0, 900, by=600), sender=701, to=601)
    arbitrage = tx(4, swap(0, 1, 0, 10_000, 8, 500), swap(1, 2, 8, 500, 0, 12_000))
    assert found_in(block(target, arbitrage)) == []


def test_behind_the_taker_s_own_swap_it_is_none(swap: Any, tx: Any, block: Any) -> None:
    own = tx(3, swap(0, 2, 0, 900, 8, 40))
    arbitrage = tx(4, swap(0, 1, 0, 10_000, 8, 500), swap(1, 2, 8, 500, 0, 12_000))
    assert found_in(block(own, arbitrage)) == []
