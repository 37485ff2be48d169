"""Exact outputs and inputs of one pool, whatever its family: what sizing asks for thousands of times."""

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import PairState, Pool, V2State, V3State
from tallyio.hot_path.amm import v2, v3


def output_of(pool: Pool, state: PairState, zero_for_one: bool, amount_in: int) -> int:
    """What the pool pays for ``amount_in``; 0 where it cannot take it whole."""
    try:
        if isinstance(state, V2State):
            r_in, r_out = (state.reserve0, state.reserve1) if zero_for_one else (state.reserve1, state.reserve0)
            return v2.amount_out(amount_in, r_in, r_out, pool.fee_pips)
        done = v3.swap(state, pool.tick_spacing, pool.fee_pips, zero_for_one, amount_in)
    except ChainDataError:
        return 0
    return 0 if done.unfilled else done.amount_out


def input_for(pool: Pool, state: PairState, zero_for_one: bool, amount_out: int) -> int:
    """An input that pays at least ``amount_out``: the least on v2, what an exact output costs on v3; 0 where none."""
    try:
        if isinstance(state, V2State):
            r_in, r_out = (state.reserve0, state.reserve1) if zero_for_one else (state.reserve1, state.reserve0)
            return v2.least_input(amount_out, r_in, r_out, pool.fee_pips)
        done = v3.swap(state, pool.tick_spacing, pool.fee_pips, zero_for_one, amount_out, exact_in=False)
    except ChainDataError:
        return 0
    return 0 if done.unfilled else done.amount_in


def least_input(pool: Pool, state: PairState, zero_for_one: bool, amount_out: int) -> int:
    """As ``input_for``, less a unit on v3 where that is enough.

    The roundings of an exact input may leave even that a few units above the least.
    """
    amount = input_for(pool, state, zero_for_one, amount_out)
    if amount > 1 and isinstance(state, V3State) and output_of(pool, state, zero_for_one, amount - 1) >= amount_out:
        return amount - 1
    return amount
