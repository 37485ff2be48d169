"""Rows of doubles beside the Python curves that they stand for: best input and profit against a market of one price."""

from collections.abc import Callable
from itertools import permutations
from random import Random

import pytest
from msgspec.structs import replace

from tallyio.core.clock import seeded
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import (
    AERODROME,
    BALANCER_V2,
    BALANCER_V3,
    CURVE_LEGACY_META,
    CURVE_NG,
    CURVE_NG_META,
    LIQUIDITY_BOOK,
    TRICRYPTO,
    TWOCRYPTO,
    V2,
    V3,
    V4,
    Pool,
    PoolState,
    V3State,
)
from tallyio.core.units import ZERO_ADDRESS, Address
from tallyio.hot_path.amm.tick_math import sqrt_ratio_at_tick
from tallyio.hot_path.curve import FixedRate
from tallyio.hot_path.kernels.rows import pair_row, peaks, pieces_row
from tallyio.hot_path.peak import peak
from tallyio.protocols.dex.compiled import balancer_states, book_states, states
from tallyio.protocols.dex.compiled.curves import RowCurve, curve_of
from tallyio.protocols.dex.compiled.exchange import CompiledExchange, exchange_of
from tallyio.protocols.dex.compiled.flows import flow_of
from tallyio.protocols.dex.families import stable_math, stable_ng
from tallyio.protocols.dex.families.balancer_v3 import Stable, V3Pool, Weighted
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.families.stable_legacy_meta import StableMeta
from tallyio.protocols.dex.families.stable_ng_meta import StableNgMeta
from tallyio.protocols.dex.model import PoolExchange, curve
from tallyio.protocols.dex.uniswap_v4 import V4State, V4Terms

NEAR = 1e-7
TOKENS = tuple(Address(f"0x{number:040x}") for number in range(1, 9))


def ticks(random: Random) -> V3State:
    """Ranges over and beside the price, some places empty."""
    spacing, price = 10, random.randrange(-20_000, 20_000)
    net: dict[int, int] = {}
    for _ in range(random.randrange(1, 9)):
        low = (price + random.randrange(-3000, 3000)) // spacing * spacing
        amount = int(10 ** random.uniform(18, 24))
        for tick, change in ((low, amount), (low + random.randrange(1, 300) * spacing, -amount)):
            net[tick] = net.get(tick, 0) + change
    index = tuple(sorted(net))
    held = sum(change for tick, change in net.items() if tick <= price)
    return V3State(sqrt_ratio_at_tick(price) + 1, price, held, index, tuple(net[tick] for tick in index))


def ng_meta(random: Random) -> StableNgMeta:
    meta, base = states.stable_pool(random, 2, True), states.stable_pool(random, 3, True)
    supply = stable_ng.invariant(stable_math.scaled(base.balances, base.rates), base.amplification(states.NOW))
    held = tuple(int(supply * random.uniform(0.1, 0.3)) for _ in range(2))
    return StableNgMeta(replace(meta, balances=held, rates=(10**18, 10**18)), replace(base, total_supply=supply))


def legacy_meta(random: Random) -> StableMeta:
    found = ng_meta(random)
    meta, base = (
        StablePool(
            **{name: getattr(each, name) for name in ("balances", "admin_balances", "rates", "fee", "total_supply")},
            **{name: getattr(each, name) for name in ("initial_a", "future_a", "initial_a_time", "future_a_time")},
            a_unit=100,
            admin_fee=5 * 10**9,
        )
        for each in (found.meta, found.base)
    )
    return StableMeta(meta, base, 0, 0)


