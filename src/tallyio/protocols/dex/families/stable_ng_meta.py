"""Curve's NG meta pools: one coin against the shares of another StableSwap-NG pool, whose coins it trades too.

Underlying coin 0 is the meta pool's own, 1.. are the base pool's. Source: Curve's documentation of meta pools; judged
by recorded answers.
"""

import msgspec

from tallyio.core.pools import PoolState
from tallyio.protocols.dex.families import stable_ng, stable_ng_views
from tallyio.protocols.dex.families.stable_math import ONE, scaled
from tallyio.protocols.dex.families.stable_ng import StableNgPool
from tallyio.protocols.dex.families.stable_ng_shares import add_liquidity, remove_liquidity_one_coin
from tallyio.protocols.dex.families.stable_ng_views import get_dx, swap_quote, whole_amplification
from tallyio.protocols.dex.families.words import SwapRefusedError, require, u256


class StableNgMeta(PoolState, frozen=True):
    """``meta.rates[1]`` is the base pool's virtual price; ``current`` sets it."""

    meta: StableNgPool
    base: StableNgPool


def current(pool: StableNgMeta, now: int) -> StableNgMeta:
    """The same with the shares' rate as the base pool has it at ``now``."""
    rates = (pool.meta.rates[0], stable_ng.virtual_price(pool.base, now))
    return StableNgMeta(msgspec.structs.replace(pool.meta, rates=rates), pool.base)


def exchange(pool: StableNgMeta, i: int, j: int, dx: int, now: int) -> tuple[int, StableNgMeta]:
    """Between the meta pool's own two coins."""
    pool = current(pool, now)
    dy, meta = stable_ng.exchange(pool.meta, i, j, dx, now)
    return dy, StableNgMeta(meta, pool.base)


def exchange_underlying(pool: StableNgMeta, i: int, j: int, dx: int, now: int) -> tuple[int, StableNgMeta]:
    """Between any of the underlying coins: the base pool takes or pays its coins as shares."""
    require(i != j and dx > 0, "the coins must differ and the amount be above zero")
    pool = current(pool, now)
    if i and j:
        dy, base = stable_ng.exchange(pool.base, i - 1, j - 1, dx, now)
        return dy, current(StableNgMeta(pool.meta, base), now)
    if i:
        shares, base = add_liquidity(pool.base, one_coin(pool, i, dx), now)
        dy, meta = stable_ng.sell(pool.meta, 1, 0, shares, now)
    else:
        shares, meta = stable_ng.exchange(pool.meta, 0, 1, dx, now)
        dy, base = remove_liquidity_one_coin(pool.base, shares, j - 1, now)
    return dy, current(StableNgMeta(meta, base), now)


def get_dy_underlying(pool: StableNgMeta, i: int, j: int, dx: int, now: int) -> int:
    """The views contract's quote; not always what ``exchange_underlying`` pays."""
    pool = current(pool, now)
    if i and j:
        return stable_ng_views.get_dy(pool.base, i - 1, j - 1, dx, now)
    meta = pool.meta
    xp = scaled(meta.balances, meta.rates)
    if i:
        shares = stable_ng_views.calc_token_amount(pool.base, one_coin(pool, i, dx), True, now)
        entered = u256(shares * meta.rates[1]) // ONE
    else:
        entered = u256(dx * meta.rates[0]) // ONE
    side = 1 if i else 0
    dy = swap_quote(meta, xp, side, 1 - side, entered, whole_amplification(meta, now))
    if i:
        return u256(dy * ONE) // meta.rates[0]
    return stable_ng_views.calc_withdraw_one_coin(pool.base, u256(dy * ONE) // meta.rates[1], j - 1, now)


def get_dx_underlying(pool: StableNgMeta, i: int, j: int, dy: int, now: int) -> int:
    """About what coin ``i`` must pay for ``dy`` of coin ``j``, by the views contract; one coin must be the meta's."""
    if i and j:
        raise SwapRefusedError("Not a Metapool Swap. Use Base pool.")
    pool = current(pool, now)
    if i:
        shares = get_dx(pool.meta, 1, 0, dy, now)
        return stable_ng_views.calc_withdraw_one_coin(pool.base, shares, i - 1, now)
    shares = stable_ng_views.calc_token_amount(pool.base, one_coin(pool, j, dy), False, now)
    return get_dx(pool.meta, 0, 1, shares, now)


def one_coin(pool: StableNgMeta, coin: int, amount: int) -> tuple[int, ...]:
    """``amount`` of underlying ``coin`` alone, as the base pool lists its coins."""
    return tuple(amount if k == coin - 1 else 0 for k in range(len(pool.base.balances)))
