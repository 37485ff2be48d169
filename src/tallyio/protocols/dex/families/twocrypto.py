"""Curve Twocrypto-NG: two volatile coins around a price scale that follows the market when profits allow.

Source: M. Egorov, "Automatic market-making with dynamic peg" (2021), and Curve's documentation of Twocrypto-NG; judged
by recorded answers.
"""

from collections.abc import Sequence
from math import isqrt

import msgspec

from tallyio.protocols.dex.families import twocrypto_math as curve
from tallyio.protocols.dex.families.crypto_math import FEE_UNIT, ONE
from tallyio.protocols.dex.families.exponential import exp_wad
from tallyio.protocols.dex.families.twocrypto_math import N
from tallyio.protocols.dex.families.words import div, require, u256

_MIN_SHARE, _MAX_SHARE = 10**16 - 1, 10**20 + 1


class TwocryptoPool(msgspec.Struct, frozen=True):
    """Balances in the coins' units, ``precisions`` = ``10**(18 - decimals)``; prices of coin 1 in coin 0 (1e18).

    ``initial`` and ``future`` are (A, gamma); fees of 1e10; ``xcp`` is the pool's constant-product worth. Times in
    seconds, windows as the contract stores them.
    """

    balances: tuple[int, int]
    precisions: tuple[int, int]
    total_supply: int
    price_scale: int
    price_oracle: int
    last_price: int
    price_time: int
    xcp_oracle: int
    last_xcp: int
    xcp_time: int
    xcp_window: int
    initial: tuple[int, int]
    initial_time: int
    future: tuple[int, int]
    future_time: int
    d: int
    xcp_profit: int
    virtual_price: int
    allowed_extra_profit: int
    adjustment_step: int
    price_window: int
    mid_fee: int
    out_fee: int
    fee_gamma: int

    def a_gamma(self, now: int) -> tuple[int, int]:
        if now >= self.future_time:
            return self.future
        span, gone = self.future_time - self.initial_time, now - self.initial_time
        a, gamma = (
            (first * (span - gone) + last * gone) // span for first, last in zip(self.initial, self.future, strict=True)
        )
        return a, gamma

    def ramping(self, now: int) -> bool:
        return self.future_time > now


def scaled(balances: Sequence[int], precisions: Sequence[int], price_scale: int) -> list[int]:
    return [u256(balances[0] * precisions[0]), u256(balances[1] * precisions[1] * price_scale) // ONE]


def unscaled(amount: int, coin: int, pool: TwocryptoPool) -> int:
    """A scaled amount of ``coin`` in its units."""
    return (u256(amount * ONE) // pool.price_scale if coin else amount) // pool.precisions[coin]


def fee(xp: Sequence[int], mid: int, out: int, fee_gamma: int) -> int:
    """The fee (1e-10) at scaled balances: ``mid`` where they are even, towards ``out`` where they are not."""
    total = u256(xp[0] + xp[1])
    even = div(div(ONE * N**N * xp[0], total) * xp[1], total)
    weight = div(fee_gamma * ONE, fee_gamma + ONE - even)
    return (mid * weight + out * (ONE - weight)) // ONE


def worth(d: int, price_scale: int) -> int:
    """Constant-product worth of an even pool with invariant ``d``."""
    return isqrt(u256(d // N * div(u256(d * ONE), N * price_scale)))


def average(last: int, ema: int, window: int, since: int, now: int) -> int:
    """The moving average at ``now`` of a value that is ``last`` since ``since``."""
    if since >= now:
        return ema
    weight = exp_wad(-((now - since) * ONE // window))
    return u256(last * (ONE - weight) + ema * weight) // ONE


def oracle_price(pool: TwocryptoPool, now: int) -> int:
    capped = min(pool.last_price, 2 * pool.price_scale)
    return average(capped, pool.price_oracle, pool.price_window, pool.price_time, now)


def oracle_xcp(pool: TwocryptoPool, now: int) -> int:
    return average(pool.last_xcp, pool.xcp_oracle, pool.xcp_window, pool.xcp_time, now)


def exchange(pool: TwocryptoPool, i: int, j: int, dx: int, now: int) -> tuple[int, TwocryptoPool]:
    """What the pool pays for ``dx`` of coin ``i`` in coin ``j``, and the pool after."""
    require(i != j and dx > 0, "do not exchange 0 coins")
    ann, gamma = pool.a_gamma(now)
    balances = list(pool.balances)
    d = pool.d
    if pool.ramping(now):
        d = curve.invariant(ann, gamma, scaled(balances, pool.precisions, pool.price_scale))
    balances[i] = u256(balances[i] + dx)
    xp = scaled(balances, pool.precisions, pool.price_scale)
    y, k0 = curve.balance(ann, gamma, xp, d, j)
    gross = unscaled(u256(xp[j] - y - 1), j, pool)
    xp[j] = y
    dy = u256(gross - fee(xp, pool.mid_fee, pool.out_fee, pool.fee_gamma) * gross // FEE_UNIT)
    balances[j] = u256(balances[j] - dy)
    xp[j] = scaled(balances, pool.precisions, pool.price_scale)[j]
    moved = msgspec.structs.replace(pool, balances=tuple(balances))
    return dy, tweak_price(moved, ann, gamma, xp, k0, now)


def tweak_price(pool: TwocryptoPool, ann: int, gamma: int, xp: Sequence[int], k0: int, now: int) -> TwocryptoPool:
    """The averages and the profit after a trade, and the price scale where the profit pays for moving it."""
    oracle = oracle_price(pool, now)
    d = curve.invariant(ann, gamma, xp, k0)
    xcp = worth(d, pool.price_scale)
    virtual_price = div(ONE * xcp, pool.total_supply)
    profit = u256(pool.xcp_profit * virtual_price) // pool.virtual_price
    require(pool.future_time >= now or virtual_price > pool.virtual_price, "Loss")
    moved = msgspec.structs.replace(
        pool,
        price_oracle=oracle,
        price_time=max(pool.price_time, now),
        xcp_oracle=oracle_xcp(pool, now),
        xcp_time=max(pool.xcp_time, now),
        last_price=curve.price(xp, d, ann, gamma) * pool.price_scale // ONE,
        last_xcp=xcp,
        d=d,
        xcp_profit=profit,
        virtual_price=virtual_price,
    )
    if u256(2 * virtual_price - ONE) <= profit + 2 * pool.allowed_extra_profit:
        return moved
    distance = abs(oracle * ONE // pool.price_scale - ONE)
    step = max(pool.adjustment_step, distance // 5)
    if distance <= step:
        return moved
    new_scale = (pool.price_scale * (distance - step) + step * oracle) // distance
    shifted = [xp[0], u256(xp[1] * new_scale) // pool.price_scale]
    new_d = curve.invariant(ann, gamma, shifted)
    for x in shifted:
        require(_MIN_SHARE <= x * ONE // new_d <= _MAX_SHARE, "unsafe p_new")
    new_price = ONE * worth(new_d, new_scale) // pool.total_supply
    if new_price > ONE and 2 * new_price - ONE > profit:
        return msgspec.structs.replace(moved, d=new_d, virtual_price=new_price, price_scale=new_scale)
    return moved
