"""What the views of Twocrypto-NG and Tricrypto-NG answer: quotes both ways, and shares."""

from collections.abc import Sequence

from tallyio.protocols.dex.families.crypto_math import FEE_UNIT, ONE
from tallyio.protocols.dex.families.crypto_pool import CryptoPool, curve_of, fee, oracle_prices, scaled, unscaled, worth
from tallyio.protocols.dex.families.words import div, require, u256

NOISE_FEE = 10**5
_ROUNDS = 5


def present_d(pool: CryptoPool, now: int) -> int:
    """D by the present A and gamma."""
    if not pool.ramping(now):
        return pool.d
    xp = scaled(pool.balances, pool.precisions, pool.price_scale)
    return int(curve_of(pool).invariant(*pool.a_gamma(now), xp))


def present_fee(pool: CryptoPool) -> int:
    return fee(pool, scaled(pool.balances, pool.precisions, pool.price_scale))


def get_dy(pool: CryptoPool, i: int, j: int, dx: int, now: int) -> int:
    """The quote for ``dx`` of coin ``i``, in coin ``j``."""
    require(i != j and dx > 0, "do not exchange 0 coins")
    balances = list(pool.balances)
    balances[i] = u256(balances[i] + dx)
    xp = scaled(balances, pool.precisions, pool.price_scale)
    y, _ = curve_of(pool).balance(*pool.a_gamma(now), xp, present_d(pool, now), j)
    dy = unscaled(u256(xp[j] - y - 1), j, pool)
    xp[j] = y
    return dy - fee(pool, xp) * dy // FEE_UNIT


def get_dx(pool: CryptoPool, i: int, j: int, dy: int, now: int) -> int:
    """About what coin ``i`` must pay for ``dy`` of coin ``j``: the fee is approached in five rounds."""
    require(i != j and dy > 0, "do not exchange out 0 coins")
    d, wanted, dx = present_d(pool, now), dy, 0
    for _ in range(_ROUNDS):
        balances = list(pool.balances)
        balances[j] = u256(balances[j] - wanted)
        xp = scaled(balances, pool.precisions, pool.price_scale)
        x, _ = curve_of(pool).balance(*pool.a_gamma(now), xp, d, i)
        dx = unscaled(u256(x - xp[i]), i, pool)
        xp[i] = x
        wanted = dy + fee(pool, xp) * wanted // FEE_UNIT + 1
    return dx


def calc_token_amount(pool: CryptoPool, amounts: Sequence[int], is_deposit: bool, now: int) -> int:
    """Shares for a deposit or a withdrawal of ``amounts``."""
    sign = 1 if is_deposit else -1
    after = [u256(balance + sign * amount) for balance, amount in zip(pool.balances, amounts, strict=True)]
    xp = scaled(after, pool.precisions, pool.price_scale)
    moved = scaled(amounts, pool.precisions, pool.price_scale)
    d = curve_of(pool).invariant(*pool.a_gamma(now), xp)
    shares = div(u256(pool.total_supply * d), present_d(pool, now))
    made = u256(shares - pool.total_supply if is_deposit else pool.total_supply - shares)
    return u256(made - (token_fee(pool, moved, xp) * made // FEE_UNIT + 1))


def token_fee(pool: CryptoPool, amounts: Sequence[int], xp: Sequence[int]) -> int:
    """The fee (1e-10) of a deposit of scaled ``amounts``, for its unevenness."""
    n, total = len(amounts), sum(amounts)
    rate = fee(pool, xp) * n // (4 * (n - 1))
    uneven = sum(abs(amount - total // n) for amount in amounts)
    return div(rate * uneven, total) + NOISE_FEE


def calc_withdraw_one_coin(pool: CryptoPool, burned: int, i: int, now: int) -> int:
    """What coin ``i`` pays for ``burned`` shares."""
    require(burned <= pool.total_supply, "more than the supply")
    xp = scaled(pool.balances, pool.precisions, pool.price_scale)
    d = present_d(pool, now)
    rough, correction = list(xp), xp[i] * len(xp) * burned // pool.total_supply
    rate = pool.out_fee
    if correction < rough[i]:
        rough[i] -= correction
        rate = fee(pool, rough)
    share = u256(burned * d) // pool.total_supply
    left = u256(d - u256(share - (rate * share // (2 * FEE_UNIT) + 1)))
    y, _ = curve_of(pool).balance(*pool.a_gamma(now), xp, left, i)
    unit = pool.price_scale[i - 1] * pool.precisions[i] if i else ONE * pool.precisions[0]
    return u256(u256(xp[i] - y) * ONE) // unit


def virtual_price(pool: CryptoPool) -> int:
    return ONE * worth(pool, pool.d, pool.price_scale) // pool.total_supply


def lp_price(pool: CryptoPool, now: int) -> int:
    """A share's price in coin 0 (1e18), by the average prices: two coins' at ``now``, three coins' as last stored."""
    oracle = oracle_prices(pool, now) if len(pool.balances) == 2 else pool.price_oracle
    return int(curve_of(pool).share_price(pool.virtual_price, oracle))
