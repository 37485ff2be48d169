"""The contracts' exponential against one of sixty digits."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallyio.protocols.dex.families.exponential import exp_wad
from tallyio.protocols.dex.families.words import SwapRefusedError


@given(st.integers(-42 * 10**18, 40 * 10**18))
def test_within_one_unit_and_two_parts_in_1e20(x: int) -> None:
    """As near as the contracts' own approximation comes."""
    with localcontext() as context:
        context.prec = 60
        exact = (Decimal(x) / 10**18).exp() * 10**18
        assert abs(exp_wad(x) - exact) <= 1 + 2 * exact / 10**20


def test_ends_of_the_range() -> None:
    assert exp_wad(0) == 10**18
    assert exp_wad(-42_139_678_854_452_767_551) == 0
    with pytest.raises(SwapRefusedError):
        exp_wad(135_305_999_368_893_231_589)
