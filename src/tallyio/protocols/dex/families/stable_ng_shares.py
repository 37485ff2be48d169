"""Shares of a StableSwap-NG pool made and burned for one coin: what meta pools do to the pool below them."""

import msgspec

from tallyio.protocols.dex.families.stable_math import FEE_UNIT, ONE, off_peg_fee, scaled
from tallyio.protocols.dex.families.stable_ng import ADMIN_FEE, StableNgPool, invariant, upkeep
from tallyio.protocols.dex.families.stable_ng_views import withdraw_one_coin
from tallyio.protocols.dex.families.words import div, require, u256


def add_liquidity(pool: StableNgPool, amounts: tuple[int, ...], now: int) -> tuple[int, StableNgPool]:
    """Shares made for ``amounts`` of the coins (units), by a pool that has some already, and the pool after."""
    n, amplification = len(amounts), pool.amplification(now)
    require(pool.total_supply > 0, "the pool is empty")
    d0 = invariant(scaled(pool.balances, pool.rates), amplification)
    balances = [u256(balance + amount) for balance, amount in zip(pool.balances, amounts, strict=True)]
    counted = list(balances)
    d1 = invariant(scaled(balances, pool.rates), amplification)
    require(d1 > d0, "the deposit adds nothing")
    base_fee = pool.fee * n // (4 * (n - 1))
    ys, admins = (d0 + d1) // n, list(pool.admin_balances)
    for k in range(n):
        ideal = div(u256(d1 * pool.balances[k]), d0)
        xs = u256(pool.rates[k] * (pool.balances[k] + counted[k])) // ONE
        rate = off_peg_fee(xs, ys, base_fee, pool.off_peg_multiplier)
        fee = u256(rate * abs(ideal - counted[k])) // FEE_UNIT
        admin = fee * ADMIN_FEE // FEE_UNIT
        admins[k] += admin
        counted[k] = u256(counted[k] - fee)
        balances[k] = u256(balances[k] - admin)
    xp = scaled(counted, pool.rates)
    d2 = invariant(xp, amplification)
    minted = u256(pool.total_supply * u256(d2 - d0)) // d0
    moved = msgspec.structs.replace(
        pool, balances=tuple(balances), admin_balances=tuple(admins), total_supply=pool.total_supply + minted
    )
    return minted, upkeep(moved, xp, amplification, d2, now)


def remove_liquidity_one_coin(pool: StableNgPool, burned: int, i: int, now: int) -> tuple[int, StableNgPool]:
    """What coin ``i`` pays for ``burned`` shares, and the pool after."""
    require(burned > 0, "nothing to burn")
    amplification = pool.amplification(now)
    paid, fee, xp, d = withdraw_one_coin(pool, burned, i, amplification)
    admin = fee * ADMIN_FEE // FEE_UNIT
    balances, admins = list(pool.balances), list(pool.admin_balances)
    balances[i] = u256(balances[i] - paid - admin)
    admins[i] += admin
    moved = msgspec.structs.replace(
        pool,
        balances=tuple(balances),
        admin_balances=tuple(admins),
        total_supply=u256(pool.total_supply - burned),
    )
    return paid, upkeep(moved, xp, amplification, d, now)
