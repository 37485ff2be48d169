"""What every exchange model must keep: more in pays no less, nobody gains by swapping there and back, D stays."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallyio.core.errors import ChainDataError
from tallyio.protocols.dex.families import crypto_pool, solidly_pool, stable_ng, stable_ng_views
from tallyio.protocols.dex.families import twocrypto_math as two
from tallyio.protocols.dex.families.crypto_math import cube_root
from tallyio.protocols.dex.families.crypto_pool import CryptoPool
from tallyio.protocols.dex.families.solidly_pool import SolidlyPool
from tallyio.protocols.dex.families.stable_math import scaled
from tallyio.protocols.dex.families.stable_ng import StableNgPool

ONE = 10**18
NOW = 1_700_000_000
FEW = settings(max_examples=60, deadline=None)
balances = st.integers(10**21, 10**25)
amounts = st.integers(10**9, 10**24)


def stable(x: int, y: int, fee: int) -> StableNgPool:
    pool = StableNgPool(
        balances=(x, y),
        admin_balances=(0, 0),
        rates=(ONE, ONE),
        initial_a=10_000,
        future_a=10_000,
        initial_a_time=0,
        future_a_time=0,
        fee=fee,
        off_peg_multiplier=2 * 10**10,
        total_supply=1,
        price_window=866,
        d_window=62324,
        price_time=NOW,
        d_time=NOW,
        last_price=(ONE,),
        ema_price=(ONE,),
        last_d=0,
        ema_d=0,
    )
    return msgspec.structs.replace(pool, total_supply=stable_ng.invariant((x, y), 10_000))


def crypto(x: int, y: int) -> CryptoPool:
    a_gamma = (400_000, 145_000_000_000_000)
    d = two.invariant(*a_gamma, (x, y))
    pool = CryptoPool(
        balances=(x, y),
        precisions=(1, 1),
        total_supply=1,
        price_scale=(ONE,),
        price_oracle=(ONE,),
        last_prices=(ONE,),
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
        allowed_extra_profit=10**12,
        adjustment_step=10**14,
        price_window=866,
        mid_fee=26_000_000,
        out_fee=45_000_000,
        fee_gamma=230_000_000_000_000,
    )
    supply = crypto_pool.worth(pool, d, (ONE,))
    return msgspec.structs.replace(pool, total_supply=supply)


def solidly(x: int, y: int, stable_curve: bool, variant: str) -> SolidlyPool:
    unit = 100_000 if variant == "camelot" else 10_000
    return SolidlyPool(
        variant=variant,
        stable=stable_curve,
        scale0=ONE,
        scale1=ONE,
        reserve0=x,
        reserve1=y,
        fee0=unit // 2000,
        fee1=unit // 2000,
        total_supply=ONE,
    )


@FEW
@given(balances, st.integers(20, 500), st.integers(1, 10**6), st.integers(0, 10**8))
def test_stable_there_and_back(x: int, percent: int, millionths: int, fee: int) -> None:
    pool, dx = stable(x, x * percent // 100, fee), x * millionths // 10**6
    dy, after = stable_ng.exchange(pool, 0, 1, dx, NOW)
    assert dy == stable_ng_views.get_dy(pool, 0, 1, dx, NOW)
    assert stable_ng.virtual_price(after, NOW) >= stable_ng.virtual_price(pool, NOW) - 1
    if dy:
        assert stable_ng.exchange(after, 1, 0, dy, NOW)[0] <= dx


@FEW
@given(balances, st.integers(20, 500), st.integers(1, 10**6), st.integers(0, 10**8))
def test_stable_pays_no_less_for_more_at_a_flat_fee(x: int, percent: int, millionths: int, fee: int) -> None:
    pool = msgspec.structs.replace(stable(x, x * percent // 100, fee), off_peg_multiplier=10**10)
    dx = x * millionths // 10**6
    less = stable_ng_views.get_dy(pool, 0, 1, dx, NOW)
    assert stable_ng_views.get_dy(pool, 0, 1, dx + dx // 7 + 10, NOW) >= less


@FEW
@given(balances, balances)
def test_stable_invariant_lies_between_the_curves(x: int, y: int) -> None:
    d = stable_ng.invariant(scaled((x, y), (ONE, ONE)), 10_000)
    assert 4 * x * y <= (d + 1) ** 2
    assert d <= x + y


@FEW
@given(balances, st.integers(50, 200), amounts)
def test_crypto_there_and_back(x: int, percent: int, dx: int) -> None:
    pool = crypto(x, x * percent // 100)
    try:
        dy, after = crypto_pool.exchange(pool, 0, 1, dx, NOW)
        back = crypto_pool.exchange(after, 1, 0, dy, NOW)[0]
    except ChainDataError:
        return
    assert back <= dx
    assert after.virtual_price >= pool.virtual_price


@pytest.mark.parametrize("variant", ["aerodrome", "velodrome", "camelot"])
@pytest.mark.parametrize("stable_curve", [True, False])
@FEW
@given(x=balances, y=balances, dx=amounts)
def test_solidly_there_and_back(variant: str, stable_curve: bool, x: int, y: int, dx: int) -> None:
    pool = solidly(x, y, stable_curve, variant)
    try:
        there = solidly_pool.exchange(pool, 0, dx, NOW)
        back = solidly_pool.amount_out(there.pool, 1, there.amount_out)
    except ChainDataError:
        return
    assert 0 < there.amount_out < y
    assert back <= dx


@FEW
@given(st.integers(1, 10**60))
def test_cube_root_is_within_its_precision(x: int) -> None:
    root = cube_root(x)
    exact = x * 10**36
    slack = max(root // 10**12, 2)
    assert (root - slack) ** 3 <= exact <= (root + slack) ** 3
