"""Concentrated liquidity: Uniswap v3 and v4, PancakeSwap v3 and Algebra v1, with what each fee leaves behind.

All walk the ticks alike (``tallyio.hot_path.amm.v3``). They differ in the part of each step's fee that the protocol
keeps and, in v4, in how a last step splits the input from the fee. Sources: the Uniswap v3 and v4 whitepapers, the
PancakeSwap and Algebra documentation.
"""

from collections.abc import Callable

import msgspec

from tallyio.core.pools import V3State
from tallyio.core.units import PIPS, UINT256_MAX
from tallyio.hot_path.amm import v3
from tallyio.hot_path.amm.sqrt_price import amount0_delta, amount1_delta, next_from_input, next_from_output
from tallyio.hot_path.amm.swap_math import swap_step

ProtocolPart = Callable[[v3.Step], int]
"""What the protocol keeps of a step's fee."""


class ConcentratedPool(msgspec.Struct, frozen=True):
    """A pool's price and ticks, its fee (1e-6 of the input), and the fees per unit of liquidity so far (Q128)."""

    ticks: V3State
    tick_spacing: int
    fee_pips: int
    growth0: int = 0
    growth1: int = 0


class ConcentratedSwap(msgspec.Struct, frozen=True):
    """``protocol_fee`` is in the input token; ``unfilled`` is what the price limit left of the specified amount."""

    amount_in: int
    amount_out: int
    unfilled: int
    protocol_fee: int
    pool: ConcentratedPool


def no_part(step: v3.Step) -> int:
    return 0


def uniswap_v3_part(fee_protocol: int, zero_for_one: bool) -> ProtocolPart:
    """``fee_protocol`` as in ``slot0``: one over the part, four bits a direction (low for token0)."""
    share = fee_protocol % 16 if zero_for_one else fee_protocol >> 4
    return (lambda step: step.fee // share) if share else no_part


def pancakeswap_v3_part(fee_protocol: int, zero_for_one: bool) -> ProtocolPart:
    """``fee_protocol`` as in ``slot0``: parts of 10,000, sixteen bits a direction (low for token0)."""
    share = fee_protocol % 65536 if zero_for_one else fee_protocol >> 16
    return lambda step: step.fee * share // 10_000


def algebra_part(community_fee: int) -> ProtocolPart:
    """``community_fee`` of the input token in parts of 1,000."""
    return lambda step: step.fee * community_fee // 1_000


def uniswap_v4_part(protocol_fee: int, swap_fee: int) -> ProtocolPart:
    """``protocol_fee`` of this direction in pips of the input; all of the fee where providers ask none."""
    if protocol_fee == 0:
        return no_part
    if swap_fee == protocol_fee:
        return lambda step: step.fee
    return lambda step: (step.amount_in + step.fee) * protocol_fee // PIPS


def uniswap_v4_fee(protocol_fee: int, lp_fee: int) -> int:
    """Both fees of a v4 swap together, in pips: the providers' is taken of what the protocol's leaves."""
    return protocol_fee + lp_fee - protocol_fee * lp_fee // PIPS


def uniswap_v4_step(
    sqrt_price: int, sqrt_target: int, liquidity: int, remaining: int, fee_pips: int, exact_in: bool
) -> tuple[int, int, int, int]:
    """``swap_step`` as v4 rounds it: a last step's input is what the fee leaves, not computed again from the price."""
    zero_for_one = sqrt_price >= sqrt_target
    delta_in, delta_out = (amount0_delta, amount1_delta) if zero_for_one else (amount1_delta, amount0_delta)
    if exact_in:
        after_fee = remaining * (PIPS - fee_pips) // PIPS
        to_target = delta_in(sqrt_target, sqrt_price, liquidity, True)
        if after_fee >= to_target:
            price, amount_in = sqrt_target, to_target
            fee = amount_in if fee_pips == PIPS else -(-amount_in * fee_pips // (PIPS - fee_pips))
        else:
            price, amount_in = next_from_input(sqrt_price, liquidity, after_fee, zero_for_one), after_fee
            fee = remaining - amount_in
        return price, amount_in, delta_out(price, sqrt_price, liquidity, False), fee
    out = delta_out(sqrt_target, sqrt_price, liquidity, False)
    if remaining >= out:
        price = sqrt_target
    else:
        price, out = next_from_output(sqrt_price, liquidity, remaining, zero_for_one), remaining
    amount_in = delta_in(price, sqrt_price, liquidity, True)
    return price, amount_in, out, -(-amount_in * fee_pips // (PIPS - fee_pips))


def grown(growth: int, fee: int, liquidity: int) -> int:
    """Fees per unit of liquidity (Q128, wraps at ``2**256``) once ``fee`` came to ``liquidity``."""
    return (growth + (fee << 128) // liquidity) & UINT256_MAX if liquidity else growth


def exchange(
    pool: ConcentratedPool,
    zero_for_one: bool,
    amount: int,
    *,
    exact_in: bool = True,
    sqrt_limit_x96: int | None = None,
    part: ProtocolPart = no_part,
    rule: v3.StepRule = swap_step,
) -> ConcentratedSwap:
    """Swaps ``amount`` of input (of output when not ``exact_in``). Raises ``ChainDataError`` where the pool reverts."""
    steps: list[v3.Step] = []
    done = v3.swap(
        pool.ticks,
        pool.tick_spacing,
        pool.fee_pips,
        zero_for_one,
        amount,
        exact_in=exact_in,
        sqrt_limit_x96=sqrt_limit_x96,
        rule=rule,
        steps=steps,
    )
    growth, kept = pool.growth0 if zero_for_one else pool.growth1, 0
    for step in steps:
        taken = part(step)
        kept += taken
        growth = grown(growth, step.fee - taken, step.liquidity)
    moved = ConcentratedPool(
        ticks=v3.after(pool.ticks, done),
        tick_spacing=pool.tick_spacing,
        fee_pips=pool.fee_pips,
        growth0=growth if zero_for_one else pool.growth0,
        growth1=pool.growth1 if zero_for_one else growth,
    )
    return ConcentratedSwap(done.amount_in, done.amount_out, done.unfilled, kept, moved)
