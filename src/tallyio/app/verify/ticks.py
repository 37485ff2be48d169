"""What recorded pools of concentrated liquidity share: their ticks, and how a call says amount and direction."""

from typing import Any

from tallyio.core.pools import V3State

Record = dict[str, Any]


def v3_state(state: Record) -> V3State:
    places = sorted((int(tick), values) for tick, values in state["ticks"].items())
    return V3State(
        sqrt_price_x96=state["sqrtPriceX96"],
        tick=state["tick"],
        liquidity=state["liquidity"],
        tick_index=tuple(tick for tick, _ in places),
        liquidity_net=tuple(values[1] for _, values in places),
        liquidity_gross=tuple(values[0] for _, values in places),
    )


def extra_net(state: Record) -> tuple[int, ...]:
    """The third number of each tick, in the ticks' order."""
    return tuple(values[2] for _, values in sorted((int(tick), values) for tick, values in state["ticks"].items()))


def moved(state: V3State) -> dict[str, object]:
    return {"sqrtPriceX96": state.sqrt_price_x96, "tick": state.tick, "liquidity": state.liquidity}


def crossed(state: V3State, after: V3State) -> int:
    """Initialised ticks between the old and the new tick."""
    low, high = sorted((state.tick, after.tick))
    return sum(low < tick <= high for tick in state.tick_index)


def paid_to_pool(zero_for_one: bool, amount_in: int, amount_out: int) -> dict[str, int]:
    """Both amounts from the pool's side: above zero where the pool is paid."""
    first, second = (amount_in, -amount_out) if zero_for_one else (-amount_out, amount_in)
    return {"amount0": first, "amount1": second}
