"""Worked cases of the families: amounts that the real contracts paid on a local chain, in a row."""

import msgspec

from tallyio.hot_path.amm import v3
from tallyio.protocols.dex.families import (
    crypto_pool,
    liquidity_book,
    solidly_pool,
    stable_ng,
    stable_ng_views,
    tricrypto_math,
)
from tallyio.protocols.dex.families.crypto_pool import CryptoPool
from tallyio.protocols.dex.families.liquidity_book import FeeRules, LiquidityBook, Volatility
from tallyio.protocols.dex.families.solidly_pool import SolidlyPool
from tallyio.protocols.dex.families.stable_ng import StableNgPool

ONE = 10**18
NOW = 1_700_000_000


def solidly(stable: bool, reserve1: int, fee_bps: int) -> SolidlyPool:
    return SolidlyPool(
        variant="aerodrome",
        stable=stable,
        scale0=ONE,
        scale1=10**6,
        reserve0=10**24,
        reserve1=reserve1,
        fee0=fee_bps,
        fee1=fee_bps,
        total_supply=10**18,
    )


def test_solidly_stable() -> None:
    first = solidly_pool.exchange(solidly(True, 10**12, 5), 0, 10_000 * ONE, NOW)
    second = solidly_pool.exchange(first.pool, 1, 50_000 * 10**6, NOW)
    assert (first.amount_out, second.amount_out) == (9994995009, 49973727630295577520609)
    assert first.pool.fees_held0 == 5 * ONE
    assert first.pool.reserve0 == 10**24 + 9_995 * ONE


def test_solidly_volatile() -> None:
    first = solidly_pool.exchange(solidly(False, 9 * 10**11, 30), 0, 10_000 * ONE, NOW)
    second = solidly_pool.exchange(first.pool, 1, 50_000 * 10**6, NOW)
    assert (first.amount_out, second.amount_out) == (8884422309, 53505681497451393044169)


def test_stableswap_ng() -> None:
    pool = StableNgPool(
        balances=(10**24, 10**12, 8 * 10**11),
        admin_balances=(0, 0, 0),
        rates=(ONE, 10**30, 10**30),
        initial_a=20_000,
        future_a=20_000,
        initial_a_time=0,
        future_a_time=0,
        fee=4_000_000,
        off_peg_multiplier=2 * 10**10,
        total_supply=2_800_000 * ONE,
        price_window=866,
        d_window=62324,
        price_time=NOW,
        d_time=NOW,
        last_price=(ONE, ONE),
        ema_price=(ONE, ONE),
        last_d=2_800_000 * ONE,
        ema_d=2_800_000 * ONE,
    )
    swaps = (
        (0, 1, 10_000 * ONE, 9995528133, 4000199),
        (1, 2, 500_000 * 10**6, 496223744718, 5119833),
        (2, 0, 100_000 * 10**6, 101314733156585537935115, 4319831),
    )
    for i, j, dx, paid, fee in swaps:
        assert stable_ng_views.get_dy(pool, i, j, dx, NOW) == paid
        dy, pool = stable_ng.exchange(pool, i, j, dx, NOW)
        assert dy == paid
        assert stable_ng_views.dynamic_fee(pool, i, j) == fee


def test_tricrypto_ng() -> None:
    a_gamma = (1_707_629, 11_809_167_828_997)
    price_scale = (40_000 * ONE, 2_000 * ONE)
    balances, precisions = (10**12, 25 * 10**8, 500 * ONE), (10**12, 10**10, 1)
    d = tricrypto_math.invariant(*a_gamma, crypto_pool.scaled(balances, precisions, price_scale))
    pool = CryptoPool(
        balances=balances,
        precisions=precisions,
        total_supply=1,
        price_scale=price_scale,
        price_oracle=price_scale,
        last_prices=price_scale,
        price_time=NOW,
        xcp_oracle=0,
        last_xcp=0,
        xcp_time=NOW,
        xcp_window=62324,
        initial=a_gamma,
        initial_time=0,
        future=a_gamma,
        future_time=0,
        d=d,
        xcp_profit=ONE,
        virtual_price=ONE,
        allowed_extra_profit=10**11,
        adjustment_step=10**14,
        price_window=866,
        mid_fee=2_999_999,
        out_fee=80_000_000,
        fee_gamma=35 * 10**15,
    )
    pool = msgspec.structs.replace(pool, total_supply=crypto_pool.worth(pool, d, price_scale))
    paid, after = crypto_pool.exchange(pool, 0, 2, 10**10, NOW)
    assert paid == 4978708452830447639
    assert after.virtual_price > ONE


def test_liquidity_book() -> None:
    middle = liquidity_book.MIDDLE
    bins = {middle + k: (1000 * ONE, 0) for k in range(1, 6)} | {middle - k: (0, 1000 * ONE) for k in range(1, 6)}
    bins[middle] = (1000 * ONE, 1000 * ONE)
    book = LiquidityBook(
        version="2.2",
        bin_step=20,
        rules=FeeRules(8000, 30, 600, 5000, 40000, 1000, 300000),
        active_id=middle,
        volatility=Volatility(0, 0, middle, 0),
        bins=bins,
        reserves=(6000 * ONE, 6000 * ONE),
        kept_fees=(0, 0),
    )
    out, after, walked = liquidity_book.exchange(book, True, 500 * ONE, NOW)
    assert (out, walked.fee, walked.kept) == (499_200_000_000_000_000_000, 8 * ONE // 10, 8 * ONE // 100)
    assert after.bins[middle] == (1500 * ONE - walked.kept, 1000 * ONE - out)
    _, after, walked = liquidity_book.exchange(after, True, 2500 * ONE, NOW)
    assert after.active_id == middle - 2
    assert sorted(walked.changed) == [middle - 2, middle - 1, middle]
    assert after.volatility.accumulator == 20_000
    cost, unfilled, _ = liquidity_book.amount_in(book, True, out, NOW)
    assert (cost, unfilled) == (500 * ONE, 0)


def test_a_walk_tells_its_steps() -> None:
    state = v3.V3State(1 << 96, 0, 10**20, (-600, -60, 60, 600), (10**18, 99 * 10**18, -99 * 10**18, -(10**18)))
    steps: list[v3.Step] = []
    done = v3.swap(state, 60, 3000, True, 10**18, steps=steps)
    assert done == v3.swap(state, 60, 3000, True, 10**18)._replace(tick=done.tick)
    assert sum(s.amount_in + s.fee for s in steps) == done.amount_in
    assert sum(s.amount_out for s in steps) == done.amount_out
    assert [s.crossed for s in steps if s.crossed >= 0] == [1, 0]
    assert list(dict.fromkeys(s.liquidity for s in steps)) == [10**20, 10**18, 0]
