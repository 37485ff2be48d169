"""Curve's first StableSwap pools: 3pool and the template after it, with a flat fee and without averages.

Source: the StableSwap paper and Curve's documentation of plain pools; judged by recorded answers. 3pool has no decimals
in its amplification and rounds a quote in other places than a swap.
"""

from collections.abc import Sequence

import msgspec

from tallyio.core.pools import PoolState
from tallyio.protocols.dex.families import stable_math
from tallyio.protocols.dex.families.stable_math import FEE_UNIT, ONE, scaled
from tallyio.protocols.dex.families.words import div, require, u256


class StablePool(PoolState, frozen=True):
    """Balances in the coins' units, rates 1e18 times ``10**(18 - decimals)``, fees of ``FEE_UNIT``.

    ``a_unit`` is what the stored amplifications are times A: 1 (3pool) or 100.
    """

    balances: tuple[int, ...]
    admin_balances: tuple[int, ...]
    rates: tuple[int, ...]
    initial_a: int
    future_a: int
    initial_a_time: int
    future_a_time: int
    a_unit: int
    fee: int
    admin_fee: int
    total_supply: int

    def amplification(self, now: int) -> int:
        return stable_math.ramped(self.initial_a, self.future_a, self.initial_a_time, self.future_a_time, now)

    def invariant(self, balances: Sequence[int], now: int) -> int:
        """D of ``balances`` in the coins' units."""
        xp = scaled(balances, self.rates)
        return stable_math.invariant(xp, self.amplification(now), self.a_unit, divide_each=True)


def gross_out(pool: StablePool, i: int, j: int, entered: int, now: int) -> int:
    """What ``entered`` of coin ``i`` takes from coin ``j`` before its fee, both scaled."""
    xp, amplification = scaled(pool.balances, pool.rates), pool.amplification(now)
    d = stable_math.invariant(xp, amplification, pool.a_unit, divide_each=True)
    y = stable_math.balance_at(i, j, u256(xp[i] + entered), xp, amplification, pool.a_unit, d)
    return u256(xp[j] - y - 1)


def get_dy(pool: StablePool, i: int, j: int, dx: int, now: int) -> int:
    """The contract's quote for ``dx`` of coin ``i``."""
    gross = gross_out(pool, i, j, u256(dx * pool.rates[i]) // ONE, now)
    if pool.a_unit == 1:
        dy = u256(gross * ONE) // pool.rates[j]
        return dy - pool.fee * dy // FEE_UNIT
    return u256((gross - u256(pool.fee * gross) // FEE_UNIT) * ONE) // pool.rates[j]


def exchange(pool: StablePool, i: int, j: int, dx: int, now: int) -> tuple[int, StablePool]:
    """What the pool pays for ``dx`` of coin ``i`` in coin ``j``, and the pool after."""
    require(i != j, "the coins must differ")
    gross = gross_out(pool, i, j, u256(dx * pool.rates[i]) // ONE, now)
    fee = u256(gross * pool.fee) // FEE_UNIT
    dy = u256((gross - fee) * ONE) // pool.rates[j]
    admin = u256(fee * pool.admin_fee // FEE_UNIT * ONE) // pool.rates[j]
    balances, admins = list(pool.balances), list(pool.admin_balances)
    balances[i] = u256(balances[i] + dx)
    balances[j] = u256(balances[j] - dy - admin)
    admins[j] += admin
    return dy, msgspec.structs.replace(pool, balances=tuple(balances), admin_balances=tuple(admins))


def virtual_price(pool: StablePool, now: int) -> int:
    """What a share is worth (1e18)."""
    return div(u256(pool.invariant(pool.balances, now) * ONE), pool.total_supply)


def calc_token_amount(pool: StablePool, amounts: Sequence[int], is_deposit: bool, now: int) -> int:
    """Shares for a deposit or a withdrawal of ``amounts``, fees left out as the contract does."""
    d0 = pool.invariant(pool.balances, now)
    sign = 1 if is_deposit else -1
    after = [u256(balance + sign * amount) for balance, amount in zip(pool.balances, amounts, strict=True)]
    d1 = pool.invariant(after, now)
    return div(u256(u256(d1 - d0 if is_deposit else d0 - d1) * pool.total_supply), d0)


def withdraw_one_coin(pool: StablePool, burned: int, i: int, now: int) -> tuple[int, int]:
    """What coin ``i`` pays for ``burned`` shares, and the fee in it, in its units."""
    xp, n, amplification = scaled(pool.balances, pool.rates), len(pool.balances), pool.amplification(now)
    rate = _imbalance_fee(pool)
    d0 = stable_math.invariant(xp, amplification, pool.a_unit, divide_each=True)
    d1 = u256(d0 - div(u256(burned * d0), pool.total_supply))
    new_y = stable_math.balance_at_invariant(i, xp, amplification, pool.a_unit, d1)
    reduced = []
    for k in range(n):
        kept = div(u256(xp[k] * d1), d0)
        expected = u256(kept - new_y) if k == i else u256(xp[k] - kept)
        reduced.append(u256(xp[k] - u256(rate * expected) // FEE_UNIT))
    left = stable_math.balance_at_invariant(i, reduced, amplification, pool.a_unit, d1)
    paid = u256(u256(reduced[i] - left - 1) * ONE) // pool.rates[i]
    return paid, u256(u256(u256(xp[i] - new_y) * ONE) // pool.rates[i] - paid)


def remove_liquidity_one_coin(pool: StablePool, burned: int, i: int, now: int) -> tuple[int, StablePool]:
    """What coin ``i`` pays for ``burned`` shares, and the pool after."""
    paid, fee = withdraw_one_coin(pool, burned, i, now)
    admin = fee * pool.admin_fee // FEE_UNIT
    balances, admins = list(pool.balances), list(pool.admin_balances)
    balances[i] = u256(balances[i] - paid - admin)
    admins[i] += admin
    supply = u256(pool.total_supply - burned)
    return paid, msgspec.structs.replace(
        pool, balances=tuple(balances), admin_balances=tuple(admins), total_supply=supply
    )


def add_liquidity(pool: StablePool, amounts: Sequence[int], now: int) -> tuple[int, StablePool]:
    """Shares made for ``amounts`` by a pool that has some already, and the pool after."""
    d0 = pool.invariant(pool.balances, now)
    balances = [u256(balance + amount) for balance, amount in zip(pool.balances, amounts, strict=True)]
    d1 = pool.invariant(balances, now)
    require(d1 > d0, "the deposit adds nothing")
    rate, counted, admins = _imbalance_fee(pool), list(balances), list(pool.admin_balances)
    for k in range(len(amounts)):
        ideal = div(u256(d1 * pool.balances[k]), d0)
        fee = u256(rate * abs(ideal - balances[k])) // FEE_UNIT
        admin = fee * pool.admin_fee // FEE_UNIT
        counted[k] = u256(counted[k] - fee)
        balances[k] = u256(balances[k] - admin)
        admins[k] += admin
    minted = div(u256(pool.total_supply * u256(pool.invariant(counted, now) - d0)), d0)
    return minted, msgspec.structs.replace(
        pool, balances=tuple(balances), admin_balances=tuple(admins), total_supply=pool.total_supply + minted
    )


def _imbalance_fee(pool: StablePool) -> int:
    n = len(pool.balances)
    return pool.fee * n // (4 * (n - 1))
