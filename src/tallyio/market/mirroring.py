"""What one event does to one pool's state."""

from bisect import bisect_left

import msgspec

from tallyio.core.deltas import PoolDelta, V2Synced, V3Initialized, V3LiquidityChanged, V3Swapped
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V2State, V3State
from tallyio.core.units import UINT128_MAX

State = V2State | V3State | None


def advance(state: State, delta: PoolDelta) -> V2State | V3State:
    """The state after ``delta``. Raises ``ChainDataError`` when the event cannot follow on ``state``."""
    match delta:
        case V2Synced(reserve0=reserve0, reserve1=reserve1):
            if isinstance(state, V3State):
                raise ChainDataError(f"pool {delta.pool} is no constant-product pool, found a Sync of it")
            return V2State(reserve0, reserve1)
        case _ if isinstance(state, V2State):
            raise ChainDataError(f"pool {delta.pool} is a constant-product pool, found a {type(delta).__name__} of it")
        case V3Initialized(sqrt_price_x96=price, tick=tick):
            return V3State(price, tick, 0)
    if state is None:
        raise ChainDataError(f"pool {delta.pool} is not initialised, found a {type(delta).__name__} of it")
    if isinstance(delta, V3Swapped):
        return msgspec.structs.replace(
            state, sqrt_price_x96=delta.sqrt_price_x96, tick=delta.tick, liquidity=delta.liquidity
        )
    return _with_position(state, delta)


def _with_position(state: V3State, delta: V3LiquidityChanged) -> V3State:
    change = delta.liquidity_delta
    if not change:
        return state
    state = _with_tick(state, delta.tick_lower, change, change)
    state = _with_tick(state, delta.tick_upper, -change, change)
    if delta.tick_lower <= state.tick < delta.tick_upper:
        state = msgspec.structs.replace(state, liquidity=state.liquidity + change)
    if not 0 <= state.liquidity <= UINT128_MAX:
        raise ChainDataError(f"pool {delta.pool}: a position change leaves {state.liquidity} of liquidity in range")
    return state


def _with_tick(state: V3State, tick: int, net: int, gross: int) -> V3State:
    index, nets, grosses = state.tick_index, state.liquidity_net, state.liquidity_gross
    at = bisect_left(index, tick)
    known = at < len(index) and index[at] == tick
    total = gross + (grosses[at] if known else 0)
    if total < 0:
        raise ChainDataError(f"more liquidity is taken from tick {tick} than the mirror knows of: {-total} too much")
    rest = at + 1 if known else at
    here: tuple[tuple[int, int, int], ...] = ((tick, net + (nets[at] if known else 0), total),) if total else ()
    return msgspec.structs.replace(
        state,
        tick_index=(*index[:at], *(t for t, _, _ in here), *index[rest:]),
        liquidity_net=(*nets[:at], *(n for _, n, _ in here), *nets[rest:]),
        liquidity_gross=(*grosses[:at], *(g for _, _, g in here), *grosses[rest:]),
    )
