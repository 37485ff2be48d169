"""EIP-1559 against worked cases, its own bounds, and real blocks."""

import csv
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallyio.chains.fees import effective_gas_price, next_base_fee

GWEI = 10**9
REAL = Path(__file__).parents[4] / "shared/data/basefee/mainnet_basefee_340_blocks_2025-01-01.csv"
LIMIT = 30_000_000


@pytest.mark.parametrize(
    ("base_fee", "used", "limit", "expected"),
    [
        (100 * GWEI, 15_000_000, LIMIT, 100 * GWEI),
        (100 * GWEI, LIMIT, LIMIT, 112_500_000_000),
        (100 * GWEI, 0, LIMIT, 87_500_000_000),
        (7, 15_000_001, LIMIT, 8),  # at least one wei up
        (7, 14_999_999, LIMIT, 7),
        (0, LIMIT, LIMIT, 1),
        (1_000_000_000, 21_000, LIMIT, 875_175_000),
    ],
)
def test_worked_cases(base_fee: int, used: int, limit: int, expected: int) -> None:
    assert next_base_fee(base_fee, used, limit) == expected


@given(st.integers(0, 10**15), st.integers(0, 10**8), st.integers(2, 10**8))
def test_an_eighth_at_most_and_in_the_right_direction(base_fee: int, used: int, limit: int) -> None:
    used = min(used, limit)
    after = next_base_fee(base_fee, used, limit)
    target = limit // 2
    if used > target:
        assert base_fee < after <= base_fee + max(base_fee * (used - target) // target // 8, 1)
    elif used < target:
        assert base_fee - base_fee // 8 <= after <= base_fee
    else:
        assert after == base_fee


@pytest.mark.skipif(not REAL.exists(), reason=f"no recorded base fees at {REAL}")
def test_every_step_between_real_blocks_is_one_that_the_rule_can_make() -> None:
    fees = [round(float(row["basefee_gwei"]) * 10**9) for row in csv.DictReader(REAL.read_text().splitlines())]
    assert len(fees) == 340
    rounding = 2_000  # the file has six decimals of a gwei
    for before, after in pairwise(fees):
        lowest, highest = next_base_fee(before, 0, LIMIT), next_base_fee(before, LIMIT, LIMIT)
        assert lowest - rounding <= after <= highest + rounding
        # The rule is monotonic in the gas used: some amount of gas leads to this very fee.
        low, high = 0, LIMIT
        while low < high:
            middle = (low + high) // 2
            if next_base_fee(before, middle, LIMIT) < after:
                low = middle + 1
            else:
                high = middle
        assert abs(next_base_fee(before, low, LIMIT) - after) <= rounding


def test_other_chains_have_other_parameters() -> None:
    assert next_base_fee(1000, 60_000_000, 60_000_000, elasticity=6, max_change_denominator=250) == 1020
    with pytest.raises(ValueError, match="gas limit"):
        next_base_fee(1000, 0, 1)


def test_effective_price_is_capped_by_the_maximum() -> None:
    assert effective_gas_price(10, 100, 2) == 12
    assert effective_gas_price(10, 11, 2) == 11
