"""Random pools and swaps, family by family: a row, a swap, and the exact model's answer. They lean towards the edges,
or are ``calm``: pools as they are found, near their balance, with trades of a millionth to a tenth of them.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tallyio.core.errors import ChainDataError
from tallyio.hot_path.kernels.rows import Row
from tallyio.protocols.dex.compiled import rows
from tallyio.protocols.dex.families import crypto_views, solidly, solidly_pool, stable_legacy, stable_math, stable_ng
from tallyio.protocols.dex.families import tricrypto_math as three
from tallyio.protocols.dex.families import twocrypto_math as two
from tallyio.protocols.dex.families.crypto_math import ONE
from tallyio.protocols.dex.families.crypto_pool import CryptoPool
from tallyio.protocols.dex.families.solidly_pool import SolidlyPool
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.families.stable_ng import StableNgPool
from tallyio.protocols.dex.families.words import u256

NOW = 1_700_000_000
DECIMALS = 0, 2, 6, 6, 8, 18, 18, 18, 18


class Asked(NamedTuple):
    """``twin`` answers as the exact model does, or raises ``SwapRefusedError``."""

    row: Row
    i: int
    j: int
    amount: int
    twin: Callable[[], int]


def tokens(random: Random, decimals: int, least: float = -3, most: float = 9) -> int:
    """An amount of some tokens in their smallest unit, its lower digits random."""
    amount: float = 10 ** random.uniform(least, most)
    return max(1, int(amount * 2.0**60) * int(10**decimals) >> 60)


def traded(random: Random, balance: int, calm: bool) -> int:
    """From a unit to many times the balance."""
    if calm:
        return max(1, int(balance * 10 ** random.uniform(-6, -1)))
    kind = random.randrange(12)
    if kind == 0:
        return random.choice((1, 2, 3, balance, 10 * balance, 1000 * balance))
    return max(1, int(balance * 10 ** random.uniform(-9, 0.5)))


def stable_pool(random: Random, n: int, calm: bool) -> StableNgPool:
    decimals = [random.choice(DECIMALS[2:] if calm else DECIMALS) for _ in range(n)]
    middle = random.uniform(3 if calm else 0, 9)
    span = 0.3 if calm else random.choice((0.01, 0.1, 0.5, 1, 3))
    rates = [10 ** (36 - d) for d in decimals]
    if random.random() < 0.4:
        rates = [int(rate * random.uniform(0.9, 1.4)) for rate in rates]
    a = 20_000 if calm else random.choice((100, 2000, 20_000, 100_000, 500_000, random.randint(100, 1_000_000)))
    return StableNgPool(
        balances=tuple(tokens(random, d, middle - span, middle + span) for d in decimals),
        admin_balances=(0,) * n,
        rates=tuple(rates),
        initial_a=a,
        future_a=a if random.random() < 0.8 else max(100, a // 3),
        initial_a_time=NOW - 40_000,
        future_a_time=NOW + random.choice((-1, 50_000)),
        fee=4_000_000 if calm else random.choice((0, 1_000_000, 4_000_000, 10**8, random.randrange(5 * 10**9))),
        off_peg_multiplier=2 * 10**10
        if calm
        else random.choice((0, 10**10, 10**11, random.randint(10**10, 2 * 10**11))),
        total_supply=ONE,
        price_window=866,
        d_window=62324,
        price_time=NOW,
        d_time=NOW,
        last_price=(ONE,) * (n - 1),
        ema_price=(ONE,) * (n - 1),
        last_d=0,
        ema_d=0,
    )


def legacy_pool(random: Random, calm: bool) -> StablePool:
    ng = stable_pool(random, random.choice((2, 3, 3, 4)), calm)
    unit = random.choice((1, 100))
    return StablePool(
        balances=ng.balances,
        admin_balances=ng.admin_balances,
        rates=ng.rates,
        initial_a=max(1, ng.initial_a * unit // 100),
        future_a=max(1, ng.future_a * unit // 100),
        initial_a_time=ng.initial_a_time,
        future_a_time=ng.future_a_time,
        a_unit=unit,
        fee=ng.fee,
        admin_fee=5 * 10**9,
        total_supply=ONE,
    )


def crypto_state(random: Random, n: int, calm: bool) -> CryptoPool:
    curve = two if n == 2 else three
    decimals = [random.choice(DECIMALS[2:]) for _ in range(n)]
    prices = [ONE, *(int(10 ** random.uniform(14, 23)) for _ in range(n - 1))]
    while True:
        ann, gamma = _a_gamma(random, n, calm)
        value, span = random.uniform(3, 8), 0.1 if calm else random.choice((0.05, 0.3, 0.8))
        scaled = [int(10 ** (18 + value + random.uniform(-span, span))) for _ in range(n)]
        precisions = [10 ** (18 - d) for d in decimals]
        parts = zip(scaled, prices, precisions, strict=True)
        balances = [max(1, x * ONE // (price * precision)) for x, price, precision in parts]
        try:
            d = curve.invariant(ann, gamma, scaled)
        except ChainDataError:
            continue
        return CryptoPool(
            balances=tuple(balances),
            precisions=tuple(precisions),
            total_supply=ONE,
            price_scale=tuple(prices[1:]),
            price_oracle=tuple(prices[1:]),
            last_prices=tuple(prices[1:]),
            price_time=NOW,
            xcp_oracle=0,
            last_xcp=0,
            xcp_time=NOW,
            xcp_window=0,
            initial=(ann, gamma),
            initial_time=0,
            future=(ann, gamma),
            future_time=0,
            d=d,
            xcp_profit=ONE,
            virtual_price=ONE,
            allowed_extra_profit=10**12,
            adjustment_step=10**14,
            price_window=866,
            mid_fee=26_000_000,
            out_fee=45_000_000,
            fee_gamma=random.choice((230_000_000_000_000, 5 * 10**15, 0 if not calm else 10**15)),
        )


def _a_gamma(random: Random, n: int, calm: bool) -> tuple[int, int]:
    if calm:
        return (400_000, 145_000_000_000_000) if n == 2 else (1_707_629, 11_809_167_828_997)
    least, most = (4_000, 40_000_000) if n == 2 else (2_700, 270_000_000)
    gamma = int(10 ** random.uniform(10, 15.3 if n == 2 else 16.69))
    return int(least * (most / least) ** random.random()), gamma


def solidly_state(random: Random, calm: bool) -> SolidlyPool:
    decimals = [random.choice(DECIMALS[2:] if calm else DECIMALS[1:]) for _ in range(2)]
    stable_curve = calm or random.random() < 0.75
    middle, span = random.uniform(3 if calm else 0, 9), 0.2 if calm else random.choice((0.01, 0.3, 1.5))
    variant = random.choice(rows.VARIANTS)
    fees = random.choice((1, 4, 5, 30, 100)), random.choice((1, 5, 30))
    if variant == solidly.CAMELOT:
        fees = 10 * fees[0], 10 * fees[1]
    return SolidlyPool(
        variant=variant,
        stable=stable_curve,
        scale0=10 ** decimals[0],
        scale1=10 ** decimals[1],
        reserve0=tokens(random, decimals[0], middle - span, middle + span),
        reserve1=tokens(random, decimals[1], middle - span, middle + span),
        fee0=fees[0],
        fee1=fees[1] if variant == solidly.CAMELOT else fees[0],
        total_supply=ONE,
    )


def stable_ng_asked(random: Random, calm: bool = False) -> Asked:
    pool = stable_pool(random, random.choice((2, 2, 3, 4)), calm)
    i, j = random.sample(range(len(pool.balances)), 2)
    dx = traded(random, pool.balances[i], calm)
    return Asked(rows.stable_ng_row(pool, NOW), i, j, dx, lambda: _gross_ng(pool, i, j, dx))


def _gross_ng(pool: StableNgPool, i: int, j: int, dx: int) -> int:
    """What ``exchange`` pays; its averages after the payment are not the kernel's."""
    xp, a = stable_math.scaled(pool.balances, pool.rates), pool.amplification(NOW)
    d = stable_ng.invariant(xp, a)
    entered = u256(dx * pool.rates[i]) // ONE
    gross, fee, _ = stable_ng.swapped(i, j, entered, xp, a, d, pool.fee, pool.off_peg_multiplier)
    return u256((gross - fee) * ONE) // pool.rates[j]


