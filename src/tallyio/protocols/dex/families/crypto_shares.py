"""Shares of Twocrypto-NG and Tricrypto-NG pools: made for deposits, burned for all coins in proportion."""

import msgspec

from tallyio.protocols.dex.families.crypto_math import FEE_UNIT, ONE
from tallyio.protocols.dex.families.crypto_pool import CryptoPool, curve_of, scaled, tweak_price, worth
from tallyio.protocols.dex.families.crypto_views import present_d, token_fee
from tallyio.protocols.dex.families.words import div, require, u256


def add_liquidity(pool: CryptoPool, amounts: tuple[int, ...], now: int) -> tuple[int, CryptoPool]:
    """Shares made for ``amounts`` of the coins (units), and the pool after; the first deposit begins its profit."""
    (ann, gamma), curve = pool.a_gamma(now), curve_of(pool)
    balances = tuple(u256(balance + amount) for balance, amount in zip(pool.balances, amounts, strict=True))
    before, xp = (scaled(held, pool.precisions, pool.price_scale) for held in (pool.balances, balances))
    d0 = present_d(pool, now)
    d = curve.invariant(ann, gamma, xp)
    if d0 == 0:
        made = worth(pool, d, pool.price_scale)
        require(made > 0, "nothing minted")
        first = msgspec.structs.replace(
            pool, balances=balances, total_supply=pool.total_supply + made, d=d, virtual_price=ONE, xcp_profit=ONE
        )
        return made, first
    whole = u256(div(u256(pool.total_supply * d), d0) - pool.total_supply)
    require(whole > 0, "nothing minted")
    moved_by = [x - x0 for x, x0 in zip(xp, before, strict=True)]
    made = u256(whole - (token_fee(pool, moved_by, xp) * whole // FEE_UNIT + 1))
    moved = msgspec.structs.replace(pool, balances=balances, total_supply=pool.total_supply + made)
    return made, tweak_price(moved, ann, gamma, xp, 0, now, d)


def remove_liquidity(pool: CryptoPool, burned: int) -> tuple[tuple[int, ...], CryptoPool]:
    """What ``burned`` shares are paid of each coin, and the pool after; no price moves."""
    supply = pool.total_supply
    require(0 < burned <= supply, "more than the supply")
    counted = burned if burned == supply else burned - 1
    paid = tuple(balance * counted // supply for balance in pool.balances)
    balances = tuple(balance - amount for balance, amount in zip(pool.balances, paid, strict=True))
    d = pool.d - pool.d * counted // supply
    return paid, msgspec.structs.replace(pool, balances=balances, total_supply=supply - burned, d=d)
