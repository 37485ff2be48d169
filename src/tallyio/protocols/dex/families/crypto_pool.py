"""Curve Twocrypto-NG and Tricrypto-NG: volatile coins around price scales that follow the market when profits allow.

Source: M. Egorov, "Automatic market-making with dynamic peg" (2021), and Curve's documentation of both; judged by
recorded answers.
"""

from collections.abc import Sequence
from math import isqrt
from types import ModuleType

import msgspec

from tallyio.core.pools import PoolState
from tallyio.protocols.dex.families import tricrypto_math, twocrypto_math
from tallyio.protocols.dex.families.crypto_math import FEE_UNIT, ONE, SHARE
from tallyio.protocols.dex.families.exponential import exp_wad
from tallyio.protocols.dex.families.words import div, require, u256


class CryptoPool(PoolState, frozen=True):
    """Balances in the coins' units, ``precisions`` = ``10**(18 - decimals)``; prices of coins 1.. in coin 0 (1e18).

    ``initial`` and ``future`` are (A, gamma); fees of 1e10; ``xcp`` is the pool's constant-product worth, whose average
    pools without a window do not keep. Times in seconds, windows as the contract stores them.

    ``price_oracle`` is empty where it is not known: no view tells it once time has passed. Then ``price_scale`` is
    empty, and D and the virtual price are 0, after a trade that may have moved them.
    """

    balances: tuple[int, ...]
    precisions: tuple[int, ...]
    total_supply: int
    price_scale: tuple[int, ...]
    price_oracle: tuple[int, ...]
    last_prices: tuple[int, ...]
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
        if now <= self.initial_time:
            return self.initial
        span, gone = self.future_time - self.initial_time, now - self.initial_time
        a, gamma = (
            (first * (span - gone) + last * gone) // span for first, last in zip(self.initial, self.future, strict=True)
        )
        return a, gamma

    def ramping(self, now: int) -> bool:
        return self.future_time > now


def curve_of(pool: CryptoPool) -> ModuleType:
    """The module with the curve of the pool's number of coins."""
    return tricrypto_math if len(pool.balances) == 3 else twocrypto_math