def stable_legacy_asked(random: Random, calm: bool = False) -> Asked:
    pool = legacy_pool(random, calm)
    i, j = random.sample(range(len(pool.balances)), 2)
    dx = traded(random, pool.balances[i], calm)
    if random.random() < 0.5:
        return Asked(rows.stable_row(pool, NOW, view=True), i, j, dx, lambda: stable_legacy.get_dy(pool, i, j, dx, NOW))
    return Asked(rows.stable_row(pool, NOW), i, j, dx, lambda: stable_legacy.exchange(pool, i, j, dx, NOW)[0])


def twocrypto_asked(random: Random, calm: bool = False) -> Asked:
    return _crypto_asked(random, 2, calm)


def tricrypto_asked(random: Random, calm: bool = False) -> Asked:
    return _crypto_asked(random, 3, calm)


def _crypto_asked(random: Random, n: int, calm: bool) -> Asked:
    pool = crypto_state(random, n, calm)
    i, j = random.sample(range(n), 2)
    dx = traded(random, pool.balances[i], calm)
    return Asked(rows.crypto_row(pool, NOW), i, j, dx, lambda: crypto_views.get_dy(pool, i, j, dx, NOW))


def solidly_asked(random: Random, calm: bool = False) -> Asked:
    pool = solidly_state(random, calm)
    i = random.randrange(2)
    dx = traded(random, pool.reserve1 if i else pool.reserve0, calm)
    return Asked(rows.solidly_row(pool), i, 1 - i, dx, lambda: solidly_pool.amount_out(pool, i, dx))
