"""Exact outputs and inputs of one pool, whatever its family: what sizing asks for thousands of times."""

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import Pool, PoolState, V2State
from tallyio.hot_path.amm import v2, v3


def output_of(pool: Pool, state: PoolState, zero_for_one: bool, amount_in: int) -> int:
    """What the pool pays for ``amount_in``; 0 where it cannot take it whole."""
    try:
        if isinstance(state, V2State):
            r_in, r_out = (state.reserve0, state.reserve1) if zero_for_one else (state.reserve1, state.reserve0)
            return v2.amount_out(amount_in, r_in, r_out, pool.fee_pips)
        done = v3.swap(state, pool.tick_spacing, pool.fee_pips, zero_for_one, amount_in)
    except ChainDataError:
        return 0
    return 0 if done.unfilled else done.amount_out


def least_input(pool: Pool, state: PoolState, zero_for_one: bool, amount_out: int) -> int:
    """An input that pays at least ``amount_out``; 0 where none does.

    It is the least on v2. On v3 it is what an exact output costs, or a unit less where that is enough: the roundings
    of an exact input may leave it a few units above the least.
    """
    try:
        if isinstance(state, V2State):
            r_in, r_out = (state.reserve0, state.reserve1) if zero_for_one else (state.reserve1, state.reserve0)
            return v2.least_input(amount_out, r_in, r_out, pool.fee_pips)
        done = v3.swap(state, pool.tick_spacing, pool.fee_pips, zero_for_one, amount_out, exact_in=False)
    except ChainDataError:
        return 0
    if done.unfilled:
        return 0
    amount = done.amount_in
    if output_of(pool, state, zero_for_one, amount) < amount_out:  # an exact input may round once more
        amount += 1
        return amount if output_of(pool, state, zero_for_one, amount) >= amount_out else 0
    if amount > 1 and output_of(pool, state, zero_for_one, amount - 1) >= amount_out:
        amount -= 1
    return amount
