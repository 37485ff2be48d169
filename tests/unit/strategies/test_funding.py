"""Every family can be executed, and a cycle is opened by whichever of its swaps gives first."""

from typing import Any

import msgspec
import pytest

from tallyio.core.lending import LendingState, Reserve
from tallyio.core.trade import FlashLoan, SwapStep
from tallyio.core.units import Address
from tallyio.execution import kinds
from tallyio.protocols.dex.siblings import FAMILIES
from tallyio.strategies.funding import fund

A, B, C = (Address(f"0x{i:040x}") for i in (1, 2, 3))


def step(family: str, token_in: Address, token_out: Address, amount_in: int, amount_out: int) -> SwapStep:
    return SwapStep(Address(f"0x{amount_in:040x}"), family, token_in, token_out, amount_in, amount_out, 3000)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_executor_knows_the_family(family: str) -> None:
    kind = kinds.kind_of(family)
    assert kind is not None
    if FAMILIES[family].lends:
        assert kind in kinds.FLASH_KINDS


def test_the_first_swap_that_lends_opens_the_cycle(made: Any) -> None:
    view = made.view()
    steps = [step("balancer_v2", A, B, 10, 20), step("uniswap_v3", B, C, 20, 30), step("uniswap_v2", C, A, 30, 11)]
    assert fund(view, steps) == (steps[1], (steps[2], steps[0]))
    assert fund(view, steps[1:]) == (steps[1], (steps[2],))


def test_a_cycle_that_nothing_opens_needs_a_loan(made: Any) -> None:
    steps = [step("balancer_v2", A, B, 10_000, 20), step("balancer_v2", B, A, 20, 10_001)]
    view = made.view()
    assert fund(view, steps) is None
    reserve = Reserve(A, 0, 18, B, C, flash_loans=True, virtual_balance=10_000)
    market = LendingState(market=C, provider=C, reserves={A: reserve}, flash_premium_bps=5)
    lent = msgspec.structs.replace(view, lending={C: market})
    assert fund(lent, steps) == (FlashLoan(C, A, 10_000, 5), tuple(steps))
    dry = msgspec.structs.replace(market, reserves={A: msgspec.structs.replace(reserve, virtual_balance=9_999)})
    assert fund(msgspec.structs.replace(view, lending={C: dry}), steps) is None
