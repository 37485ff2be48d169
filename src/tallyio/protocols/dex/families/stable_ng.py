"""Curve StableSwap-NG: up to eight coins with rates, a fee that rises off the peg, and moving averages of prices.

Source: the StableSwap paper and Curve's documentation of Stableswap-NG pools; judged by recorded answers.
"""

from collections.abc import Sequence

import msgspec

from tallyio.core.pools import PoolState
from tallyio.protocols.dex.families import stable_math
from tallyio.protocols.dex.families.exponential import exp_wad
from tallyio.protocols.dex.families.stable_math import FEE_UNIT, ONE, off_peg_fee, scaled
from tallyio.protocols.dex.families.words import div, require, u256

A_UNIT = 100
ADMIN_FEE = 5 * 10**9
"""The administrators' part of each fee, of ``FEE_UNIT``."""
PRICE_CAP = 2 * ONE
"""A spot price above this enters the moving average as this."""


class StableNgPool(PoolState, frozen=True):
    """Balances and administrators' balances in the coins' units; rates 1e18 times ``10**(18 - decimals)``.

    Amplifications are times ``A_UNIT``; fees of ``FEE_UNIT``; ``last_price`` and ``ema_price`` (1e18) of coins 1.. in
    coin 0; windows and times in seconds.
    """

    balances: tuple[int, ...]
    admin_balances: tuple[int, ...]
    rates: tuple[int, ...]
    initial_a: int
    future_a: int
    initial_a_time: int
    future_a_time: int
    fee: int
    off_peg_multiplier: int
    total_supply: int
    price_window: int
    d_window: int
    price_time: int
    d_time: int
    last_price: tuple[int, ...]
    ema_price: tuple[int, ...]
    last_d: int
    ema_d: int
    rebasing: bool = False

    def amplification(self, now: int) -> int:
        return stable_math.ramped(self.initial_a, self.future_a, self.initial_a_time, self.future_a_time, now)


def invariant(balances: Sequence[int], amplification: int) -> int:
    return stable_math.invariant(balances, amplification, A_UNIT, divide_each=False)


def swapped(
    i: int, j: int, entered: int, xp: Sequence[int], amplification: int, d: int, fee: int, multiplier: int
) -> tuple[int, int, int]:
    """Coin ``j`` before its fee, the fee, and its balance after, all scaled, for ``entered`` (scaled) of coin ``i``."""
    x = u256(xp[i] + entered)
    y = stable_math.balance_at(i, j, x, xp, amplification, A_UNIT, d)
    gross = u256(xp[j] - y - 1)
    return gross, u256(gross * off_peg_fee((xp[i] + x) // 2, (xp[j] + y) // 2, fee, multiplier)) // FEE_UNIT, y


def exchange(pool: StableNgPool, i: int, j: int, dx: int, now: int) -> tuple[int, StableNgPool]:
    """What the pool pays for ``dx`` of coin ``i`` in coin ``j``, and the pool after."""
    require(i != j and dx > 0, "the coins must differ and the amount be above zero")
    return sell(pool, i, j, dx, now)


def sell(pool: StableNgPool, i: int, j: int, dx: int, now: int) -> tuple[int, StableNgPool]:
    """``exchange`` as meta pools do it inside, where ``dx`` may be no share at all."""
    xp = scaled(pool.balances, pool.rates)
    amplification = pool.amplification(now)
    d = invariant(xp, amplification)
    entered = u256(dx * pool.rates[i]) // ONE
    gross, fee, y = swapped(i, j, entered, xp, amplification, d, pool.fee, pool.off_peg_multiplier)
    dy = u256((gross - fee) * ONE) // pool.rates[j]
    admin = u256(fee * ADMIN_FEE // FEE_UNIT * ONE) // pool.rates[j]
    balances, admins = list(pool.balances), list(pool.admin_balances)
    balances[i] += dx
    balances[j] = u256(balances[j] - dy - admin)
    admins[j] += admin
    xp[i], xp[j] = xp[i] + entered, y
    moved = msgspec.structs.replace(pool, balances=tuple(balances), admin_balances=tuple(admins))
    return dy, upkeep(moved, xp, amplification, d, now)


def average(last: int, ema: int, window: int, since: int, now: int) -> int:
    """An exponential moving average at ``now`` that was ``ema`` at ``since``, the value being ``last`` from then on."""
    if since >= now:
        return ema
    weight = exp_wad(-((now - since) * ONE // window))
    return u256(last * (ONE - weight) + ema * weight) // ONE


def upkeep(pool: StableNgPool, xp: Sequence[int], amplification: int, d: int, now: int) -> StableNgPool:
    """The averages after prices moved to those of ``xp`` (scaled balances)."""
    last, ema = list(pool.last_price), list(pool.ema_price)
    for k, spot in enumerate(stable_math.prices(xp, amplification, A_UNIT, d)):
        if spot:
            ema[k] = average(last[k], ema[k], pool.price_window, pool.price_time, now)
            last[k] = min(spot, PRICE_CAP)
    return msgspec.structs.replace(
        pool,
        last_price=tuple(last),
        ema_price=tuple(ema),
        ema_d=average(pool.last_d, pool.ema_d, pool.d_window, pool.d_time, now),
        last_d=d,
        price_time=max(pool.price_time, now),
        d_time=max(pool.d_time, now),
    )


def spot_prices(pool: StableNgPool, now: int) -> tuple[int, ...]:
    """Marginal prices (1e18) of coins 1.. in coin 0, without fee."""
    xp, amplification = scaled(pool.balances, pool.rates), pool.amplification(now)
    return stable_math.prices(xp, amplification, A_UNIT, invariant(xp, amplification))


def virtual_price(pool: StableNgPool, now: int) -> int:
    """What a share is worth in coin 0 (1e18)."""
    d = invariant(scaled(pool.balances, pool.rates), pool.amplification(now))
    return div(u256(d * ONE), pool.total_supply)
