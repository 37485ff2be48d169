"""Curve's first meta pools: one coin against 3pool's shares, whose worth is read again after ten minutes.

Underlying coin 0 is the meta pool's own, 1.. are the base pool's. Source: Curve's documentation of meta pools; judged
by recorded answers.
"""

import msgspec

from tallyio.core.pools import PoolState
from tallyio.protocols.dex.families import stable_legacy
from tallyio.protocols.dex.families.stable_legacy import StablePool, gross_out
from tallyio.protocols.dex.families.stable_math import FEE_UNIT, ONE
from tallyio.protocols.dex.families.words import require, u256

CACHE_SECONDS = 600


class StableMeta(PoolState, frozen=True):
    """``cached_price`` is the base pool's virtual price as of ``cached_at``."""

    meta: StablePool
    base: StablePool
    cached_price: int
    cached_at: int


def current(pool: StableMeta, now: int) -> StableMeta:
    """The same with the shares' price as a swap at ``now`` reads it: from the cache while that is young."""
    if now > pool.cached_at + CACHE_SECONDS:
        price, read = stable_legacy.virtual_price(pool.base, now), now
    else:
        price, read = pool.cached_price, pool.cached_at
    meta = msgspec.structs.replace(pool.meta, rates=(pool.meta.rates[0], price))
    return StableMeta(meta, pool.base, price, read)


def exchange(pool: StableMeta, i: int, j: int, dx: int, now: int) -> tuple[int, StableMeta]:
    """Between the meta pool's own two coins."""
    pool = current(pool, now)
    dy, meta = stable_legacy.exchange(pool.meta, i, j, dx, now)
    return dy, msgspec.structs.replace(pool, meta=meta)


def exchange_underlying(pool: StableMeta, i: int, j: int, dx: int, now: int) -> tuple[int, StableMeta]:
    """Between any of the underlying coins: the base pool takes or pays its coins as shares."""
    require(i != j, "the coins must differ")
    pool = current(pool, now)
    if i and j:
        dy, base = stable_legacy.exchange(pool.base, i - 1, j - 1, dx, now)
        return dy, msgspec.structs.replace(pool, base=base)
    if i:
        shares, base = stable_legacy.add_liquidity(pool.base, one_coin(pool, i, dx), now)
        dy, meta = stable_legacy.exchange(pool.meta, 1, 0, shares, now)
    else:
        shares, meta = stable_legacy.exchange(pool.meta, 0, 1, dx, now)
        dy, base = stable_legacy.remove_liquidity_one_coin(pool.base, shares, j - 1, now)
    return dy, msgspec.structs.replace(pool, meta=meta, base=base)


def get_dy_underlying(pool: StableMeta, i: int, j: int, dx: int, now: int) -> int:
    """The contract's quote, which takes the base pool's fees as about half of one."""
    if i and j:
        return stable_legacy.get_dy(pool.base, i - 1, j - 1, dx, now)
    pool = current(pool, now)
    meta = pool.meta
    if i:
        shares = stable_legacy.calc_token_amount(pool.base, one_coin(pool, i, dx), True, now)
        entered = u256(shares * pool.cached_price) // ONE
        entered -= u256(entered * pool.base.fee) // (2 * FEE_UNIT)
    else:
        entered = u256(dx * meta.rates[0]) // ONE
    side = 1 if i else 0
    gross = gross_out(meta, side, 1 - side, entered, now)
    dy = gross - u256(meta.fee * gross) // FEE_UNIT
    if i:
        return u256(dy * ONE) // meta.rates[0]
    return stable_legacy.withdraw_one_coin(pool.base, u256(dy * ONE) // pool.cached_price, j - 1, now)[0]


def one_coin(pool: StableMeta, coin: int, amount: int) -> tuple[int, ...]:
    """``amount`` of underlying ``coin`` alone, as the base pool lists its coins."""
    return tuple(amount if k == coin - 1 else 0 for k in range(len(pool.base.balances)))
