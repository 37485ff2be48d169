"""How much of a token a pair of the Liquidity Book counts, by its version."""

import msgspec
import pytest

from tallyio.core.errors import ChainDataError
from tallyio.protocols.dex.compiled import rows
from tallyio.protocols.dex.families import liquidity_book
from tallyio.protocols.dex.families.liquidity_book import FeeRules, LiquidityBook, Volatility
from tallyio.protocols.dex.families.words import SwapRefusedError

NOW = 1_700_000_000


def test_what_all_of_a_bin_costs_is_counted_by_the_version() -> None:
    """Also of a trade for a part of it: 2.0 counts the fee alone in 128 bits, later ones the whole."""
    far = liquidity_book.MIDDLE - 1500  # at a third of a millionth
    book = LiquidityBook(
        version="2.0",
        bin_step=100,
        rules=FeeRules(80, 30, 600, 5000, 0, 1000, 100000),
        active_id=far,
        volatility=Volatility(0, 0, far, 0),
        bins={far: (0, 2**110)},
        reserves=(0, 2**110),
        kept_fees=(0, 0),
    )
    out, after, walked = liquidity_book.exchange(book, True, 10**18, NOW)
    assert (out, walked.fee) == ((10**18 - walked.fee) * liquidity_book.price_at(far, 100) >> 128, 8 * 10**13)
    assert after.kept_fees == (walked.fee, 0)
    with pytest.raises(SwapRefusedError, match="Exceeds128Bits"):
        liquidity_book.exchange(msgspec.structs.replace(book, version="2.1"), True, 10**18, NOW)
    with pytest.raises(SwapRefusedError, match="Exceeds128Bits"):
        liquidity_book.exchange(msgspec.structs.replace(book, bins={far - 5000: (0, 2**110)}), True, 10**18, NOW)


def test_a_pair_holds_no_more_than_it_counts() -> None:
    middle = liquidity_book.MIDDLE
    book = LiquidityBook(
        version="2.1",
        bin_step=20,
        rules=FeeRules(8000, 30, 600, 5000, 40000, 1000, 300000),
        active_id=middle,
        volatility=Volatility(0, 0, middle, 0),
        bins={middle: (0, 10**18)},
        reserves=(2**128 - 10_000 - 7, 10**18),
        kept_fees=(7, 0),
    )
    assert liquidity_book.exchange(book, True, 9_999, NOW)[0] == 9_983
    with pytest.raises(SwapRefusedError, match="AddOverflow"):
        liquidity_book.exchange(book, True, 10_000, NOW)


def test_a_pair_that_may_come_to_its_limits_has_no_row() -> None:
    far = liquidity_book.MIDDLE - 1500
    book = LiquidityBook(
        version="2.1",
        bin_step=100,
        rules=FeeRules(80, 30, 600, 5000, 0, 1000, 100000),
        active_id=far,
        volatility=Volatility(0, 0, far, 0),
        bins={far: (0, 2**100)},
        reserves=(0, 2**100),
        kept_fees=(0, 0),
    )
    assert len(rows.liquidity_book_row(book, NOW))
    for more in ({"bins": {far: (0, 2**107)}}, {"reserves": (2**127, 2**100)}):
        with pytest.raises(ChainDataError, match="more than it counts"):
            rows.liquidity_book_row(msgspec.structs.replace(book, **more), NOW)
