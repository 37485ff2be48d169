"""The cheapest loans are those that trying every division of the amount finds."""

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallyio.core.errors import BugError, ChainDataError
from tallyio.core.lending import LendingState, Reserve
from tallyio.core.pools import V2, Pool, V2State
from tallyio.core.units import Address
from tallyio.protocols.flash_loans import aave_v3, uniswap_v2
from tallyio.protocols.flash_loans.offer import MOST_NESTED, Offer, cheapest

TOKEN, OTHER = Address("0x" + "aa" * 20), Address("0x" + "bb" * 20)

OFFERS = st.lists(
    st.builds(
        Offer,
        source=st.just("uniswap_v3"),
        market=st.integers(1, 9).map(lambda n: Address(f"0x{n:040x}")),
        token=st.sampled_from([TOKEN, TOKEN, TOKEN, OTHER]),
        available=st.integers(0, 12),
        numerator=st.integers(0, 7),
        denominator=st.integers(1, 9),
        flat=st.sampled_from([0, 0, 1, 2]),
        half_up=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda offer: offer.market,
)


def tried(amount: int, offers: list[Offer]) -> int | None:
    """The least that ``amount`` costs, by every division of it among at most so many lenders."""
    least = None
    for count in range(1, MOST_NESTED + 1):
        for chosen in combinations(offers, count):
            for parts in product(*(range(1, each.available + 1) for each in chosen)):
                if sum(parts) == amount:
                    total = sum(offer.premium(n) for offer, n in zip(chosen, parts, strict=True))
                    least = total if least is None else min(least, total)
    return least


@given(OFFERS, st.integers(1, 30))
def test_nothing_is_cheaper_but_for_rounding(offers: list[Offer], amount: int) -> None:
    usable = [offer for offer in offers if offer.token == TOKEN]
    expected = tried(amount, usable)
    if expected is None:
        with pytest.raises(ChainDataError, match="cannot be borrowed"):
            cheapest(TOKEN, amount, offers)
        return
    loans = cheapest(TOKEN, amount, offers)
    assert sum(loan.amount for loan in loans) == amount
    by_market = {offer.market: offer for offer in usable}
    for loan in loans:
        offer = by_market[loan.market]
        assert 0 < loan.amount <= offer.available
        assert loan.premium == offer.premium(loan.amount)
    total = sum(loan.premium for loan in loans)
    assert expected <= total <= expected + len(loans)
    alone = [offer.premium(amount) for offer in usable if offer.available >= amount]
    assert total <= min(alone, default=total)


def test_a_free_lender_is_taken_before_any_other() -> None:
    paid = Offer("aave_v3", OTHER, TOKEN, 10**24, 5, 10_000)
    free = Offer("morpho", TOKEN, TOKEN, 10**21)
    (loan,) = cheapest(TOKEN, 10**21, [paid, free])
    assert (loan.source, loan.premium) == ("morpho", 0)
    loans = cheapest(TOKEN, 10**21 + 10_000, [paid, free])
    assert {loan.source: (loan.amount, loan.premium) for loan in loans} == {
        "morpho": (10**21, 0),
        "aave_v3": (10_000, 5),
    }


def test_a_loan_of_nothing_is_a_mistake() -> None:
    with pytest.raises(BugError):
        cheapest(TOKEN, 0, [])


@given(st.integers(1, 10**30), st.sampled_from([2500, 3000, 1000]))
def test_a_pair_is_content_with_its_premium_and_not_with_less(amount: int, fee_pips: int) -> None:
    """The pair's own check: what comes back, less the fee on it, must fill the reserve again."""
    pool = Pool(OTHER, V2, "v2", (TOKEN, OTHER), fee_pips)
    offer = uniswap_v2.offer(pool, V2State(2 * amount + 2, 1), TOKEN)
    assert offer is not None

    def content(premium: int) -> bool:
        back = amount + premium
        return 10**6 * (2 * amount + 2 - amount + back) - fee_pips * back >= 10**6 * (2 * amount + 2)

    assert content(offer.premium(amount))
    assert not content(offer.premium(amount) - 1)


def test_a_pair_without_reserves_lends_nothing() -> None:
    assert uniswap_v2.offer(Pool(OTHER, V2, "v2", (TOKEN, OTHER), 3000), V2State(1, 5), TOKEN) is None


def test_a_reserve_that_is_paused_lends_nothing() -> None:
    reserve = Reserve(TOKEN, 0, 18, OTHER, OTHER, flash_loans=True, virtual_balance=100)
    market = LendingState(OTHER, flash_premium_bps=5, reserves={TOKEN: reserve})
    offer = aave_v3.offer(market, TOKEN)
    assert offer is not None
    assert (offer.available, offer.premium(1), offer.premium(20_000)) == (100, 1, 10)
    paused = Reserve(TOKEN, 0, 18, OTHER, OTHER, flash_loans=True, virtual_balance=100, paused=True)
    assert aave_v3.offer(LendingState(OTHER, reserves={TOKEN: paused}), TOKEN) is None
