"""What must hold for any pool and any amount; the contracts themselves judge the numbers in ``integration``."""

from hypothesis import given
from hypothesis import strategies as st

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V3, Pool, V3State
from tallyio.core.units import Address
from tallyio.hot_path.amm import v3
from tallyio.hot_path.amm.quote import least_input, output_of
from tallyio.hot_path.amm.swap_math import swap_step
from tallyio.hot_path.amm.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)

prices = st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1) | st.integers(2**90, 2**102)
fees = st.sampled_from([100, 500, 2500, 3000, 10_000])


@given(prices)
def test_a_price_lies_within_its_tick(price: int) -> None:
    tick = tick_at_sqrt_ratio(price)
    assert sqrt_ratio_at_tick(tick) <= price
    if tick < MAX_TICK:
        assert price < sqrt_ratio_at_tick(tick + 1)


@given(st.integers(MIN_TICK, MAX_TICK))
def test_ratios_are_near_the_real_number(tick: int) -> None:
    ratio = sqrt_ratio_at_tick(tick)
    assert abs(ratio / 2**96 / 1.0001 ** (tick / 2) - 1) < 1e-9 + 2 / ratio


@given(prices, prices, st.integers(1, 2**128 - 1), st.integers(1, 2**200), st.integers(0, 999_999), st.booleans())
def test_a_step_never_takes_more_nor_passes_its_target(
    price: int, target: int, liquidity: int, remaining: int, fee: int, exact_in: bool
) -> None:
    try:
        end, paid, got, taken = swap_step(price, target, liquidity, remaining, fee, exact_in)
    except ChainDataError:
        return
    assert min(price, target) <= end <= max(price, target)
    if exact_in:
        assert paid + taken <= remaining
        assert end == target or paid + taken == remaining
    else:
        assert got <= remaining
        assert end == target or got == remaining


@st.composite
def pools(draw: st.DrawFn) -> tuple[Pool, V3State]:
    spacing = draw(st.sampled_from([1, 10, 60, 200]))
    tick = draw(st.integers(-200_000, 200_000))
    nets: dict[int, int] = {}
    for _ in range(draw(st.integers(1, 6))):
        low = (tick // spacing + draw(st.integers(-400, 300))) * spacing
        high = low + draw(st.integers(1, 600)) * spacing
        amount = draw(st.integers(1, 10**24))
        nets[low] = nets.get(low, 0) + amount
        nets[high] = nets.get(high, 0) - amount
    ticks = tuple(sorted(t for t, n in nets.items() if n))
    start, end = sqrt_ratio_at_tick(tick), sqrt_ratio_at_tick(tick + 1)
    state = V3State(
        draw(st.integers(start, end - 1)),
        tick,
        sum(nets[t] for t in ticks if t <= tick),
        ticks,
        tuple(nets[t] for t in ticks),
        (),
    )
    names = Address("0x" + "aa" * 20), Address("0x" + "bb" * 20)
    return Pool(Address("0x" + "cc" * 20), V3, "uniswap_v3", names, draw(fees), spacing), state


@given(pools(), st.booleans(), st.integers(1, 10**26))
def test_more_in_is_never_less_out(made: tuple[Pool, V3State], zero_for_one: bool, amount: int) -> None:
    pool, state = made
    out, more = (output_of(pool, state, zero_for_one, a) for a in (amount, amount + amount // 3 + 1))
    assert more >= out or more == 0  # 0: the pool cannot take it whole


@given(pools(), st.booleans(), st.integers(1, 10**26))
def test_there_and_back_never_gains(made: tuple[Pool, V3State], zero_for_one: bool, amount: int) -> None:
    pool, state = made
    done = v3.swap(state, pool.tick_spacing, pool.fee_pips, zero_for_one, amount)
    if done.unfilled or not done.amount_out:
        return
    back = v3.swap(v3.after(state, done), pool.tick_spacing, pool.fee_pips, not zero_for_one, done.amount_out)
    assert back.amount_out <= amount


@given(pools(), st.booleans(), st.integers(1, 10**26))
def test_liquidity_follows_from_the_ticks(made: tuple[Pool, V3State], zero_for_one: bool, amount: int) -> None:
    pool, state = made
    end = v3.after(state, v3.swap(state, pool.tick_spacing, pool.fee_pips, zero_for_one, amount))
    assert end.liquidity == sum(n for t, n in zip(end.tick_index, end.liquidity_net, strict=True) if t <= end.tick)


@given(pools(), st.booleans(), st.integers(1, 10**24))
def test_the_least_input_buys_the_output_for_what_an_exact_output_costs(
    made: tuple[Pool, V3State], zero_for_one: bool, out: int
) -> None:
    pool, state = made
    paid = least_input(pool, state, zero_for_one, out)
    if paid:
        assert output_of(pool, state, zero_for_one, paid) >= out
        exact = v3.swap(state, pool.tick_spacing, pool.fee_pips, zero_for_one, out, exact_in=False)
        assert exact.amount_in - 1 <= paid <= exact.amount_in
        assert output_of(pool, state, zero_for_one, exact.amount_in) >= out
