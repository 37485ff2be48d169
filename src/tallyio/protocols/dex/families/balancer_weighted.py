"""Balancer's weighted pools: the product of balances to the power of their weights is kept.

Source: F. Martinelli, N. Mushegian, "Balancer: a non-custodial portfolio manager, liquidity provider, and price
sensor" (2019); judged by the published contracts of Balancer v2 and v3.
"""

import msgspec

from tallyio.core.pools import PoolState
from tallyio.protocols.dex.families import balancer_vault
from tallyio.protocols.dex.families.balancer_vault import VaultBalances
from tallyio.protocols.dex.families.fixed_point import ONE, complement, div_down, div_up, less, mul_down, mul_up
from tallyio.protocols.dex.families.power import power_up
from tallyio.protocols.dex.families.words import require, u256

MAX_RATIO = 3 * ONE // 10
"""The greatest part of a balance that one swap may bring or take."""


class WeightedPool(PoolState, frozen=True):
    """Balancer v2. ``scales`` are ``10**(18 - decimals)``; weights and ``fee`` are 1e18.

    ``fast_powers``: exponents of one, two and four are computed by squares, as in pools since the second factory.
    """

    balances: VaultBalances
    scales: tuple[int, ...]
    weights: tuple[int, ...]
    fee: int
    fast_powers: bool = True
    paused: bool = False


def out_given_in(
    balance_in: int, weight_in: int, balance_out: int, weight_out: int, amount_in: int, fast: bool = True
) -> int:
    """What 18-decimal balances pay for ``amount_in`` without a fee, rounded down. Raises ``SwapRefusedError``."""
    require(amount_in <= mul_down(balance_in, MAX_RATIO), "BAL#304 MAX_IN_RATIO")
    base = div_up(balance_in, balance_in + amount_in)
    return mul_down(balance_out, complement(power_up(base, div_down(weight_in, weight_out), fast)))


def in_given_out(
    balance_in: int, weight_in: int, balance_out: int, weight_out: int, amount_out: int, fast: bool = True
) -> int:
    """What 18-decimal balances ask for ``amount_out`` without a fee, rounded up. Raises ``SwapRefusedError``."""
    require(amount_out <= mul_down(balance_out, MAX_RATIO), "BAL#305 MAX_OUT_RATIO")
    base = div_up(balance_out, balance_out - amount_out)
    return mul_up(balance_in, less(power_up(base, div_up(weight_out, weight_in), fast), ONE))


def exchange(pool: WeightedPool, i: int, j: int, amount: int, *, exact_out: bool = False) -> tuple[int, WeightedPool]:
    """What token ``j`` pays for ``amount`` of token ``i`` (``i`` asks for ``amount`` of ``j`` when ``exact_out``).

    Also the pool after. Raises ``SwapRefusedError`` where the contracts revert.
    """
    balancer_vault.require_order(i, j, amount, pool.paused)
    totals = pool.balances.totals
    balance_in, balance_out = u256(totals[i] * pool.scales[i]), u256(totals[j] * pool.scales[j])
    ends = balance_in, pool.weights[i], balance_out, pool.weights[j]
    if exact_out:
        scaled = in_given_out(*ends, u256(amount * pool.scales[j]), pool.fast_powers)
        found = div_up(-(-scaled // pool.scales[i]), complement(pool.fee))
        return found, _after(pool, i, j, found, amount)
    net = amount - mul_up(amount, pool.fee)
    found = out_given_in(*ends, u256(net * pool.scales[i]), pool.fast_powers) // pool.scales[j]
    return found, _after(pool, i, j, amount, found)


def _after(pool: WeightedPool, i: int, j: int, amount_in: int, amount_out: int) -> WeightedPool:
    return msgspec.structs.replace(pool, balances=pool.balances.moved(i, j, amount_in, amount_out))
