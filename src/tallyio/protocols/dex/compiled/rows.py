"""A family's state as the row that its compiled kernel quotes from (``hot_path.kernels.rows``).

Raises ``ChainDataError`` where a number does not fit the row, ``SwapRefusedError`` where the contract could not quote.
"""

from collections.abc import Sequence

from tallyio.core.errors import ChainDataError
from tallyio.hot_path.kernels import rows
from tallyio.hot_path.kernels.rows import Row
from tallyio.protocols.dex.families import balancer_stable, liquidity_book, solidly, stable_ng_views
from tallyio.protocols.dex.families.balancer_shares import without
from tallyio.protocols.dex.families.balancer_stable import StablePool as BalancerStable
from tallyio.protocols.dex.families.balancer_v3 import V3Pool, Weighted, settled
from tallyio.protocols.dex.families.balancer_weighted import WeightedPool
from tallyio.protocols.dex.families.crypto_math import ONE
from tallyio.protocols.dex.families.crypto_pool import CryptoPool
from tallyio.protocols.dex.families.crypto_views import present_d
from tallyio.protocols.dex.families.liquidity_book import LiquidityBook
from tallyio.protocols.dex.families.rate_cache import rate_of
from tallyio.protocols.dex.families.solidly_pool import SolidlyPool
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.families.stable_ng import A_UNIT, StableNgPool

_SCALE, _LEAST_KEPT = 2.0**128, 0.9
_COUNTED = 2.0**127
VARIANTS = (solidly.AERODROME, solidly.VELODROME, solidly.CAMELOT)


def stable_ng_row(pool: StableNgPool, now: int, *, view: bool = False) -> Row:
    """For swaps at ``now``; with ``view`` for the views contract's quotes, which take A without its fraction."""
    a = stable_ng_views.whole_amplification(pool, now) if view else pool.amplification(now)
    return rows.stable_row(pool.balances, pool.rates, a, A_UNIT, pool.fee, pool.off_peg_multiplier)


def stable_row(pool: StablePool, now: int, *, view: bool = False) -> Row:
    """For swaps at ``now``; with ``view`` for the pool's quote, which 3pool rounds otherwise."""
    flat = view and pool.a_unit == 1
    a = pool.amplification(now)
    return rows.stable_row(pool.balances, pool.rates, a, pool.a_unit, pool.fee, divide_each=True, view=flat)


def crypto_row(pool: CryptoPool, now: int) -> Row:
    if not pool.price_scale:
        raise ChainDataError("the pool's price scale is not known")
    ann, gamma = pool.a_gamma(now)
    factors = [p * scale for p, scale in zip(pool.precisions, (ONE, *pool.price_scale), strict=True)]
    fees = pool.mid_fee, pool.out_fee, pool.fee_gamma
    return rows.crypto_row(pool.balances, factors, ann, gamma, present_d(pool, now), *fees)


def solidly_row(pool: SolidlyPool) -> Row:
    variant, reserves = VARIANTS.index(pool.variant), (pool.reserve0, pool.reserve1)
    scales, fees = (pool.scale0, pool.scale1), (pool.fee0, pool.fee1)
    return rows.solidly_row(variant, pool.stable, reserves, scales, fees, pool.fee_unit)


def weighted_row(pool: WeightedPool) -> Row:
    held = pool.balances
    weights = pool.weights
    return rows.weighted_row(
        held.totals, held.cash, pool.scales, weights, pool.fee, fast=pool.fast_powers, paused=pool.paused
    )


def balancer_stable_row(pool: BalancerStable, now: int) -> Row:
    """Without the pool's own shares: a swap of a token with a higher index than theirs has it one lower here."""
    rates = [rate_of(cache and cache.at(now)) for cache in pool.rates]
    factors = [scale * rate for scale, rate in zip(pool.scales, rates, strict=True)]
    totals, cash, kept = (
        without(values, pool.share_index) for values in (pool.balances.totals, pool.balances.cash, factors)
    )
    first = pool.kind == balancer_stable.FIRST
    amplification = pool.amplification(now)
    return rows.balancer_stable_row(totals, cash, kept, amplification, pool.fee, rounded_up=first, paused=pool.paused)


def balancer_v3_row(pool: V3Pool, now: int) -> Row:
    """For doubles alone: the vault rounds otherwise than the rows' kernels."""
    rule, raw = pool.rule, settled(pool).raw
    if isinstance(rule, Weighted):
        return rows.weighted_row(raw, raw, pool.scales, rule.weights, pool.fee)
    factors = [scale * rate for scale, rate in zip(pool.scales, pool.rates, strict=True)]
    return rows.balancer_stable_row(raw, raw, factors, rule.amplification(now), pool.fee)


def liquidity_book_row(book: LiquidityBook, now: int) -> Row:
    """For a trade at ``now``: the volatility's references decay until then."""
    found = liquidity_book.refreshed(book.volatility, book.rules, book.active_id, now)
    bins = [(n, *held, liquidity_book.price_at(n, book.bin_step)) for n, held in sorted(book.bins.items())]
    if _most_held(book, bins) > _COUNTED:
        raise ChainDataError("a pair whose bins may take more than it counts: the kernel does not look for that")
    return rows.liquidity_book_row(
        book.bin_step,
        book.rules.base_factor,
        book.rules.variable_control,
        book.rules.max_volatility,
        found.reference,
        found.id_reference,
        book.active_id,
        bins,
        limited=book.version == liquidity_book.LIMITED,
    )


def _most_held(book: LiquidityBook, bins: Sequence[tuple[int, int, int, int]]) -> float:
    """About how much of a token the pair holds once all of the other was bought, at the greatest fee."""
    x = sum(y * _SCALE / price for _, _, y, price in bins) / _LEAST_KEPT
    y = sum(x * price / _SCALE for _, x, _, price in bins) / _LEAST_KEPT
    return max(book.reserves[0] + x, book.reserves[1] + y)
