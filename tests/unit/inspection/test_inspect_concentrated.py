"""Losses in pools with ticks, from the storage that a block touched."""

from typing import Any

import pytest

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V3State
from tallyio.core.units import Address
from tallyio.hot_path.amm.tick_math import sqrt_ratio_at_tick
from tallyio.hot_path.amm.v3 import after, swap
from tallyio.inspection.activity import BlockActivity, PoolStorage, Swap
from tallyio.inspection.pool_storage import BITMAP, LIQUIDITY, SLOT0, TICKS, _slot, known_pool
from tallyio.inspection.sandwich import sandwiches

POOL, LOW, HIGH = Address("0x" + "b2" * 20), Address("0x" + "11" * 20), Address("0x" + "22" * 20)
SPACING, FEE, TICK, LIQUID = 60, 3000, 30, 10**21
NET = {-600: 4 * 10**20, 120: -(10**20), 600: -(3 * 10**20)}


def storage(*, without: int | None = None) -> PoolStorage:
    """All of the pool near its price but for the tick ``without``."""
    words = {
        SLOT0: sqrt_ratio_at_tick(TICK) | TICK << 160,
        LIQUIDITY: LIQUID,
        _slot(-1, BITMAP): 0,
        _slot(0, BITMAP): 0,
    }
    for tick, net in NET.items():
        word, bit = divmod(tick // SPACING, 256)
        words[_slot(word, BITMAP)] |= 1 << bit
        if tick != without:
            words[_slot(tick, TICKS)] = (net % 2**128) << 128 | abs(net)
    return PoolStorage(words)


def state() -> V3State:
    ticks = tuple(sorted(NET))
    return V3State(sqrt_ratio_at_tick(TICK), TICK, LIQUID, ticks, tuple(NET[t] for t in ticks))


def attacked(tx: Any, block: Any, held: PoolStorage) -> tuple[BlockActivity, int]:
    """A sandwich whose front crosses a tick; and what its victim would have got without it."""

    def record(order: int, zero_for_one: bool, taken: int, given: int, by: int) -> Swap:
        who, tokens = Address(f"0x{by:040x}"), (LOW, HIGH) if zero_for_one else (HIGH, LOW)
        return Swap(order, (0,), "uniswap_v3", POOL, who, who, tokens[0], taken, tokens[1], given, taken)

    front = swap(state(), SPACING, FEE, False, 9 * 10**18)
    moved = after(state(), front)
    assert moved.tick > 120
    victim = swap(moved, SPACING, FEE, False, 10**18)
    back = swap(after(moved, victim), SPACING, FEE, True, front.amount_out)
    made = block(
        tx(0, record(0, False, front.amount_in, front.amount_out, 500)),
        tx(1, record(0, False, victim.amount_in, victim.amount_out, 600), sender=701, to=601),
        tx(2, record(0, True, back.amount_in, back.amount_out, 500)),
    )
    found = BlockActivity(made.number, made.proposer, made.base_fee, made.native, True, made.transactions, {POOL: held})
    return found, swap(state(), SPACING, FEE, False, 10**18).amount_out


def test_the_loss_is_that_of_the_pool_s_own_walk(tx: Any, block: Any) -> None:
    made, without = attacked(tx, block, storage())
    (found,) = sandwiches(made)
    (victim,) = found.victims
    assert victim.loss.token == LOW
    assert victim.loss.amount == without - victim.swap.amount_out
    assert victim.loss.amount > 0


def test_a_tick_that_is_not_known_and_crossed_refuses_the_loss(tx: Any, block: Any) -> None:
    made, _ = attacked(tx, block, storage(without=120))
    (found,) = sandwiches(made)
    assert (found.victims[0].loss.amount, found.victims[0].loss.refused) == (None, "not reproduced")


def test_a_walk_beyond_the_known_words_is_refused() -> None:
    known = known_pool(storage(), SPACING)
    assert known is not None
    with pytest.raises(ChainDataError, match="known"):
        known.swapped(FEE, False, 10**24, exact_in=True)


def test_without_price_or_liquidity_nothing_is_known() -> None:
    assert known_pool(PoolStorage({LIQUIDITY: 5}), SPACING) is None


@pytest.mark.parametrize("tick", [-887_220, -1, 0, 887_220])
def test_price_and_tick_are_read_with_their_signs(tick: int) -> None:
    word = sqrt_ratio_at_tick(tick) | (tick % 2**24) << 160 | 7 << 184
    known = known_pool(PoolStorage({SLOT0: word, LIQUIDITY: 9}), SPACING)
    assert known is not None
    assert (known.state.tick, known.state.sqrt_price_x96, known.state.liquidity) == (tick, sqrt_ratio_at_tick(tick), 9)
