"""Every family can be executed, and a cycle is opened by whichever of its swaps gives first."""

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallyio.core.lending import LendingState, Reserve
from tallyio.core.trade import FlashLoan, SwapStep
from tallyio.core.units import Address
from tallyio.execution import kinds
from tallyio.protocols.dex.model import swap
from tallyio.protocols.dex.siblings import FAMILIES
from tallyio.protocols.flash_loans.offer import Offer
from tallyio.strategies.base import GasModel
from tallyio.strategies.funding import Borrowed, borrow, fund, offers_of

GAS = GasModel()
VAULT = Address(f"0x{0xBA:040x}")
A, B, C = (Address(f"0x{i:040x}") for i in (1, 2, 3))


def step(family: str, token_in: Address, token_out: Address, amount_in: int, amount_out: int) -> SwapStep:
    detail = (int(VAULT, 16), 1) if family == "balancer_v2" else ()
    pool = Address(f"0x{amount_in:040x}")
    return SwapStep(pool, family, token_in, token_out, amount_in, amount_out, 3000, detail=detail)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_executor_knows_the_family(family: str) -> None:
    kind = kinds.kind_of(family)
    assert kind is not None
    if FAMILIES[family].lends:
        assert kind in kinds.FLASH_KINDS


def test_the_first_swap_that_lends_opens_the_cycle(made: Any) -> None:
    view = made.view()
    steps = [step("balancer_v2", A, B, 10, 20), step("uniswap_v3", B, C, 20, 30), step("uniswap_v2", C, A, 30, 11)]
    assert fund(view, steps, GAS) == (steps[1], (steps[2], steps[0]), ())
    assert fund(view, steps[1:], GAS) == (steps[1], (steps[2],), ())


def test_a_cycle_that_nothing_opens_needs_a_loan(made: Any) -> None:
    steps = [step("balancer_v2", A, B, 10_000, 20), step("balancer_v2", B, A, 20, 10_001)]
    view = made.view()
    assert fund(view, steps, GAS) is None
    reserve = Reserve(A, 0, 18, B, C, flash_loans=True, virtual_balance=10_000)
    market = LendingState(market=C, provider=C, reserves={A: reserve}, flash_premium_bps=5)
    lent = msgspec.structs.replace(view, lending={C: market})
    assert fund(lent, steps, GAS) == (FlashLoan(C, A, 10_000, 5), tuple(steps), ())
    dry = msgspec.structs.replace(market, reserves={A: msgspec.structs.replace(reserve, virtual_balance=9_999)})
    assert fund(msgspec.structs.replace(view, lending={C: dry}), steps, GAS) is None


def offered(view: Any, *offers: Offer) -> Any:
    return msgspec.structs.replace(view, offers={A: offers})


def test_a_loan_is_the_cheapest_with_its_gas(made: Any) -> None:
    token = made.weth
    free = Offer("balancer_v2", VAULT, token, 10**20)
    aave = Offer("aave_v3", C, token, 10**22, 5, 10_000)
    view = msgspec.structs.replace(made.view(base_fee_wei=10**9), offers={token: (aave, free)})
    assert borrow(view, token, 10**18, GAS) == (FlashLoan(VAULT, token, 10**18, 0, "balancer_v2"),)
    both = borrow(view, token, 10**20 + 10**19, GAS)
    assert both == (FlashLoan(C, token, 10**19, 5 * 10**15), FlashLoan(VAULT, token, 10**20, 0, "balancer_v2"))
    dear = msgspec.structs.replace(view, next_base_fee_wei=10**13)
    assert borrow(dear, token, 10**20 + 10**19, GAS) == (aave.loan(10**20 + 10**19),)


def test_a_vault_does_not_lend_to_swaps_at_itself(made: Any) -> None:
    inside = [step("balancer_v2", A, B, 10_000, 20), step("curve_pool", B, A, 20, 10_001)]
    vault, other = Offer("balancer_v2", VAULT, A, 10**9), Offer("morpho", C, A, 10**9)
    view = offered(made.view(), vault, other)
    assert offers_of(view, A, inside) == [other]
    assert offers_of(view, A, inside[1:]) == [vault, other]
    found = fund(view, inside, GAS)
    assert found is not None
    assert found.funding == FlashLoan(C, A, 10_000, 0, "morpho")
    assert fund(offered(view, vault), inside, GAS) is None


@given(
    st.builds(
        Offer, st.just("aave_v3"), st.just(C), st.just(A), st.integers(0, 10**30),
        st.integers(0, 10**18), st.integers(1, 10**18), st.integers(0, 2), st.booleans(),
    ).filter(lambda offer: offer.numerator < offer.denominator),
    st.integers(0, 10**31),
)  # fmt: skip
def test_a_loan_as_a_swap_is_the_most_that_can_be_repaid(offer: Offer, owed: int) -> None:
    swap = Borrowed(offer)
    got = swap.output_of(owed)
    assert 0 <= got <= offer.available
    assert not got or got + offer.premium(got) <= owed
    assert got == offer.available or got + 1 + offer.premium(got + 1) > owed
    if got:
        assert swap.output_of(swap.input_for(got)) >= got
        assert swap.input_for(got) <= owed
    assert swap.input_for(offer.available + 1) == 0


def test_pools_lend_where_no_lender_does_it_for_nothing(made: Any) -> None:
    random = Random(3)
    cheap, dear, third = (made.pool(made.dai, made.usdc, random, 10**6, 1.0, fee, 10) for fee in (100, 500, 3000))
    view = made.view()
    offers = offers_of(view, made.dai)
    assert [(each.market, each.source, each.numerator) for each in offers] == [
        (cheap, "uniswap_v3", 100), (dear, "uniswap_v3", 500), (third, "uniswap_v3", 3000)
    ]  # fmt: skip
    state, side = view.states[cheap], view.pools[cheap].tokens.index(made.dai)
    some = offers[0].available - 1000  # a swap rounds at every step
    assert swap(view.pools[cheap], state, made.usdc, made.dai, some, 0, exact_out=True).amount_out == some
    assert offers[0].argument == side
    steps = [SwapStep(cheap, "curve_pool", made.dai, made.usdc, 10**18, 10**6, 0)]
    assert [each.market for each in offers_of(view, made.dai, steps)] == [dear, third]
    free = Offer("morpho", C, made.dai, 10**30)
    assert offers_of(msgspec.structs.replace(view, offers={made.dai: (free,)}), made.dai) == [free]
    assert borrow(view, made.dai, 10**18, GAS) == (offers[0].loan(10**18),)
    assert offers_of(view.without({cheap: "bad"}), made.dai)[0].market == dear
