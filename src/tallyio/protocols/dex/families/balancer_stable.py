"""Balancer v2's stable pools: plain, meta stable, and composable ones, whose own shares are one of their tokens.

Source: Balancer's documentation of stable pools; judged by the published contracts.
"""

from collections.abc import Sequence

import msgspec

from tallyio.core.pools import PoolState
from tallyio.protocols.dex.families import balancer_shares, balancer_stable_math, balancer_vault, stable_math
from tallyio.protocols.dex.families.balancer_vault import VaultBalances
from tallyio.protocols.dex.families.fixed_point import complement, div_down, div_up, mul_down, mul_up
from tallyio.protocols.dex.families.rate_cache import RateCache, rate_of
from tallyio.protocols.dex.families.words import SwapRefusedError

NO_SHARES = -1
FIRST, PLAIN, COMPOSABLE = "first", "plain", "composable"
"""``FIRST`` rounds the invariant up (stable pools of 2021, meta stable pools); ``COMPOSABLE`` trades its own shares."""


class StablePool(PoolState, frozen=True):
    """Tuples have one entry for each token of the vault, shares too. ``scales`` are ``10**(18 - decimals)``.

    Amplifications are times 1000; fees are 1e18; ``share_index`` is the place of the pool's own shares.
    """

    kind: str
    balances: VaultBalances
    scales: tuple[int, ...]
    fee: int
    initial_amp: int
    future_amp: int
    initial_amp_time: int
    future_amp_time: int
    rates: tuple[RateCache | None, ...]
    paused: bool = False
    share_index: int = NO_SHARES
    shares: balancer_shares.Shares | None = None

    def amplification(self, now: int) -> int:
        return stable_math.ramped(self.initial_amp, self.future_amp, self.initial_amp_time, self.future_amp_time, now)


def exchange(
    pool: StablePool, i: int, j: int, amount: int, now: int, *, exact_out: bool = False
) -> tuple[int, StablePool]:
    """What token ``j`` pays for ``amount`` of token ``i`` (``i`` asks for ``amount`` of ``j`` when ``exact_out``).

    Also the pool after. Raises ``SwapRefusedError`` where the contracts revert.
    """
    balancer_vault.require_order(i, j, amount, pool.paused)
    rates = tuple(cache and cache.at(now) for cache in pool.rates)
    factors = [scale * rate_of(cache) for scale, cache in zip(pool.scales, rates, strict=True)]
    scaled = [mul_down(total, factor) for total, factor in zip(pool.balances.totals, factors, strict=True)]
    amp, shares = pool.amplification(now), pool.shares
    if pool.share_index in (i, j):
        if shares is None:
            raise SwapRefusedError("the pool's shares are among its tokens, but what they are worth is not known")
        given = mul_down(amount, factors[j if exact_out else i])
        order = balancer_shares.Order(i, j, given, exact_out)
        found, shares = balancer_shares.exchange(shares, pool.share_index, scaled, rates, amp, pool.fee, order)
        rates = tuple(cache and cache.settled() for cache in rates)
        found = div_up(found, factors[i]) if exact_out else div_down(found, factors[j])
    else:
        found = _regular(pool, scaled, factors, amp, i, j, amount, exact_out)
    spent, paid = (found, amount) if exact_out else (amount, found)
    moved = pool.balances.moved(i, j, spent, paid)
    return found, msgspec.structs.replace(pool, balances=moved, rates=rates, shares=shares)


def _regular(
    pool: StablePool,
    scaled: Sequence[int],
    factors: Sequence[int],
    amp: int,
    i: int,
    j: int,
    amount: int,
    exact_out: bool,
) -> int:
    kept = balancer_shares.without(scaled, pool.share_index)
    a, b = (k - (0 <= pool.share_index < k) for k in (i, j))
    rule = balancer_stable_math.invariant_rounded_up if pool.kind == FIRST else balancer_stable_math.invariant
    d = rule(amp, kept)
    if exact_out:
        asked = balancer_stable_math.in_given_out(amp, kept, a, b, mul_down(amount, factors[j]), d)
        return div_up(div_up(asked, factors[i]), complement(pool.fee))
    net = amount - mul_up(amount, pool.fee)
    return div_down(balancer_stable_math.out_given_in(amp, kept, a, b, mul_down(net, factors[i]), d), factors[j])
