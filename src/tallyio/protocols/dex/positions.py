"""What a change of a position does to a pool of concentrated liquidity."""

from bisect import bisect_left

import msgspec

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V3State
from tallyio.core.units import UINT128_MAX


def with_position(state: V3State, lower: int, upper: int, change: int) -> V3State:
    """``change`` of liquidity (negative: taken out) from tick ``lower`` to tick ``upper``.

    Raises ``ChainDataError`` when more is taken than there is.
    """
    if not change:
        return state
    state = _with_tick(state, lower, change, change)
    state = _with_tick(state, upper, -change, change)
    if lower <= state.tick < upper:
        state = msgspec.structs.replace(state, liquidity=state.liquidity + change)
    if not 0 <= state.liquidity <= UINT128_MAX:
        raise ChainDataError(f"a position change leaves {state.liquidity} of liquidity in range")
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
