"""A whole swap on a Uniswap v3 pool, step for step as ``UniswapV3Pool.swap`` walks it.

The contract looks for the next tick inside one word of its bitmap (256 ticks of the pool's spacing), so a long move
takes extra steps at the words' ends, each with roundings of its own. They are replayed here. Where there is no
liquidity a step moves no token, so empty words are passed over in one go. The protocol's share of the fee does
not change price or amounts.
"""

from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V3State
from tallyio.core.units import PIPS, UINT128_MAX, UINT256_MAX
from tallyio.hot_path.amm.swap_math import swap_step
from tallyio.hot_path.amm.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)

_INT256_MAX = 2**255 - 1


class Swapped(NamedTuple):
    """Amounts in the tokens' smallest units; ``unfilled`` is what the price limit left of the specified amount."""

    amount_in: int
    amount_out: int
    unfilled: int
    sqrt_price_x96: int
    liquidity: int
    tick: int | None
    """The tick where it is known without a logarithm: after a step that ended on one, or when nothing moved."""


class Step(NamedTuple):
    """One step of a walk: ``fee`` is not in ``amount_in``; ``crossed`` is the place of the tick crossed, or -1."""

    amount_in: int
    amount_out: int
    fee: int
    liquidity: int
    crossed: int


StepRule = Callable[[int, int, int, int, int, bool], tuple[int, int, int, int]]
"""``swap_step``, or a fork's own rounding of it."""


def swap(
    state: V3State,
    tick_spacing: int,
    fee_pips: int,
    zero_for_one: bool,
    amount: int,
    *,
    exact_in: bool = True,
    sqrt_limit_x96: int | None = None,
    rule: StepRule = swap_step,
    steps: list[Step] | None = None,
) -> Swapped:
    """Runs ``amount`` (input, or output when not ``exact_in``) through the pool; ``steps`` receives each step.

    Raises ``ChainDataError`` where the contract reverts; an amount cut short by the limit is no error of the pool.
    """
    sqrt_price, tick, liquidity = state.sqrt_price_x96, state.tick, state.liquidity
    if not 0 < amount <= _INT256_MAX:
        raise ChainDataError(f"expected an amount above zero, found {amount}")
    if sqrt_price == 0:
        raise ChainDataError("the pool is not initialised")
    furthest = MIN_SQRT_RATIO + 1 if zero_for_one else MAX_SQRT_RATIO - 1
    limit = furthest if sqrt_limit_x96 is None else sqrt_limit_x96
    within = MIN_SQRT_RATIO < limit < sqrt_price if zero_for_one else sqrt_price < limit < MAX_SQRT_RATIO
    if not within:
        raise ChainDataError("the pool's price is already at the limit")
    ticks, nets, count = state.tick_index, state.liquidity_net, len(state.tick_index)
    position = bisect_right(ticks, tick)
    known: int | None = tick
    remaining, total_in, total_out = amount, 0, 0
    word = 256 * tick_spacing
    while remaining and sqrt_price != limit:
        if zero_for_one:
            boundary = tick // word * word if liquidity else MIN_TICK
            crosses = position > 0 and ticks[position - 1] >= boundary
            target_tick = ticks[position - 1] if crosses else max(boundary, MIN_TICK)
            sqrt_next = sqrt_ratio_at_tick(target_tick)
            target = sqrt_next if sqrt_next > limit else limit
        else:
            boundary = (tick // tick_spacing + 1) * tick_spacing // word * word + word - tick_spacing
            if not liquidity:
                boundary = MAX_TICK
            crosses = position < count and ticks[position] <= boundary
            target_tick = ticks[position] if crosses else min(boundary, MAX_TICK)
            sqrt_next = sqrt_ratio_at_tick(target_tick)
            target = sqrt_next if sqrt_next < limit else limit
        if exact_in and liquidity and steps is None:
            end = _end_within(sqrt_price, target, liquidity, remaining * (PIPS - fee_pips) // PIPS, zero_for_one)
            if end:
                total_in += remaining
                if zero_for_one:
                    total_out += liquidity * (sqrt_price - end) >> 96
                else:
                    total_out += (liquidity << 96) * (end - sqrt_price) // end // sqrt_price
                known = known if end == sqrt_price else None
                remaining, sqrt_price = 0, end
                break
        before, in_range = sqrt_price, liquidity
        sqrt_price, step_in, step_out, fee = rule(before, target, liquidity, remaining, fee_pips, exact_in)
        total_in += step_in + fee
        total_out += step_out
        remaining -= step_in + fee if exact_in else step_out
        crossed = -1
        if sqrt_price == sqrt_next:
            if crosses:
                crossed = position - 1 if zero_for_one else position
                if zero_for_one:
                    position -= 1
                    liquidity -= nets[position]
                else:
                    liquidity += nets[position]
                    position += 1
                if not 0 <= liquidity <= UINT128_MAX:
                    raise ChainDataError("the pool's liquidity leaves its type when a tick is crossed")
            known = tick = target_tick - 1 if zero_for_one else target_tick
        elif sqrt_price != before:
            known = None if liquidity or not zero_for_one else _tick_in_nothing(sqrt_price, word)
        if steps is not None:
            steps.append(Step(step_in, step_out, fee, in_range, crossed))
    return Swapped(total_in, total_out, remaining, sqrt_price, liquidity, known)


def _tick_in_nothing(sqrt_price: int, word: int) -> int:
    """The tick of a limit that a fall through empty words has reached: one on a word's end leaves the pool below it."""
    tick = tick_at_sqrt_ratio(sqrt_price)
    return tick - 1 if tick % word == 0 and sqrt_ratio_at_tick(tick) == sqrt_price else tick


def _end_within(sqrt_price: int, target: int, liquidity: int, net_in: int, zero_for_one: bool) -> int:
    """The price where ``net_in`` ends the swap short of ``target``, 0 where the contract's whole step must tell.

    Prices round towards where the swap began. So when the step's input would reach the target, the price computed
    here is at or past it, and a price short of it proves that the contract's step ends there too.
    """
    if zero_for_one:
        numerator = liquidity << 96
        denominator = numerator + net_in * sqrt_price
        if denominator > UINT256_MAX:
            return 0
        end = -(-numerator * sqrt_price // denominator)
        return end if end > target else 0
    end = sqrt_price + (net_in << 96) // liquidity
    return end if end < target else 0


def after(state: V3State, swapped: Swapped) -> V3State:
    """The pool's state once ``swapped`` has happened to it."""
    tick = tick_at_sqrt_ratio(swapped.sqrt_price_x96) if swapped.tick is None else swapped.tick
    return V3State(
        sqrt_price_x96=swapped.sqrt_price_x96,
        tick=tick,
        liquidity=swapped.liquidity,
        tick_index=state.tick_index,
        liquidity_net=state.liquidity_net,
        liquidity_gross=state.liquidity_gross,
    )
