"""The least input for an output, where the contract quotes inputs alone."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import LIQUIDITY_BOOK, Pool
from tallyio.core.units import Address
from tallyio.protocols.dex.exact_out import least_input
from tallyio.protocols.dex.family import Refused
from tallyio.protocols.dex.liquidity_book import BookTerms, LiquidityBookPairs

RESERVE = 10**12


def quote(least: int, most: int) -> Callable[[int], int]:
    """Constant product between two amounts, refused outside of them."""

    def paid(amount: int) -> int:
        if not least <= amount <= most:
            raise ChainDataError("refused")
        return RESERVE * amount // (RESERVE + amount)

    return paid


@given(st.integers(1, RESERVE // 2), st.integers(1, 10**13), st.integers(1, 1000))
def test_it_is_the_least_wherever_one_starts(wanted: int, guess: int, least: int) -> None:
    paid = quote(least, 10**15)
    found = least_input(paid, wanted, guess)
    assert paid(found) >= wanted
    assert found == least or paid(found - 1) < wanted


def test_where_no_input_pays_it_the_contract_has_the_last_word() -> None:
    with pytest.raises(ChainDataError):
        least_input(quote(1, 10**6), 10**9, 10)
    with pytest.raises(ChainDataError):
        least_input(quote(1, 2**255), RESERVE, 10)


def test_a_contract_that_is_a_pair_of_no_liquidity_book_is_refused() -> None:
    tokens = Address("0x" + "01" * 20), Address("0x" + "02" * 20)
    pool = Pool(Address("0x" + "03" * 20), LIQUIDITY_BOOK, "book", tokens, 0, terms=BookTerms(20))
    reading = LiquidityBookPairs().read(pool)
    first = reading.send([None] * len(next(reading)))  # it is asked once more, as a pair of 2.0
    with pytest.raises(StopIteration) as end:
        reading.send([None] * len(first))
    assert isinstance(end.value.value, Refused)
    assert "nothing" in end.value.value.reason
