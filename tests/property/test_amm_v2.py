"""The pairs' own rules, in their own integers: what they accept bounds what we compute from both sides."""

from hypothesis import assume, given
from hypothesis import strategies as st

from tallyio.core.errors import ChainDataError
from tallyio.core.units import UINT112_MAX
from tallyio.hot_path.amm import v2

reserves = st.integers(1, UINT112_MAX) | st.integers(1, 10**6)
amounts = st.integers(1, UINT112_MAX) | st.integers(1, 10**6)
FORKS = st.sampled_from([(3000, 1000, 3), (2500, 10_000, 25), (2000, 1000, 2)])
"""Fee in pips, and the scale and fee of ``UniswapV2Pair``, PancakeSwap's pair and its early build."""


def accepted(paid: int, out: int, reserve_in: int, reserve_out: int, scale: int, fee: int) -> bool:
    """``require(balance0Adjusted * balance1Adjusted >= reserve0 * reserve1 * scale**2)``"""
    balance_in = (reserve_in + paid) * scale - paid * fee
    balance_out = (reserve_out - out) * scale
    return balance_in * balance_out >= reserve_in * reserve_out * scale**2


@given(amounts, reserves, reserves, FORKS)
def test_the_output_is_the_most_that_the_pair_accepts(
    paid: int, r_in: int, r_out: int, fork: tuple[int, int, int]
) -> None:
    pips, scale, fee = fork
    assume(paid + r_in <= UINT112_MAX)
    try:
        out = v2.amount_out(paid, r_in, r_out, pips)
    except ChainDataError:
        out = 0
    assert accepted(paid, out, r_in, r_out, scale, fee)
    assert not accepted(paid, out + 1, r_in, r_out, scale, fee)


@given(amounts, reserves, reserves, FORKS)
def test_pips_give_what_each_forks_library_gives(paid: int, r_in: int, r_out: int, fork: tuple[int, int, int]) -> None:
    pips, scale, fee = fork
    assume(paid + r_in <= UINT112_MAX)
    after_fee = paid * (scale - fee)
    expected = after_fee * r_out // (r_in * scale + after_fee)
    if expected:
        assert v2.amount_out(paid, r_in, r_out, pips) == expected


@given(amounts, reserves, reserves, FORKS)
def test_inputs_are_the_librarys_and_the_least(out: int, r_in: int, r_out: int, fork: tuple[int, int, int]) -> None:
    pips, scale, fee = fork
    assume(out < r_out)
    expected = r_in * out * scale // ((r_out - out) * (scale - fee)) + 1
    if r_in + expected > UINT112_MAX:
        return
    assert v2.amount_in(out, r_in, r_out, pips) == expected
    least = v2.least_input(out, r_in, r_out, pips)
    assert accepted(least, out, r_in, r_out, scale, fee)
    assert not accepted(least - 1, out, r_in, r_out, scale, fee)
    assert least <= expected
