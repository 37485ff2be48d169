"""One step of a swap inside one range of constant liquidity: Uniswap v3 ``SwapMath.computeSwapStep``."""

from tallyio.core.units import PIPS
from tallyio.hot_path.amm.sqrt_price import amount0_delta, amount1_delta, next_from_input, next_from_output


def swap_step(
    sqrt_price: int, sqrt_target: int, liquidity: int, remaining: int, fee_pips: int, exact_in: bool
) -> tuple[int, int, int, int]:
    """Moves the price towards ``sqrt_target`` for at most ``remaining`` of input (or output when not ``exact_in``).

    Returns the new price (Q64.96), the amount in, the amount out and the fee in units of the input token.
    """
    zero_for_one = sqrt_price >= sqrt_target
    delta_in, delta_out = (amount0_delta, amount1_delta) if zero_for_one else (amount1_delta, amount0_delta)
    to_target = delta_in(sqrt_target, sqrt_price, liquidity, True) if exact_in else 0
    out = 0 if exact_in else delta_out(sqrt_target, sqrt_price, liquidity, False)
    if exact_in:
        after_fee = remaining * (PIPS - fee_pips) // PIPS
        reached = after_fee >= to_target
        price = sqrt_target if reached else next_from_input(sqrt_price, liquidity, after_fee, zero_for_one)
    else:
        reached = remaining >= out
        price = sqrt_target if reached else next_from_output(sqrt_price, liquidity, remaining, zero_for_one)
    reached = price == sqrt_target
    amount_in = to_target if reached and exact_in else delta_in(price, sqrt_price, liquidity, True)
    if not reached or exact_in:
        out = delta_out(price, sqrt_price, liquidity, False)
    if not exact_in and out > remaining:
        out = remaining
    if exact_in and not reached:
        return price, amount_in, out, remaining - amount_in
    return price, amount_in, out, -(-amount_in * fee_pips // (PIPS - fee_pips))