def scaled(balances: Sequence[int], precisions: Sequence[int], price_scale: Sequence[int]) -> list[int]:
    rest = zip(balances[1:], precisions[1:], price_scale, strict=True)
    return [u256(balances[0] * precisions[0]), *(u256(b * u256(p * price)) // ONE for b, p, price in rest)]


def unscaled(amount: int, coin: int, pool: CryptoPool) -> int:
    """A scaled amount of ``coin`` in its units."""
    return (u256(amount * ONE) // pool.price_scale[coin - 1] if coin else amount) // pool.precisions[coin]


def fee(pool: CryptoPool, xp: Sequence[int]) -> int:
    """The fee (1e-10) at scaled balances: the middle one where they are even, towards the outer where they are not."""
    even: int = curve_of(pool).evenness(xp)
    weight = div(pool.fee_gamma * ONE, u256(pool.fee_gamma + ONE - even)) if pool.fee_gamma else even
    return (pool.mid_fee * weight + pool.out_fee * (ONE - weight)) // ONE


def worth(pool: CryptoPool, d: int, price_scale: Sequence[int]) -> int:
    """Constant-product worth of an even pool with invariant ``d``."""
    n = len(pool.balances)
    mean: int = curve_of(pool).mean([d // n, *(div(u256(d * ONE), n * price) for price in price_scale)])
    return mean


def average(last: int, ema: int, window: int, since: int, now: int) -> int:
    """The moving average at ``now`` of a value that is ``last`` since ``since``."""
    if since >= now:
        return ema
    weight = exp_wad(-((now - since) * ONE // window))
    return u256(last * (ONE - weight) + ema * weight) // ONE


def oracle_prices(pool: CryptoPool, now: int) -> tuple[int, ...]:
    if not pool.price_oracle:
        return ()
    return tuple(
        average(min(last, 2 * scale), ema, pool.price_window, pool.price_time, now)
        for last, scale, ema in zip(pool.last_prices, pool.price_scale, pool.price_oracle, strict=True)
    )


def oracle_xcp(pool: CryptoPool, now: int) -> int:
    return average(pool.last_xcp, pool.xcp_oracle, pool.xcp_window, pool.xcp_time, now)


def exchange(pool: CryptoPool, i: int, j: int, dx: int, now: int) -> tuple[int, CryptoPool]:
    """What the pool pays for ``dx`` of coin ``i`` in coin ``j``, and the pool after."""
    require(i != j and dx > 0, "do not exchange 0 coins")
    curve, (ann, gamma) = curve_of(pool), pool.a_gamma(now)
    balances = list(pool.balances)
    d = pool.d
    if pool.ramping(now):
        d = curve.invariant(ann, gamma, scaled(balances, pool.precisions, pool.price_scale))
    balances[i] = u256(balances[i] + dx)
    xp = scaled(balances, pool.precisions, pool.price_scale)
    y, k0 = curve.balance(ann, gamma, xp, d, j)
    gross = unscaled(u256(xp[j] - y - 1), j, pool)
    xp[j] = y
    dy = u256(gross - fee(pool, xp) * gross // FEE_UNIT)
    balances[j] = u256(balances[j] - dy)
    xp[j] = scaled(balances, pool.precisions, pool.price_scale)[j]
    moved = msgspec.structs.replace(pool, balances=tuple(balances))
    return dy, tweak_price(moved, ann, gamma, xp, k0, now)


def tweak_price(pool: CryptoPool, ann: int, gamma: int, xp: Sequence[int], k0: int, now: int, d: int = 0) -> CryptoPool:
    """The averages and the profit after a trade, and the price scale where the profit pays for moving it.

    ``d`` is the invariant at ``xp`` where it is known already.
    """
    curve, oracle = curve_of(pool), oracle_prices(pool, now)
    d = d or curve.invariant(ann, gamma, xp, k0)
    xcp = worth(pool, d, pool.price_scale)
    virtual_price = div(ONE * xcp, pool.total_supply)
    profit = div(u256(pool.xcp_profit * virtual_price), pool.virtual_price)
    require(pool.future_time >= now or virtual_price > pool.virtual_price, "Loss")
    spot = curve.prices(xp, d, ann, gamma)
    moved = msgspec.structs.replace(
        pool,
        price_oracle=oracle,
        price_time=max(pool.price_time, now),
        xcp_oracle=oracle_xcp(pool, now) if pool.xcp_window else 0,
        xcp_time=max(pool.xcp_time, now) if pool.xcp_window else 0,
        last_prices=tuple(p * scale // ONE for p, scale in zip(spot, pool.price_scale, strict=True)),
        last_xcp=xcp if pool.xcp_window else 0,
        d=d,
        xcp_profit=profit,
        virtual_price=virtual_price,
    )
    if u256(2 * virtual_price - ONE) <= profit + 2 * pool.allowed_extra_profit:
        return moved
    return rebalanced(moved, ann, gamma, xp)


def rebalanced(pool: CryptoPool, ann: int, gamma: int, xp: Sequence[int]) -> CryptoPool:
    """The pool with its price scale a step nearer to the average prices, where half of the profit stays."""
    if not pool.price_oracle:
        return msgspec.structs.replace(pool, price_scale=(), d=0, virtual_price=0)
    apart = [abs(o * ONE // scale - ONE) for o, scale in zip(pool.price_oracle, pool.price_scale, strict=True)]
    distance = isqrt(sum(each**2 for each in apart))
    step = max(pool.adjustment_step, distance // 5)
    if distance <= step:
        return pool
    new_scale = tuple(
        (scale * (distance - step) + step * o) // distance
        for o, scale in zip(pool.price_oracle, pool.price_scale, strict=True)
    )
    moved_by = zip(xp[1:], new_scale, pool.price_scale, strict=True)
    shifted = [xp[0], *(u256(x * new) // old for x, new, old in moved_by)]
    d = curve_of(pool).invariant(ann, gamma, shifted)
    for x in shifted:
        require(SHARE[0] - 1 <= x * ONE // d <= SHARE[1], "unsafe p_new")
    price = ONE * worth(pool, d, new_scale) // pool.total_supply
    if price > ONE and 2 * price - ONE > pool.xcp_profit:
        return msgspec.structs.replace(pool, d=d, virtual_price=price, price_scale=new_scale)
    return pool