def balancer_v3(random: Random) -> V3Pool:
    kind, n = random.choice(("weighted", "stable")), random.choice((2, 3))
    held = states.stable_pool(random, n, True)
    scales = tuple(10**18 // (10**36 // rate if rate > 10**18 else 1) for rate in held.rates)
    rates = tuple(int(10**18 * random.uniform(1, 1.3)) for _ in range(n))
    rule = Weighted((10**18 // n,) * (n - 1) + (10**18 - (n - 1) * (10**18 // n),)) if kind == "weighted" else None
    live = tuple(raw * scale * rate // 10**18 for raw, scale, rate in zip(held.balances, scales, rates, strict=True))
    return V3Pool(rule or Stable(200_000, 200_000), held.balances, live, scales, rates, 3 * 10**15)


STATES: dict[str, Callable[[Random], PoolState]] = {
    V3: ticks,
    V4: lambda random: V4State(ticks(random), 3000, 500 | 1000 << 12),
    LIQUIDITY_BOOK: lambda random: book_states.book_state(random, True),
    CURVE_NG: lambda random: states.stable_pool(random, random.choice((2, 3)), True),
    TWOCRYPTO: lambda random: states.crypto_state(random, 2, True),
    TRICRYPTO: lambda random: states.crypto_state(random, 3, True),
    AERODROME: lambda random: states.solidly_state(random, True),
    BALANCER_V2: lambda random: random.choice((balancer_states.weighted_state, balancer_states.balancer_stable_state))(
        random, True
    ),
    BALANCER_V3: balancer_v3,
    CURVE_NG_META: ng_meta,
    CURVE_LEGACY_META: legacy_meta,
}


def pool_of(family: str, state: PoolState) -> Pool:
    balances = getattr(state, "balances", None) or getattr(state, "raw", (0, 0))
    below = getattr(state, "base", None)
    count = 2 + len(below.balances) if below else len(getattr(balances, "totals", balances))
    terms = V4Terms(3000, ZERO_ADDRESS) if family == V4 else None
    return Pool(Address("0x99"), family, family, TOKENS[:count], 3000, 10, terms=terms)


@pytest.mark.parametrize("family", STATES)
def test_a_cycle_over_a_row_peaks_where_the_curves_do(family: str) -> None:
    random, compared = seeded(7, f"flows/{family}"), 0
    for _ in range(12 if family in (CURVE_NG_META, CURVE_LEGACY_META) else 60):
        state = STATES[family](random)
        pool = pool_of(family, state)
        for sold, bought in permutations(pool.tokens, 2):
            flow = flow_of(pool, state, states.NOW, sold, bought)
            try:
                way = curve(pool, state, sold, bought, states.NOW)
                market = FixedRate(random.uniform(1.001, 1.05) / way.rate(), way.output(way.depth) * 2)
            except (ChainDataError, ZeroDivisionError):
                continue
            top = peak([way, market])
            straight = (market.depth * 2.0**40, market.depth * 2.0**40 * market.price, market.depth)
            assert flow is not None
            hops = ((0, flow.i, flow.j), (1, 0, 1))
            ((amount, profit),) = peaks([flow.row, pieces_row([straight], [])], [hops])
            if top is None or top.amount_in < 1e4 or top.amount_in > way.depth:
                continue
            compared += 1
            if flow.sampled:
                assert market.output(way.output(amount)) - amount >= 0.9 * top.profit - 1e-6 * amount
                assert profit == pytest.approx(top.profit, rel=0.1, abs=1e-5 * top.amount_in)
                continue
            assert profit == pytest.approx(top.profit, rel=NEAR)
            assert amount == pytest.approx(top.amount_in, rel=0.01)
    assert compared > 40


def test_a_first_pool_without_bottom_hides_no_peak() -> None:
    one_for_one, pair = pieces_row([(2.0**168, 2.0**168, 2.0**128)], []), pair_row((10**24, 10**24), 3000)
    dear = pair_row((10**24, 11 * 10**23), 3000)
    (first, second) = peaks([one_for_one, pair, dear], [((0, 0, 1), (1, 0, 1), (2, 0, 1)), ((1, 0, 1), (2, 0, 1))])
    assert first == pytest.approx(second)
    assert second[1] > 0


def test_pools_without_a_row_have_none() -> None:
    pool = Pool(Address("0x99"), V2, "any", TOKENS[:3], 3000)
    assert flow_of(pool, ticks(seeded(1, "three")), 0, *TOKENS[1:3]) is None


EXACT = sorted(STATES.keys() - {V3, V4, BALANCER_V3})


@pytest.mark.parametrize("family", EXACT)
def test_amounts_by_the_row_are_the_models(family: str) -> None:
    random, compared = seeded(11, f"exchange/{family}"), 0
    for _ in range(25):
        state = STATES[family](random)
        pool = pool_of(family, state)
        for sold, bought in permutations(pool.tokens, 2):
            model = PoolExchange(pool, state, sold, bought, states.NOW)
            exchange = exchange_of(model)
            if not isinstance(exchange, CompiledExchange):
                continue
            amount = int(10 ** random.uniform(0, 25))
            paid = model.output_of(amount)
            if not paid:  # the model also refuses what ends in its pool's own bookkeeping
                continue
            assert exchange.output_of(amount) == paid
            wanted = random.randrange(max(paid - 10**9, 1), paid + 1)
            least = exchange.input_for(wanted)
            assert 0 < least <= amount
            assert model.output_of(least) >= wanted
            assert least == 1 or model.output_of(least - 1) < wanted
            assert exchange.input_for(10**40) == 0
            compared += 1
    assert compared > 20


@pytest.mark.parametrize("family", EXACT)
def test_a_curve_by_the_row_is_the_models(family: str) -> None:
    random = seeded(13, f"curve/{family}")
    for _ in range(10):
        state = STATES[family](random)
        model = PoolExchange(pool_of(family, state), state, TOKENS[0], TOKENS[1], states.NOW)
        try:
            way, row = curve(*model), curve_of(model)
        except ChainDataError:
            continue
        assert isinstance(row, RowCurve)
        assert row.depth == way.depth
        for part in (1e-6, 1e-3, 0.05):
            amount = part * way.depth
            assert row.output(amount) == pytest.approx(way.output(amount), rel=1e-6, abs=1.0)
            assert row.rate(amount) == pytest.approx(way.rate(amount), rel=1e-5)
