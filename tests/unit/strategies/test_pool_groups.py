"""A meta pool and the pool below it move each other: no cycle passes both, and a swap of one takes the other out."""

from typing import Any

import pytest

from tallyio.core.pools import CURVE_LEGACY, CURVE_LEGACY_META, Pool
from tallyio.core.units import Address
from tallyio.market.reading import PoolsRead
from tallyio.market.view import MarketView
from tallyio.protocols.dex.families.stable_legacy import StablePool
from tallyio.protocols.dex.families.stable_legacy_meta import StableMeta
from tallyio.protocols.dex.model import curve, swap
from tallyio.strategies.pathfinding import finder_of

BASE, META, SHARES = (Address("0x" + byte * 20) for byte in ("c0", "c1", "c2"))
MILLION, WAD = 10**6, 10**18


def plain(*balances: tuple[int, int], supply: int = 0, unit: int = 1) -> StablePool:
    """Of whole tokens and their decimals."""
    return StablePool(
        balances=tuple(whole * 10**places for whole, places in balances),
        admin_balances=(0,) * len(balances),
        rates=tuple(10 ** (36 - places) for _, places in balances),
        initial_a=200 * unit,
        future_a=200 * unit,
        initial_a_time=0,
        future_a_time=0,
        a_unit=unit,
        fee=4 * 10**6,
        admin_fee=5 * 10**9,
        total_supply=supply,
    )


@pytest.fixture
def view(made: Any) -> MarketView:
    below = plain((MILLION, 6), (MILLION, 18))
    state = StableMeta(
        plain((2 * MILLION, 18), (MILLION, 18), unit=100), plain((MILLION, 6), (MILLION, 18), supply=2 * MILLION * WAD),
        WAD, made.block.timestamp,
    )  # fmt: skip
    made.pools[BASE] = Pool(BASE, CURVE_LEGACY, "legacy", (made.usdc, made.dai), 400)
    tokens = made.weth, SHARES, made.usdc, made.dai
    made.pools[META] = Pool(META, CURVE_LEGACY_META, "legacy", tokens, 400, below=BASE)
    made.pair(made.weth, made.usdc, MILLION * WAD, MILLION * 10**6)
    made.pair(made.weth, made.dai, MILLION * WAD, MILLION * WAD)
    market = made.market()
    market.settle(PoolsRead(states={BASE: below, META: state}))
    found: MarketView = market.view(next_base_fee_wei=10**9, next_timestamp=made.block.timestamp + 12)
    return found


def test_no_cycle_passes_a_meta_pool_and_the_one_below(view: MarketView) -> None:
    ways = [{view.graph.pools[edge >> 1].address for edge in row if edge >= 0} for row in view.graph.cycles.rows]
    assert any(META in way for way in ways)
    assert any(BASE in way for way in ways)
    assert not any({BASE, META} <= way for way in ways)
    finder_of(view)


@pytest.mark.parametrize(("moved", "other"), [(BASE, META), (META, BASE)])
def test_a_swap_of_one_takes_the_other_out(view: MarketView, made: Any, moved: Address, other: Address) -> None:
    pool = view.pools[moved]
    token_in = made.usdc if moved == BASE else made.weth
    done = swap(pool, view.states[moved], token_in, made.dai, 1000 * 10**6, view.next_timestamp)
    after = view.with_states({moved: done.state})
    assert other in after.untradable
    assert not after.rates[after.graph.edges_of(view.pools[other])].any()
    assert after.rates[after.graph.edges_of(pool)].any()
    assert other not in view.untradable


def test_curves_through_the_pool_below_are_near_its_swaps(view: MarketView, made: Any) -> None:
    """The fee of a deposit is not the float model's: outputs to a ten-thousandth, rates as slopes of outputs."""
    pool, state, now = view.pools[META], view.states[META], view.next_timestamp
    for ends in ((made.weth, made.usdc), (made.usdc, made.weth), (made.dai, made.weth)):
        amount = 10_000 * (10**6 if ends[0] == made.usdc else WAD)
        line = curve(pool, state, *ends, now)
        out = swap(pool, state, *ends, amount, now).amount_out
        assert line.output(float(amount)) == pytest.approx(out, rel=1e-4)
        near = (line.output(amount * 1.001) - line.output(float(amount))) / (amount * 0.001)
        assert line.rate(float(amount)) == pytest.approx(near, rel=1e-3)
