"""Circles within a transaction."""

from typing import Any

from tallyio.inspection.activity import WRAPPED_NATIVE
from tallyio.inspection.arbitrage import arbitrages

WETH = WRAPPED_NATIVE[1]


def test_a_circle_of_two_pools_is_an_arbitrage_with_gross_and_net(swap: Any, tx: Any, block: Any) -> None:
    (found,) = arbitrages(block(tx(0, swap(0, 1, 0, 10_000, 8, 500), swap(1, 2, 8, 500, 0, 12_000))))
    assert (found.profit_token, found.profit_amount, found.gross_wei) == (WETH, 2_000, 2_000)
    assert found.net_wei == 2_000 - 700
    assert found.payment.to_proposer == (7 - 5) * 100
    assert not found.reverted


def test_swaps_that_do_not_close_are_none(swap: Any, tx: Any, block: Any) -> None:
    assert arbitrages(block(tx(0, swap(0, 1, 0, 10_000, 8, 500), swap(1, 2, 8, 500, 9, 12_000)))) == []


def test_there_and_back_in_one_pool_is_none(swap: Any, tx: Any, block: Any) -> None:
    assert arbitrages(block(tx(0, swap(0, 1, 0, 10_000, 8, 500), swap(1, 1, 8, 500, 0, 9_940)))) == []


def test_two_circles_of_one_transaction_are_told_apart_and_share_its_net(swap: Any, tx: Any, block: Any) -> None:
    first = (swap(0, 1, 0, 10_000, 8, 500), swap(1, 2, 8, 500, 0, 12_000))
    second = (swap(2, 3, 0, 70_000, 9, 40), swap(3, 4, 9, 40, 0, 70_500))
    found = arbitrages(block(tx(0, *first, *second)))
    assert [a.profit_amount for a in found] == [2_000, 500]
    assert {a.net_wei for a in found} == {2_500 - 700}


def test_a_split_path_is_netted(swap: Any, tx: Any, block: Any) -> None:
    split = (swap(0, 1, 0, 6_000, 8, 300), swap(1, 2, 0, 4_000, 8, 199), swap(2, 3, 8, 499, 0, 12_000))
    (found,) = arbitrages(block(tx(0, *split)))
    assert (len(found.path), found.profit, found.gross_wei) == (3, {WETH: 2_000}, 2_000)


def test_a_split_path_that_loses_of_a_token_is_none(swap: Any, tx: Any, block: Any) -> None:
    split = (swap(0, 1, 0, 6_000, 8, 300), swap(1, 2, 0, 4_000, 8, 199), swap(2, 3, 8, 600, 0, 12_000))
    assert arbitrages(block(tx(0, *split))) == []


def test_profit_left_in_another_token_is_valued_at_the_path_s_price(swap: Any, tx: Any, block: Any) -> None:
    (found,) = arbitrages(block(tx(0, swap(0, 1, 0, 10_000, 8, 1_000), swap(1, 2, 8, 995, 0, 12_000))))
    assert sorted(found.profit.values()) == [5, 2_000]
    assert found.gross_wei == 2_000 + 5 * 12_000 // 995


def test_a_loss_is_kept_with_its_sign(swap: Any, tx: Any, block: Any) -> None:
    (found,) = arbitrages(block(tx(0, swap(0, 1, 0, 10_000, 8, 500), swap(1, 2, 8, 500, 0, 9_000))))
    assert found.profit_amount == -1_000


def test_of_two_circles_through_one_swap_that_which_gains_is_taken(swap: Any, tx: Any, block: Any) -> None:
    both = (swap(0, 1, 0, 10_000, 8, 1_000), swap(1, 2, 8, 1_000, 0, 3_000), swap(2, 3, 8, 1_004, 0, 12_000))
    found = arbitrages(block(tx(0, *both)))
    assert [a.profit[WETH] for a in found] == [2_000]


def test_without_sight_of_the_coin_net_is_not_told(swap: Any, tx: Any, block: Any) -> None:
    circle = tx(0, swap(0, 1, 0, 10_000, 8, 500), swap(1, 2, 8, 500, 0, 12_000))
    (found,) = arbitrages(block(circle, native_seen=False))
    assert (found.gross_wei, found.net_wei, found.payment.direct) == (2_000, None, None)
