"""What StableSwap-NG's views contract answers. It takes A without its fraction, so a ramp may part it from the pool."""

from collections.abc import Sequence

from tallyio.protocols.dex.families import stable_math
from tallyio.protocols.dex.families.stable_math import FEE_UNIT, ONE, off_peg_fee, scaled
from tallyio.protocols.dex.families.stable_ng import A_UNIT, StableNgPool, invariant, swapped
from tallyio.protocols.dex.families.words import div, u256


def whole_amplification(pool: StableNgPool, now: int) -> int:
    return pool.amplification(now) // A_UNIT * A_UNIT


def get_dy(pool: StableNgPool, i: int, j: int, dx: int, now: int) -> int:
    """The quote for ``dx`` of coin ``i``, in coin ``j``."""
    xp, entered = scaled(pool.balances, pool.rates), u256(dx * pool.rates[i]) // ONE
    return u256(swap_quote(pool, xp, i, j, entered, whole_amplification(pool, now)) * ONE) // pool.rates[j]


def swap_quote(pool: StableNgPool, xp: Sequence[int], i: int, j: int, entered: int, amplification: int) -> int:
    """What ``entered`` of coin ``i`` gets of coin ``j``, both scaled, the fee taken."""
    d = invariant(xp, amplification)
    gross, fee, _ = swapped(i, j, entered, xp, amplification, d, pool.fee, pool.off_peg_multiplier)
    return gross - fee


def get_dx(pool: StableNgPool, i: int, j: int, dy: int, now: int) -> int:
    """About what coin ``i`` must pay for ``dy`` of coin ``j``: the fee is taken at the balances before the swap."""
    xp, amplification = scaled(pool.balances, pool.rates), whole_amplification(pool, now)
    fee = off_peg_fee(xp[i], xp[j], pool.fee, pool.off_peg_multiplier)
    return _dx(pool.rates, xp, amplification, i, j, dy, fee)


def _dx(rates: Sequence[int], xp: Sequence[int], amplification: int, i: int, j: int, dy: int, fee: int) -> int:
    wanted = u256(dy * rates[j]) // ONE + 1
    y = u256(xp[j] - u256(wanted * FEE_UNIT) // (FEE_UNIT - fee))
    x = stable_math.balance_at(j, i, y, xp, amplification, A_UNIT, invariant(xp, amplification))
    return u256(u256(x - xp[i]) * ONE) // rates[i]


def dynamic_fee(pool: StableNgPool, i: int, j: int) -> int:
    """The fee (1e-10) at the present balances."""
    xp = scaled(pool.balances, pool.rates)
    return off_peg_fee(xp[i], xp[j], pool.fee, pool.off_peg_multiplier)


def calc_token_amount(pool: StableNgPool, amounts: Sequence[int], is_deposit: bool, now: int) -> int:
    """Shares that a deposit makes or that a withdrawal of exactly ``amounts`` burns."""
    n, amplification = len(amounts), whole_amplification(pool, now)
    d0 = invariant(scaled(pool.balances, pool.rates), amplification)
    sign = 1 if is_deposit else -1
    after = [u256(balance + sign * amount) for balance, amount in zip(pool.balances, amounts, strict=True)]
    d1 = invariant(scaled(after, pool.rates), amplification)
    if pool.total_supply == 0:
        return d1
    base_fee = pool.fee * n // (4 * (n - 1))
    ys = (d0 + d1) // n
    for k in range(n):
        ideal = div(u256(d1 * pool.balances[k]), d0)
        xs = u256(pool.rates[k] * (pool.balances[k] + after[k])) // ONE
        fee = off_peg_fee(xs, ys, base_fee, pool.off_peg_multiplier)
        after[k] = u256(after[k] - u256(fee * abs(ideal - after[k])) // FEE_UNIT)
    d2 = invariant(scaled(after, pool.rates), amplification)
    return u256(u256(d2 - d0 if is_deposit else d0 - d2) * pool.total_supply) // d0


def calc_withdraw_one_coin(pool: StableNgPool, burned: int, i: int, now: int) -> int:
    """What coin ``i`` pays for ``burned`` shares."""
    return withdraw_one_coin(pool, burned, i, pool.amplification(now))[0]


def withdraw_one_coin(
    pool: StableNgPool, burned: int, i: int, amplification: int
) -> tuple[int, int, tuple[int, ...], int]:
    """What coin ``i`` pays for ``burned`` shares and the fee in it (units), and the scaled balances and D after."""
    xp, n = scaled(pool.balances, pool.rates), len(pool.balances)
    d0 = invariant(xp, amplification)
    d1 = u256(d0 - div(u256(burned * d0), pool.total_supply))
    new_y = stable_math.balance_at_invariant(i, xp, amplification, A_UNIT, d1)
    base_fee = pool.fee * n // (4 * (n - 1))
    ys = (d0 + d1) // (2 * n)
    reduced = []
    for k, balance in enumerate(xp):
        kept = div(u256(balance * d1), d0)
        expected = u256(kept - new_y) if k == i else u256(balance - kept)
        between = (balance + new_y) // 2 if k == i else balance
        fee = off_peg_fee(between, ys, base_fee, pool.off_peg_multiplier)
        reduced.append(u256(balance - u256(fee * expected) // FEE_UNIT))
    left = stable_math.balance_at_invariant(i, reduced, amplification, A_UNIT, d1)
    paid = u256(u256(reduced[i] - left - 1) * ONE) // pool.rates[i]
    fee = u256(u256(u256(xp[i] - new_y) * ONE) // pool.rates[i] - paid)
    return paid, fee, tuple(new_y if k == i else balance for k, balance in enumerate(xp)), d1
