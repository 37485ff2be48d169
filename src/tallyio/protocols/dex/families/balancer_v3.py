"""Balancer v3's pools in its vault: rates and fees applied by the vault around a weighted or stable swap.

Source: Balancer v3's documentation of the vault, its rounding and its fees; judged by the published sources, compiled.
"""

from collections.abc import Sequence

import msgspec

from tallyio.core.pools import PoolState
from tallyio.protocols.dex.families import balancer_stable_math as stable
from tallyio.protocols.dex.families import balancer_weighted as weighted
from tallyio.protocols.dex.families import stable_math
from tallyio.protocols.dex.families.fixed_point import (
    ONE,
    complement,
    div_down,
    div_up,
    less,
    mul_down,
    mul_up,
    quotient_up,
)
from tallyio.protocols.dex.families.words import require, u256

MIN_TRADE = 10**6
"""The least that a swap moves, of 18 decimals; the vault's deployment may have another."""
_IMBALANCE = 10_000
_RAW_BOUND = 2**128


class Rule(msgspec.Struct, frozen=True, tag=True):
    """Base of what a pool's own contract decides."""


class Weighted(Rule, frozen=True):
    """``least`` are the balances (18 decimals) that swaps leave at least; empty where a pool has no such rule."""

    weights: tuple[int, ...]
    least: tuple[int, ...] = ()


class Stable(Rule, frozen=True):
    """Amplifications are times 1000."""

    initial_amp: int
    future_amp: int
    initial_amp_time: int = 0
    future_amp_time: int = 0

    def amplification(self, now: int) -> int:
        return stable_math.ramped(self.initial_amp, self.future_amp, self.initial_amp_time, self.future_amp_time, now)


class V3Pool(PoolState, frozen=True):
    """``raw`` balances in tokens' units; ``live`` as last stored, of 18 decimals at the rates of then.

    ``rates`` (1e18) are the providers' now. ``aggregate_*`` are the protocol's and the creator's parts together (1e18)
    of fees and of yields; ``taxed`` marks the tokens that pay of their yield.
    """

    rule: Weighted | Stable
    raw: tuple[int, ...]
    live: tuple[int, ...]
    scales: tuple[int, ...]
    rates: tuple[int, ...]
    fee: int
    aggregate_swap_fee: int = 0
    aggregate_yield_fee: int = 0
    taxed: tuple[bool, ...] = ()
    recovery_mode: bool = False
    paused: bool = False
    min_trade: int = MIN_TRADE


def rounded_up(rate: int) -> int:
    """A rate that was rounded down, made not less than it was; whole ones are taken as they are."""
    return rate if rate % ONE == 0 else rate + 1


def settled(pool: V3Pool) -> V3Pool:
    """The balances once the protocol took its part of the yield, as the vault does before anything else."""
    raw = list(pool.raw)
    pays = pool.aggregate_yield_fee and not pool.recovery_mode
    for k, balance in enumerate(pool.raw):
        now = mul_down(u256(balance * pool.scales[k]), pool.rates[k])
        if pays and pool.taxed[k] and now > pool.live[k]:
            owed = mul_up(now - pool.live[k], pool.aggregate_yield_fee)
            raw[k] = less(balance, div_down(owed, pool.scales[k] * pool.rates[k]))
    return msgspec.structs.replace(pool, raw=tuple(raw), live=_lives(pool, raw))


def exchange(pool: V3Pool, i: int, j: int, amount: int, now: int, *, exact_out: bool = False) -> tuple[int, V3Pool]:
    """What token ``j`` pays for ``amount`` of token ``i`` (``i`` asks for ``amount`` of ``j`` when ``exact_out``).

    Also the pool after. Raises ``SwapRefusedError`` where the contracts revert.
    """
    require(not pool.paused, "PoolPaused")
    require(amount > 0, "AmountGivenZero")
    require(i != j, "CannotSwapSameToken")
    pool = settled(pool)
    scale_i, scale_j = pool.scales[i], pool.scales[j]
    if exact_out:
        given = mul_up(u256(amount * scale_j), rounded_up(pool.rates[j]))
        require(given >= pool.min_trade, "TradeAmountTooSmall")
        found = _computed(pool, i, j, given, now, exact_out=True)
        require(found >= pool.min_trade, "TradeAmountTooSmall")
        fee = quotient_up(u256(found * pool.fee), complement(pool.fee))
        other = div_up(found + fee, scale_i * pool.rates[i])
        spent, bought = other, amount
    else:
        gross = mul_down(u256(amount * scale_i), pool.rates[i])
        fee = mul_up(gross, pool.fee)
        require(gross - fee >= pool.min_trade, "TradeAmountTooSmall")
        found = _computed(pool, i, j, gross - fee, now, exact_out=False)
        require(found >= pool.min_trade, "TradeAmountTooSmall")
        other = div_down(found, scale_j * rounded_up(pool.rates[j]))
        spent, bought = amount, other
    part = 0 if pool.recovery_mode else pool.aggregate_swap_fee
    kept = mul_down(div_down(fee, scale_i * pool.rates[i]), part)
    raw = list(pool.raw)
    raw[i] = less(raw[i] + spent, kept)
    raw[j] = less(raw[j], bought)
    require(max(raw) < _RAW_BOUND, "BalanceOverflow")
    return other, msgspec.structs.replace(pool, raw=tuple(raw), live=_lives(pool, raw))


def _lives(pool: V3Pool, raw: Sequence[int]) -> tuple[int, ...]:
    parts = zip(raw, pool.scales, pool.rates, strict=True)
    return tuple(mul_down(u256(balance * scale), rate) for balance, scale, rate in parts)


def _computed(pool: V3Pool, i: int, j: int, given: int, now: int, *, exact_out: bool) -> int:
    """What the pool's own contract computes, 18 decimals in and out."""
    if isinstance(pool.rule, Weighted):
        return _weighted(pool.rule, pool.live, i, j, given, exact_out)
    amp = pool.rule.amplification(now)
    d = stable.invariant(amp, pool.live)
    rule = stable.in_given_out if exact_out else stable.out_given_in
    found = rule(amp, pool.live, i, j, given, d, precise=True)
    entered, left = (found, given) if exact_out else (given, found)
    least, most = min(pool.live), max(pool.live)
    least, most = min(least, less(pool.live[j], left)), max(most, pool.live[i] + entered)
    require(least > 0, "the least balance is nothing")
    require(most // least < _IMBALANCE, "MaxImbalanceRatioExceeded")
    return found


def _weighted(rule: Weighted, live: Sequence[int], i: int, j: int, given: int, exact_out: bool) -> int:
    balance_in = live[i] + 1
    require(not rule.least or balance_in >= rule.least[i], "TokenBalanceBelowMin")
    compute = weighted.in_given_out if exact_out else weighted.out_given_in
    found = compute(balance_in, rule.weights[i], live[j], rule.weights[j], given)
    left = less(live[j], given if exact_out else found)
    require(not rule.least or left >= rule.least[j], "TokenBalanceBelowMin")
    return found
