"""Slipstream (Aerodrome, Velodrome): Uniswap v3's walk with a moving fee, and a gauge that keeps staked shares' fees.

Source: the Aerodrome documentation on Slipstream pools, and recorded answers.
"""

import msgspec

from tallyio.core.pools import V3State
from tallyio.core.units import PIPS, UINT128_MAX
from tallyio.hot_path.amm import v3
from tallyio.protocols.dex.families.concentrated import grown

ZERO_FEE = 420
"""What the fee modules store where a fee of zero is meant."""
SCALE = 1_000_000


class SlipstreamPool(msgspec.Struct, frozen=True):
    """``staked_net`` runs beside the ticks' ``liquidity_net``; ``gauge*`` are the gauge's fees not yet collected."""

    ticks: V3State
    staked_net: tuple[int, ...]
    staked: int
    tick_spacing: int
    fee_pips: int
    unstaked_fee_pips: int
    growth0: int = 0
    growth1: int = 0
    gauge0: int = 0
    gauge1: int = 0


class SlipstreamSwap(msgspec.Struct, frozen=True):
    amount_in: int
    amount_out: int
    unfilled: int
    pool: SlipstreamPool


def dynamic_fee(
    base: int, spacing_fee: int, scaling: int, cap: int, tick: int, average_tick: int | None, discount: int
) -> int:
    """The dynamic module's fee in pips: more the further ``tick`` is from its time-weighted average.

    ``average_tick`` is ``None`` where the pool's observations do not reach back; ``discount`` is in pips of the fee.
    """
    if base == ZERO_FEE:
        return 0
    fee = base or spacing_fee
    if average_tick is not None:
        fee += abs(tick - average_tick) * scaling // SCALE
    fee = min(fee, cap)
    return fee * (PIPS - discount) // PIPS


def scaling_and_cap(scaling: int, cap: int, default_scaling: int, default_cap: int) -> tuple[int, int]:
    """A pool's own, where it has a scaling; a cap alone counts for nothing."""
    return (scaling, cap) if scaling else (default_scaling, default_cap)


def enough_observations(cardinality: int, seconds: int) -> bool:
    """With fewer the dynamic module leaves the fee as it is: it takes one to stand for two seconds."""
    return cardinality >= seconds // 2


def split(fee: int, liquidity: int, staked: int, unstaked_fee_pips: int) -> tuple[int, int]:
    """A step's fee to the providers outside the gauge, and to the gauge; what is rounded goes to the gauge."""
    if liquidity == staked:
        return 0, fee
    gauge = -(-fee * staked // liquidity)
    outside = fee - gauge
    taken = -(-outside * unstaked_fee_pips // PIPS)
    return outside - taken, gauge + taken


def exchange(
    pool: SlipstreamPool,
    zero_for_one: bool,
    amount: int,
    *,
    exact_in: bool = True,
    sqrt_limit_x96: int | None = None,
) -> SlipstreamSwap:
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
        steps=steps,
    )
    growth, gauge = (pool.growth0, pool.gauge0) if zero_for_one else (pool.growth1, pool.gauge1)
    staked = pool.staked
    for step in steps:
        if step.liquidity:
            outside, taken = split(step.fee, step.liquidity, staked, pool.unstaked_fee_pips)
            growth = grown(growth, outside, step.liquidity - staked)
            gauge = (gauge + taken) & UINT128_MAX  # the contract's sum wraps
        if step.crossed >= 0:
            net = pool.staked_net[step.crossed]
            staked += -net if zero_for_one else net
    moved = msgspec.structs.replace(
        pool,
        ticks=v3.after(pool.ticks, done),
        staked=staked,
        growth0=growth if zero_for_one else pool.growth0,
        growth1=pool.growth1 if zero_for_one else growth,
        gauge0=gauge if zero_for_one else pool.gauge0,
        gauge1=pool.gauge1 if zero_for_one else gauge,
    )
    return SlipstreamSwap(done.amount_in, done.amount_out, done.unfilled, moved)
