"""Balancer v2's linear pools: a token and its wrapped form at the wrapper's rate, without a curve.

A fee is asked for moving the main token's balance out of its targets, and paid for moving it back: balances are
counted by their nominal value. Source: Balancer's documentation of linear pools; judged by the published contracts.
"""

import msgspec

from tallyio.core.pools import PoolState
from tallyio.protocols.dex.families import balancer_vault
from tallyio.protocols.dex.families.balancer_vault import VaultBalances
from tallyio.protocols.dex.families.fixed_point import ONE, div_down, div_up, less, mul_down, quotient_up
from tallyio.protocols.dex.families.words import SwapRefusedError, div, u256

SHARES, MAIN, WRAPPED = "shares", "main", "wrapped"


class LinearPool(PoolState, frozen=True):
    """``roles`` say what each token of the vault is; ``scales`` are ``10**(18 - decimals)``; ``rate`` is the wrapper's.

    Targets (18 decimals) are of the main token; ``fee`` is 1e18.
    """

    balances: VaultBalances
    roles: tuple[str, ...]
    scales: tuple[int, ...]
    rate: int
    fee: int
    lower_target: int
    upper_target: int
    total_supply: int
    paused: bool = False


def nominal(pool: LinearPool, real: int) -> int:
    """What a balance of the main token counts."""
    away = max(pool.lower_target - real, real - pool.upper_target, 0)
    return less(real, mul_down(away, pool.fee))


def real(pool: LinearPool, counted: int) -> int:
    """The balance of the main token that counts as ``counted``."""
    if counted < pool.lower_target:
        return div_down(counted + mul_down(pool.fee, pool.lower_target), ONE + pool.fee)
    if counted <= pool.upper_target:
        return counted
    return div_down(less(counted, mul_down(pool.fee, pool.upper_target)), ONE - pool.fee)


def exchange(pool: LinearPool, i: int, j: int, amount: int, *, exact_out: bool = False) -> tuple[int, LinearPool]:
    """What token ``j`` pays for ``amount`` of token ``i`` (``i`` asks for ``amount`` of ``j`` when ``exact_out``).

    Also the pool after. Raises ``SwapRefusedError`` where the contracts revert.
    """
    balancer_vault.require_order(i, j, amount, pool.paused)
    factors = [
        u256(scale * ONE * pool.rate) // ONE if role == WRAPPED else scale * ONE
        for scale, role in zip(pool.scales, pool.roles, strict=True)
    ]
    totals = pool.balances.totals
    scaled = {role: mul_down(t, f) for role, t, f in zip(pool.roles, totals, factors, strict=True)}
    given, rule = (j, _sold_for) if exact_out else (i, _bought_with)
    exact = rule(pool, scaled, pool.roles[i], pool.roles[j], mul_down(amount, factors[given]))
    found = div_up(exact, factors[i]) if exact_out else div_down(exact, factors[j])
    moved = pool.balances.moved(i, j, *((found, amount) if exact_out else (amount, found)))
    return found, msgspec.structs.replace(pool, balances=moved)


def _bought_with(pool: LinearPool, scaled: dict[str, int], sold: str, bought: str, amount: int) -> int:
    main, wrapped = scaled[MAIN], scaled[WRAPPED]
    supply, before = less(pool.total_supply, scaled[SHARES]), nominal(pool, main)
    match sold, bought:
        case "main", "wrapped":
            return less(nominal(pool, main + amount), before)
        case "wrapped", "main":
            return less(main, real(pool, less(before, amount)))
        case "main", "shares":
            if not supply:
                return nominal(pool, amount)
            return div(u256(supply * less(nominal(pool, main + amount), before)), before + wrapped)
        case "wrapped", "shares":
            if not supply:
                return amount
            return less(div(u256(supply * (before + wrapped + amount)), before + wrapped), supply)
        case "shares", "main":
            burned = div(u256((before + wrapped) * amount), supply)
            return less(main, real(pool, less(before, burned)))
        case "shares", "wrapped":
            left = quotient_up(u256(less(supply, amount) * (before + wrapped)), supply)
            return less(wrapped, less(left, before))
    raise SwapRefusedError(f"a linear pool does not trade {sold} for {bought}")


def _sold_for(pool: LinearPool, scaled: dict[str, int], sold: str, bought: str, amount: int) -> int:
    main, wrapped = scaled[MAIN], scaled[WRAPPED]
    supply, before = less(pool.total_supply, scaled[SHARES]), nominal(pool, main)
    match sold, bought:
        case "wrapped", "main":
            return less(before, nominal(pool, less(main, amount)))
        case "main", "wrapped":
            return less(real(pool, before + amount), main)
        case "shares", "main":
            return quotient_up(u256(supply * less(before, nominal(pool, less(main, amount)))), before + wrapped)
        case "shares", "wrapped":
            left = div(u256(supply * (before + less(wrapped, amount))), before + wrapped)
            return less(supply, left)
        case "main", "shares":
            if not supply:
                return real(pool, amount)
            grown = quotient_up(u256((before + wrapped) * amount), supply)
            return less(real(pool, before + grown), main)
        case "wrapped", "shares":
            if not supply:
                return amount
            after = quotient_up(u256((supply + amount) * (before + wrapped)), supply)
            return less(less(after, before), wrapped)
    raise SwapRefusedError(f"a linear pool does not trade {sold} for {bought}")
