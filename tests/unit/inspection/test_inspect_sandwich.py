"""Front, victims, back; and what the victims lost."""

from typing import Any

from tallyio.core.units import Address
from tallyio.hot_path.amm.v2 import amount_in, amount_out
from tallyio.inspection.activity import WRAPPED_NATIVE, Reserves, Transfer
from tallyio.inspection.sandwich import sandwiches

WETH, TOKEN, POOL = WRAPPED_NATIVE[1], Address(f"0x{8:040x}"), Address(f"0x{1:040x}")
KEEPER = Address(f"0x{500:040x}")
HELD = (5_000_000, 80_000)
"""Of the token (it sorts first) and the wrapped coin."""


def attacked(swap: Any, tx: Any, *, exact_out: bool = False, keeps: int = 0) -> tuple[Any, int]:
    """A sandwich on a pair of ``HELD``, and what the victim would have got (paid, with ``exact_out``) without it."""
    token, coin = HELD
    bought = amount_out(8_000, coin, token, 3000)
    token, coin = token - bought, coin + 8_000
    after = Reserves(0, POOL, token, coin)
    if exact_out:
        got, paid = 90_000, amount_in(90_000, coin, token, 3000)
        without = amount_in(90_000, HELD[1], HELD[0], 3000)
    else:
        paid, got = 2_000, amount_out(2_000, coin, token, 3000)
        without = amount_out(2_000, HELD[1], HELD[0], 3000)
    token, coin = token - got, coin + paid
    back = amount_out(bought, token, coin, 3000)
    return (
        tx(0, swap(0, 1, 0, 8_000, 8, bought), reserves=(after,)),
        tx(1, swap(0, 1, 0, paid, 8, got - keeps, by=600), sender=701, to=601),
        tx(2, swap(0, 1, 8, bought, 0, back)),
    ), without


def test_the_victim_s_loss_is_exact(swap: Any, tx: Any, block: Any) -> None:
    transactions, without = attacked(swap, tx)
    (found,) = sandwiches(block(*transactions))
    (victim,) = found.victims
    assert victim.loss.token == TOKEN
    assert victim.loss.amount == without - victim.swap.amount_out
    assert victim.loss.amount > 0
    assert found.gross_wei == found.profit[WETH] == transactions[2].swaps[0].amount_out - 8_000
    assert found.net_wei == found.gross_wei - 2 * 700


def test_a_victim_of_an_exact_output_lost_input(swap: Any, tx: Any, block: Any) -> None:
    transactions, without = attacked(swap, tx, exact_out=True)
    (found,) = sandwiches(block(*transactions))
    (victim,) = found.victims
    assert (victim.loss.token, victim.loss.amount) == (WETH, victim.swap.amount_in - without)
    assert victim.swap.amount_in > without


def test_a_swap_that_no_fee_reproduces_is_refused(swap: Any, tx: Any, block: Any) -> None:
    transactions, _ = attacked(swap, tx, keeps=3_000)
    (found,) = sandwiches(block(*transactions))
    assert (found.victims[0].loss.amount, found.victims[0].loss.refused) == (None, "not reproduced")


def test_without_reserves_the_loss_is_refused(swap: Any, tx: Any, block: Any) -> None:
    front, victim = tx(0, swap(0, 1, 0, 50, 8, 5)), tx(1, swap(0, 1, 0, 50, 8, 4, by=600), sender=701, to=601)
    (found,) = sandwiches(block(front, victim, tx(2, swap(0, 1, 8, 5, 0, 52))))
    assert found.victims[0].loss.refused == "state unknown"


def test_nobody_between_or_another_seller_is_no_sandwich(swap: Any, tx: Any, block: Any) -> None:
    front, back = tx(0, swap(0, 1, 0, 50, 8, 5)), tx(2, swap(0, 1, 8, 5, 0, 52))
    assert sandwiches(block(front, back)) == []
    victim = tx(1, swap(0, 1, 0, 50, 8, 4, by=600), sender=701, to=601)
    stranger = tx(2, swap(0, 1, 8, 5, 0, 52, by=602), sender=702, to=601)
    assert sandwiches(block(front, victim, stranger)) == []


def test_another_account_of_the_same_contract_is_the_same_actor(swap: Any, tx: Any, block: Any) -> None:
    bought, sold = Transfer(0, TOKEN, POOL, KEEPER, 5), Transfer(0, TOKEN, KEEPER, POOL, 5)
    front = tx(0, swap(0, 1, 0, 50, 8, 5), transfers=(bought,))
    back = tx(2, swap(0, 1, 8, 5, 0, 52), sender=703, transfers=(sold,))
    victim = tx(1, swap(0, 1, 0, 50, 8, 4, by=600), sender=701, to=601)
    (found,) = sandwiches(block(front, victim, back))
    assert found.actor == front.to


def test_a_router_that_keeps_nothing_makes_nobody_one_actor(swap: Any, tx: Any, block: Any) -> None:
    passed_on = (Transfer(0, TOKEN, POOL, KEEPER, 5), Transfer(1, TOKEN, KEEPER, Address("0x" + "55" * 20), 5))
    front = tx(0, swap(0, 1, 0, 50, 8, 5), transfers=passed_on)
    back = tx(2, swap(0, 1, 8, 5, 0, 52), sender=703, transfers=(Transfer(0, TOKEN, KEEPER, POOL, 5),))
    victim = tx(1, swap(0, 1, 0, 50, 8, 4, by=600), sender=701, to=601)
    assert sandwiches(block(front, victim, back)) == []
