"""Swaps of a composable stable pool's own shares: joins and exits by one token, and what they pay the protocol.

Before each, the protocol is paid its part of what fees and rates brought since the last; after it, its part of the
join's own fee. Source: Balancer's documentation of protocol fees; judged by the published contracts.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec

from tallyio.protocols.dex.families import balancer_stable_math as stable
from tallyio.protocols.dex.families.fixed_point import SUB_OVERFLOW, complement, div_down, less, mul_down
from tallyio.protocols.dex.families.rate_cache import RateCache
from tallyio.protocols.dex.families.words import div, require, u256

T = TypeVar("T")


class Shares(msgspec.Struct, frozen=True):
    """What a pool knows of its shares. ``exempt`` has one entry for each token that is not the shares.

    ``last_amp`` and ``last_invariant`` are those of the last join or exit; the protocol's fees are 1e18. ``first``
    are pools of the first factory, which round the shares that are minted for the protocol once more.
    """

    total_supply: int
    last_amp: int
    last_invariant: int
    swap_fee: int
    yield_fee: int
    exempt: tuple[bool, ...]
    recovery_mode: bool = False
    first: bool = False


class Order(NamedTuple):
    """``amount`` has 18 decimals: of token ``i`` that comes in, or of ``j`` when ``exact_out``."""

    i: int
    j: int
    amount: int
    exact_out: bool


def without(values: Sequence[T], index: int) -> list[T]:
    return [value for k, value in enumerate(values) if k != index]


def exchange(
    shares: Shares,
    index: int,
    scaled: Sequence[int],
    rates: Sequence[RateCache | None],
    amp: int,
    fee: int,
    order: Order,
) -> tuple[int, Shares]:
    """The other amount of ``order`` (18 decimals) and the shares after. Raises ``SwapRefusedError``."""
    virtual, balances = less(shares.total_supply, scaled[index]), without(scaled, index)
    owed, old_d = _growth(shares, balances, without(rates, index))
    minted = _minted(shares, virtual, owed)
    supply = virtual + minted
    d = old_d if amp == shares.last_amp else stable.invariant(amp, balances)
    joins = order.j == index
    token = order.i if joins else order.j
    token -= token > index
    rule = {
        (True, False): stable.shares_for_token_in,
        (True, True): stable.token_in_for_shares,
        (False, False): stable.token_out_for_shares,
        (False, True): stable.shares_for_token_out,
    }[joins, order.exact_out]
    found = rule(amp, balances, token, order.amount, supply, d, fee)
    bought, sold = (order.amount, found) if order.exact_out else (found, order.amount)
    balances[token] += sold if joins else -bought
    supply_after = supply + bought if joins else supply - sold
    require(balances[token] >= 0 and supply_after >= 0, SUB_OVERFLOW)
    after = stable.invariant(amp, balances)
    gained = after - mul_down(d, div_down(supply_after, supply))
    if gained > 0:
        minted += _minted(shares, supply_after, u256(gained * _swap_fee(shares)) // after)
    total = shares.total_supply + minted
    return found, msgspec.structs.replace(shares, total_supply=total, last_amp=amp, last_invariant=after)


def _swap_fee(shares: Shares) -> int:
    return 0 if shares.recovery_mode else shares.swap_fee


def _minted(shares: Shares, supply: int, part: int) -> int:
    """Shares that give the protocol ``part`` (1e18) of the pool."""
    if shares.first:
        return div_down(mul_down(supply, part), complement(part))
    return div(u256(supply * part), complement(part))


def _growth(shares: Shares, balances: Sequence[int], rates: Sequence[RateCache | None]) -> tuple[int, int]:
    """The protocol's part (1e18) of what came since the last join or exit, and the invariant at its amplification."""

    def adjusted(all_tokens: bool) -> list[int]:
        return [
            div(u256(balance * cache.old_rate), cache.rate) if cache and (exempt or all_tokens) else balance
            for balance, cache, exempt in zip(balances, rates, shares.exempt, strict=True)
        ]

    amp = shares.last_amp
    by_swaps = stable.invariant(amp, adjusted(all_tokens=True))
    total = stable.invariant(amp, balances)
    if not any(shares.exempt):
        taxed = total
    elif all(shares.exempt):
        taxed = by_swaps
    else:
        taxed = stable.invariant(amp, adjusted(all_tokens=False))
    grown_by_swaps, grown_by_rates = max(by_swaps - shares.last_invariant, 0), max(taxed - by_swaps, 0)
    yield_fee = 0 if shares.recovery_mode else shares.yield_fee
    part = mul_down(div_down(grown_by_swaps, total), _swap_fee(shares))
    return part + mul_down(div_down(grown_by_rates, total), yield_fee), total
