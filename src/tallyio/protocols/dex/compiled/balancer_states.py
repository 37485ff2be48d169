"""Random Balancer pools and swaps, as ``states`` makes those of Curve and Solidly."""

from random import Random

from tallyio.protocols.dex.compiled import rows
from tallyio.protocols.dex.compiled.states import DECIMALS, NOW, Asked, stable_pool, tokens, traded
from tallyio.protocols.dex.families import balancer_stable, balancer_weighted
from tallyio.protocols.dex.families.balancer_stable import StablePool as BalancerStable
from tallyio.protocols.dex.families.balancer_vault import VaultBalances
from tallyio.protocols.dex.families.balancer_weighted import WeightedPool
from tallyio.protocols.dex.families.fixed_point import ONE
from tallyio.protocols.dex.families.rate_cache import RateCache


def weighted_state(random: Random, calm: bool) -> WeightedPool:
    n = 2 if calm else random.choice((2, 2, 3, 4, 8))
    decimals = [random.choice(DECIMALS[2:] if calm else DECIMALS) for _ in range(n)]
    shares = [random.choice((1, 1, 2, 4)) if random.random() < 0.5 else random.uniform(0.03, 1) for _ in range(n)]
    weights = [int(ONE * share / sum(shares)) for share in shares]
    weights[0] += ONE - sum(weights)
    return WeightedPool(
        balances=VaultBalances(tuple(tokens(random, d, 3 if calm else -2, 8) for d in decimals), (0,) * n),
        scales=tuple(10 ** (18 - d) for d in decimals),
        weights=tuple(weights),
        fee=random.choice((10**14, 3 * 10**15, random.randint(10**12, 10**17))),
        fast_powers=random.random() < 0.7,
    )


def weighted_asked(random: Random, calm: bool = False) -> Asked:
    pool = weighted_state(random, calm)
    i, j = random.sample(range(len(pool.weights)), 2)
    dx = traded(random, pool.balances.totals[i], calm)
    return Asked(rows.weighted_row(pool), i, j, dx, lambda: balancer_weighted.exchange(pool, i, j, dx)[0])


def balancer_stable_state(random: Random, calm: bool) -> BalancerStable:
    ng = stable_pool(random, 3 if calm else random.choice((2, 3, 4, 5)), calm)
    decimals = [len(str(10**36 // rate)) - 1 for rate in ng.rates]
    scales = [10 ** (18 - min(18, max(0, d))) for d in decimals]
    rates = [random.choice((None, RateCache(int(ONE * random.uniform(0.9, 1.3)), 0, 0, NOW))) for _ in scales]
    return BalancerStable(
        kind=random.choice((balancer_stable.FIRST, balancer_stable.PLAIN)),
        balances=VaultBalances(ng.balances, (0,) * len(scales)),
        scales=tuple(scales),
        fee=random.choice((10**14, 4 * 10**14, random.randint(10**12, 10**17))),
        initial_amp=10 * ng.initial_a,
        future_amp=10 * ng.future_a,
        initial_amp_time=ng.initial_a_time,
        future_amp_time=ng.future_a_time,
        rates=tuple(rates),
    )


def balancer_stable_asked(random: Random, calm: bool = False) -> Asked:
    pool = balancer_stable_state(random, calm)
    i, j = random.sample(range(len(pool.scales)), 2)
    dx = traded(random, pool.balances.totals[i], calm)
    row = rows.balancer_stable_row(pool, NOW)
    return Asked(row, i, j, dx, lambda: balancer_stable.exchange(pool, i, j, dx, NOW)[0])
