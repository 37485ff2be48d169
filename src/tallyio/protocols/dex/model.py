"""What a swap does to a pool, whatever its family: exact amounts and the state that it leaves."""

from typing import NamedTuple

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V2, V3, Pool, PoolState, V2State, V3State
from tallyio.core.units import Address
from tallyio.hot_path.amm import v2, v3


class SwapResult(NamedTuple):
    amount_in: int
    amount_out: int
    state: PoolState


def swap(pool: Pool, state: PoolState, token_in: Address, amount: int, *, exact_out: bool = False) -> SwapResult:
    """Swaps ``amount`` of ``token_in`` (or for ``amount`` of the other token when ``exact_out``).

    Raises ``ChainDataError`` when the pool cannot fill it whole: no liquidity, a reserve beyond its type, nothing out.
    """
    zero_for_one = token_in == pool.token0
    if not zero_for_one and token_in != pool.token1:
        raise ChainDataError(f"pool {pool.address} does not trade {token_in}")
    if pool.family == V2 and isinstance(state, V2State):
        return _swap_v2(pool, state, zero_for_one, amount, exact_out)
    if pool.family == V3 and isinstance(state, V3State):
        done = v3.swap(state, pool.tick_spacing, pool.fee_pips, zero_for_one, amount, exact_in=not exact_out)
        if done.unfilled:
            raise ChainDataError(f"pool {pool.address} has not the liquidity for {amount} of the asked token")
        if not done.amount_in or not done.amount_out:
            raise ChainDataError(f"pool {pool.address} pays nothing for {done.amount_in}")
        return SwapResult(done.amount_in, done.amount_out, v3.after(state, done))
    raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")


def _swap_v2(pool: Pool, state: V2State, zero_for_one: bool, amount: int, exact_out: bool) -> SwapResult:
    r_in, r_out = (state.reserve0, state.reserve1) if zero_for_one else (state.reserve1, state.reserve0)
    if exact_out:
        amount_in, amount_out = v2.amount_in(amount, r_in, r_out, pool.fee_pips), amount
    else:
        amount_in, amount_out = amount, v2.amount_out(amount, r_in, r_out, pool.fee_pips)
    r_in, r_out = r_in + amount_in, r_out - amount_out
    return SwapResult(amount_in, amount_out, V2State(r_in, r_out) if zero_for_one else V2State(r_out, r_in))
